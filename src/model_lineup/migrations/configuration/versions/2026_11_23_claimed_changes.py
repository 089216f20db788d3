"""Which change set a request with an Idempotency-Key has made.

Revision ID: 2026_11_23_claimed_changes
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_claimed_changes"
down_revision = "2026_11_23_quick_lists"
branch_labels = None
depends_on = None

Words = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "claimed_changes",
        sa.Column("claim", Words, nullable=False),
        sa.Column("change_id", Number, nullable=False),
        sa.Column("at", Number, nullable=False),
        sa.PrimaryKeyConstraint("claim"),
        sqlite_strict=True,
    )
    op.create_index("ix_claimed_changes_at", "claimed_changes", ["at"], unique=False)


def downgrade() -> None:
    op.drop_table("claimed_changes")
