"""What keys with limits have used.

Revision ID: 2026_11_23_key_spending
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_key_spending"
down_revision = "2026_11_23_usage"
branch_labels = None
depends_on = None

Words = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "key_spending",
        sa.Column("key_id", Number, autoincrement=False, nullable=False),
        sa.Column("seconds", Words, nullable=False),
        sa.Column("month", Number, nullable=False),
        sa.Column("month_tokens", Number, nullable=False),
        sa.Column("month_nanodollars", Number, nullable=False),
        sa.PrimaryKeyConstraint("key_id"),
        schema="activity",
        sqlite_strict=True,
    )
    op.create_index("ix_key_spending_month", "key_spending", ["month"], unique=False, schema="activity")


def downgrade() -> None:
    op.drop_table("key_spending", schema="activity")
