"""The ledger: entries, their sums by day, and how long first contents took.

Revision ID: 2026_11_23_usage
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_usage"
down_revision = "2026_11_23_quick_sorts"
branch_labels = None
depends_on = None

Words = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
Flag = sa.Integer
SUMS = (
    *("requests", "prompt_tokens", "prompt_told", "completion_tokens", "completion_told", "cached_tokens"),
    *("cached_told", "estimated", "ttft_us", "ttft_told", "duration_us", "nanodollars", "cost_told", "last_at"),
)


def upgrade() -> None:
    _entries()
    _days()
    op.create_table(
        "usage_ttft",
        sa.Column("day", Number, autoincrement=False, nullable=False),
        sa.Column("model_row", Number, autoincrement=False, nullable=False),
        sa.Column("bucket", Number, autoincrement=False, nullable=False),
        sa.Column("provider_id", Number, nullable=False),
        sa.Column("requests", Number, nullable=False),
        sa.PrimaryKeyConstraint("day", "model_row", "bucket"),
        schema="activity",
        sqlite_strict=True,
    )
    op.create_table(
        "usage_batches",
        sa.Column("batch", Words, nullable=False),
        sa.Column("at", Number, nullable=False),
        sa.PrimaryKeyConstraint("batch"),
        schema="activity",
        sqlite_strict=True,
    )
    op.create_index("ix_usage_batches_at", "usage_batches", ["at"], unique=False, schema="activity")


def _entries() -> None:
    op.create_table(
        "usage_entries",
        sa.Column("id", Number, autoincrement=True, nullable=False),
        sa.Column("at", Number, nullable=False),
        sa.Column("request_id", Words, nullable=False),
        sa.Column("key_id", Number, nullable=False),
        sa.Column("person_id", Number, nullable=True),
        sa.Column("on_behalf_of", Words, nullable=True),
        sa.Column("name", Words, nullable=True),
        sa.Column("model_row", Number, nullable=True),
        sa.Column("provider_id", Number, nullable=True),
        sa.Column("surface", Words, nullable=False),
        sa.Column("outcome", Words, nullable=False),
        sa.Column("code", Words, nullable=True),
        sa.Column("status", Number, nullable=True),
        sa.Column("stream", Flag, nullable=False),
        sa.Column("prompt_tokens", Number, nullable=True),
        sa.Column("completion_tokens", Number, nullable=True),
        sa.Column("cached_tokens", Number, nullable=True),
        sa.Column("token_source", Words, nullable=False),
        sa.Column("ttft_us", Number, nullable=True),
        sa.Column("duration_us", Number, nullable=False),
        sa.Column("fallback", Number, nullable=True),
        sa.Column("nanodollars", Number, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        schema="activity",
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    for name, columns in {
        "ix_usage_entries_at": ["at"],
        "ix_usage_entries_request": ["request_id"],
        "ix_usage_entries_key": ["key_id", "at"],
        "ix_usage_entries_model": ["model_row", "at"],
    }.items():
        op.create_index(name, "usage_entries", columns, unique=False, schema="activity")


def _days() -> None:
    op.create_table(
        "usage_days",
        sa.Column("day", Number, autoincrement=False, nullable=False),
        sa.Column("key_id", Number, autoincrement=False, nullable=False),
        sa.Column("model_row", Number, autoincrement=False, nullable=False),
        sa.Column("outcome", Words, nullable=False),
        sa.Column("name", Words, nullable=False),
        sa.Column("on_behalf_of", Words, nullable=False),
        sa.Column("person_id", Number, nullable=False),
        sa.Column("provider_id", Number, nullable=False),
        *(sa.Column(name, Number, nullable=False) for name in SUMS),
        sa.PrimaryKeyConstraint("day", "key_id", "model_row", "outcome", "name", "on_behalf_of"),
        schema="activity",
        sqlite_strict=True,
    )
    op.create_index("ix_usage_days_model", "usage_days", ["model_row", "day"], unique=False, schema="activity")


def downgrade() -> None:
    for name in ("usage_batches", "usage_ttft", "usage_days", "usage_entries"):
        op.drop_table(name, schema="activity")
