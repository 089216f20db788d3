"""Failed guesses, rates, and the security log.

Revision ID: 2026_11_23_limits_and_security
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_limits_and_security"
down_revision = "2026_11_23"
branch_labels = None
depends_on = None

Words = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "guess_failures",
        sa.Column("subject", Words, nullable=False),
        sa.Column("failures", Number, nullable=False),
        sa.Column("failed_at", Number, nullable=False),
        sa.Column("locked_until", Number, nullable=False),
        sa.Column("forgotten_at", Number, nullable=False),
        sa.PrimaryKeyConstraint("subject"),
        schema="activity",
        sqlite_strict=True,
    )
    op.create_index("ix_guess_failures_forgotten", "guess_failures", ["forgotten_at"], unique=False, schema="activity")
    op.create_table(
        "rate_windows",
        sa.Column("subject", Words, nullable=False),
        sa.Column("window", Number, nullable=False),
        sa.Column("used", Number, nullable=False),
        sa.Column("used_before", Number, nullable=False),
        sa.Column("forgotten_at", Number, nullable=False),
        sa.PrimaryKeyConstraint("subject"),
        schema="activity",
        sqlite_strict=True,
    )
    op.create_index("ix_rate_windows_forgotten", "rate_windows", ["forgotten_at"], unique=False, schema="activity")
    op.create_table(
        "security_events",
        sa.Column("id", Number, autoincrement=True, nullable=False),
        sa.Column("at", Number, nullable=False),
        sa.Column("last_at", Number, nullable=False),
        sa.Column("count", Number, nullable=False),
        sa.Column("event", Words, nullable=False),
        sa.Column("actor", Words, nullable=True),
        sa.Column("address", Words, nullable=True),
        sa.Column("user_agent", Words, nullable=True),
        sa.Column("request_id", Words, nullable=True),
        sa.Column("details", Words, nullable=False),
        sa.Column("fold", Words, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("fold"),
        schema="activity",
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_security_events_event", "security_events", ["event", "id"], unique=False, schema="activity")
    op.create_index("ix_security_events_at", "security_events", ["last_at"], unique=False, schema="activity")


def downgrade() -> None:
    op.drop_table("security_events", schema="activity")
    op.drop_table("rate_windows", schema="activity")
    op.drop_table("guess_failures", schema="activity")
