"""What one process tells all others.

Revision ID: 2026_11_23_signals
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_signals"
down_revision = "2026_11_23_key_spending"
branch_labels = None
depends_on = None

Words = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "signals",
        sa.Column("id", Number, autoincrement=True, nullable=False),
        sa.Column("at", Number, nullable=False),
        sa.Column("kind", Words, nullable=False),
        sa.Column("subject", Words, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        schema="activity",
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("signals", schema="activity")
