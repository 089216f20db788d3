"""What is known of each capability of a model.

Revision ID: 2026_11_23_capabilities
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_capabilities"
down_revision = "2026_11_23_leases"
branch_labels = None
depends_on = None

Words = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "capabilities",
        sa.Column("model_row", Number, autoincrement=False, nullable=False),
        sa.Column("capability", Words, nullable=False),
        sa.Column("standing", Words, nullable=True),
        sa.Column("basis", Words, nullable=False),
        sa.Column("tried", Words, nullable=False),
        sa.PrimaryKeyConstraint("model_row", "capability"),
        schema="activity",
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("capabilities", schema="activity")
