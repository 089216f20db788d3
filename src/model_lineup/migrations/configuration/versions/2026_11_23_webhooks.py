"""Addresses to which notices are sent.

Revision ID: 2026_11_23_webhooks
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_webhooks"
down_revision = "2026_11_23_check_schedules"
branch_labels = None
depends_on = None

Words = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", Number, autoincrement=True, nullable=False),
        sa.Column("name", Words, nullable=False),
        sa.Column("sealed_url", Words, nullable=False),
        sa.Column("origin", Words, nullable=False),
        sa.Column("sealed_secret", Words),
        sa.Column("format", Words, nullable=False),
        sa.Column("events", Words, nullable=False),
        sa.Column("network_scope", Words, nullable=False),
        sa.Column("enabled", sa.Integer, nullable=False),
        sa.Column("version", Number, nullable=False),
        sa.Column("created_at", Number, nullable=False),
        sa.Column("updated_at", Number, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("webhooks")
