"""What was sent to webhooks.

Revision ID: 2026_11_23_webhook_deliveries
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_webhook_deliveries"
down_revision = "2026_11_23_baselines"
branch_labels = None
depends_on = None

Words = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", Number, autoincrement=True, nullable=False),
        sa.Column("webhook_id", Number, nullable=False),
        sa.Column("notice_id", Number, nullable=False),
        sa.Column("at", Number, nullable=False),
        sa.Column("status", Words, nullable=False),
        sa.Column("attempts", Number, nullable=False),
        sa.Column("due_at", Number),
        sa.Column("http_status", Number),
        sa.Column("message", Words),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("webhook_id", "notice_id", name="uq_webhook_deliveries"),
        schema="activity",
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_webhook_deliveries_due", "webhook_deliveries", ["status", "due_at"], schema="activity")


def downgrade() -> None:
    op.drop_table("webhook_deliveries", schema="activity")
