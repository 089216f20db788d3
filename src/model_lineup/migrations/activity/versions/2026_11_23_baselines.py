"""The runs that new ones are held against.

Revision ID: 2026_11_23_baselines
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_baselines"
down_revision = "2026_11_23_notices"
branch_labels = None
depends_on = None

Words = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "baselines",
        sa.Column("model_row", Number, autoincrement=False, nullable=False),
        sa.Column("work", Words, nullable=False),
        sa.Column("run_id", Number, nullable=False),
        sa.Column("actor", Words, nullable=False),
        sa.Column("at", Number, nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["activity.runs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("model_row", "work"),
        schema="activity",
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("baselines", schema="activity")
