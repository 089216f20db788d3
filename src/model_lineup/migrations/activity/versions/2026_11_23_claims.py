"""Claims of requests with an Idempotency-Key, with their answers.

Revision ID: 2026_11_23_claims
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_claims"
down_revision = "2026_11_23_quick_lists"
branch_labels = None
depends_on = None

Words = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "claims",
        sa.Column("scope", Words, nullable=False),
        sa.Column("claim", Words, nullable=False),
        sa.Column("digest", Words, nullable=False),
        sa.Column("state", Words, sa.CheckConstraint("state IN ('running', 'answered', 'lost')"), nullable=False),
        sa.Column("lease_until", Number, nullable=False),
        sa.Column("status", Number, nullable=True),
        sa.Column("headers", Words, nullable=True),
        sa.Column("body", Words, nullable=True),
        sa.Column("change_id", Number, nullable=True),
        sa.Column("expires_at", Number, nullable=False),
        sa.PrimaryKeyConstraint("scope"),
        sa.UniqueConstraint("claim"),
        schema="activity",
        sqlite_strict=True,
    )
    op.create_index("ix_claims_expires", "claims", ["expires_at"], unique=False, schema="activity")


def downgrade() -> None:
    op.drop_table("claims", schema="activity")
