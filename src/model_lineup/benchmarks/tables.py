"""Test results, benchmark runs and their events: records of what happened, kept beside the configuration."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, column

from model_lineup.database.metadata import Flag, Number, Words, activity, row_id, table

test_results = table(
    "test_results",
    activity,
    row_id(),
    Column("model_row", Number, nullable=False),
    Column("test", Words, nullable=False),
    Column("passed", Flag),
    Column("at", Number, nullable=False),
    Column("actor", Words, nullable=False),
    Column("result", Words, nullable=False),
    Index("ix_test_results_model", "model_row", "id"),
)

runs = table(
    "runs",
    activity,
    row_id(),
    Column("model_row", Number, nullable=False),
    Column("model_id", Words, nullable=False),
    Column("provider", Words, nullable=False),
    Column(
        "state",
        Words,
        CheckConstraint("state IN ('running', 'finished', 'failed', 'cancelled', 'interrupted')"),
        nullable=False,
    ),
    Column("plan", Words, nullable=False),
    Column("report", Words),
    Column("error", Words),
    Column("actor", Words, nullable=False),
    Column("revision", Number, nullable=False),
    Column("cancel_requested", Flag, nullable=False),
    Column("lease_until", Number, nullable=False),
    Column("created_at", Number, nullable=False),
    Column("ended_at", Number),
    Index("ix_runs_model", "model_row", "id"),
)
_running = column("state") == "running"
Index("ux_runs_one_per_model", runs.c.model_row, unique=True, sqlite_where=_running, postgresql_where=_running)

run_events = table(
    "run_events",
    activity,
    Column("run_id", Number, ForeignKey("activity.runs.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", Number, primary_key=True),
    Column("at", Number, nullable=False),
    Column("kind", Words, nullable=False),
    Column("data", Words, nullable=False),
)

baselines = table(
    "baselines",
    activity,
    Column("model_row", Number, primary_key=True, autoincrement=False),
    Column("work", Words, primary_key=True),
    Column("run_id", Number, ForeignKey("activity.runs.id", ondelete="CASCADE"), nullable=False),
    Column("actor", Words, nullable=False),
    Column("at", Number, nullable=False),
)
"""`work`: what plans of the same work have in common (`workload.key_of`)."""
