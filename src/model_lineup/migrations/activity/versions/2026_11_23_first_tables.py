"""The first tables of the activity: sessions, health, test results, runs.

Revision ID: 2026_11_23
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23"
down_revision = None
branch_labels = None
depends_on = None

Words = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
Flag = sa.Integer


def upgrade() -> None:
    op.create_table(
        "model_health",
        sa.Column("model_row", Number, autoincrement=False, nullable=False),
        sa.Column("passed", Flag, nullable=True),
        sa.Column("last_test", Words, nullable=True),
        sa.Column("last_benchmark", Words, nullable=True),
        sa.Column("ttft_ms", Number, nullable=True),
        sa.Column("output_tokens_per_s", Number, nullable=True),
        sa.PrimaryKeyConstraint("model_row"),
        schema="activity",
        sqlite_strict=True,
    )
    op.create_table(
        "provider_fetches",
        sa.Column("provider_id", Number, autoincrement=False, nullable=False),
        sa.Column("at", Number, nullable=False),
        sa.Column("outcome", Words, nullable=False),
        sa.PrimaryKeyConstraint("provider_id"),
        schema="activity",
        sqlite_strict=True,
    )
    op.create_table(
        "runs",
        sa.Column("id", Number, autoincrement=True, nullable=False),
        sa.Column("model_row", Number, nullable=False),
        sa.Column("model_id", Words, nullable=False),
        sa.Column("provider", Words, nullable=False),
        sa.Column(
            "state",
            Words,
            sa.CheckConstraint("state IN ('running', 'finished', 'failed', 'cancelled', 'interrupted')"),
            nullable=False,
        ),
        sa.Column("plan", Words, nullable=False),
        sa.Column("report", Words, nullable=True),
        sa.Column("error", Words, nullable=True),
        sa.Column("actor", Words, nullable=False),
        sa.Column("revision", Number, nullable=False),
        sa.Column("cancel_requested", Flag, nullable=False),
        sa.Column("lease_until", Number, nullable=False),
        sa.Column("created_at", Number, nullable=False),
        sa.Column("ended_at", Number, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        schema="activity",
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_runs_model", "runs", ["model_row", "id"], unique=False, schema="activity")
    op.create_index(
        "ux_runs_one_per_model",
        "runs",
        ["model_row"],
        unique=True,
        schema="activity",
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_table(
        "sessions",
        sa.Column("family", Words, nullable=False),
        sa.Column("person_id", Number, nullable=False),
        sa.Column("epoch", Number, nullable=False),
        sa.Column("generation", Number, nullable=False),
        sa.Column("refreshed_at", Number, nullable=False),
        sa.Column("expires_at", Number, nullable=False),
        sa.Column("revoked_at", Number, nullable=True),
        sa.Column("created_at", Number, nullable=False),
        sa.PrimaryKeyConstraint("family"),
        schema="activity",
        sqlite_strict=True,
    )
    op.create_index("ix_sessions_person", "sessions", ["person_id"], unique=False, schema="activity")
    op.create_table(
        "test_results",
        sa.Column("id", Number, autoincrement=True, nullable=False),
        sa.Column("model_row", Number, nullable=False),
        sa.Column("test", Words, nullable=False),
        sa.Column("passed", Flag, nullable=True),
        sa.Column("at", Number, nullable=False),
        sa.Column("actor", Words, nullable=False),
        sa.Column("result", Words, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        schema="activity",
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_test_results_model", "test_results", ["model_row", "id"], unique=False, schema="activity")
    op.create_table(
        "run_events",
        sa.Column("run_id", Number, nullable=False),
        sa.Column("seq", Number, nullable=False),
        sa.Column("at", Number, nullable=False),
        sa.Column("kind", Words, nullable=False),
        sa.Column("data", Words, nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["activity.runs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "seq"),
        schema="activity",
        sqlite_strict=True,
    )
    op.create_table(
        "session_tokens",
        sa.Column("token_hash", Words, nullable=False),
        sa.Column("family", Words, nullable=False),
        sa.Column("kind", Words, sa.CheckConstraint("kind IN ('access', 'refresh')"), nullable=False),
        sa.Column("generation", Number, nullable=False),
        sa.Column("expires_at", Number, nullable=False),
        sa.ForeignKeyConstraint(["family"], ["activity.sessions.family"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash"),
        schema="activity",
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("session_tokens", schema="activity")
    op.drop_table("run_events", schema="activity")
    op.drop_table("test_results", schema="activity")
    op.drop_table("sessions", schema="activity")
    op.drop_table("runs", schema="activity")
    op.drop_table("provider_fetches", schema="activity")
    op.drop_table("model_health", schema="activity")
