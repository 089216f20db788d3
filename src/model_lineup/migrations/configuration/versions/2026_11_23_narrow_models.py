"""What counts of a model, with its origin, stands beside its row: a change of the row then writes a few words.

Revision ID: 2026_11_23_narrow_models
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_narrow_models"
down_revision = "2026_11_23_rollouts"
branch_labels = None
depends_on = None

Words = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "effective_facts",
        sa.Column("model_row", Number, autoincrement=False, nullable=False),
        sa.Column("facts", Words, nullable=False),
        sa.ForeignKeyConstraint(["model_row"], ["models.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("model_row"),
        sqlite_strict=True,
    )
    op.execute("INSERT INTO effective_facts (model_row, facts) SELECT id, facts FROM models ORDER BY id")
    op.drop_column("models", "facts")


def downgrade() -> None:
    """A row without facts has an empty object: the column may not be empty."""
    op.add_column("models", sa.Column("facts", Words, nullable=False, server_default="{}"))
    op.execute(
        "UPDATE models SET facts = (SELECT one.facts FROM effective_facts AS one WHERE one.model_row = models.id) "
        "WHERE id IN (SELECT model_row FROM effective_facts)"
    )
    op.drop_table("effective_facts")
