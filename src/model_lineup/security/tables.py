"""One row per event, or per hour of like ones."""

from sqlalchemy import Column, Index

from model_lineup.database.metadata import Number, Words, activity, row_id, table

security_events = table(
    "security_events",
    activity,
    row_id(),
    Column("at", Number, nullable=False),
    Column("last_at", Number, nullable=False),
    Column("count", Number, nullable=False),
    Column("event", Words, nullable=False),
    Column("actor", Words),
    Column("address", Words),
    Column("user_agent", Words),
    Column("request_id", Words),
    Column("details", Words, nullable=False),
    Column("fold", Words, unique=True),
    Index("ix_security_events_event", "event", "id"),
    Index("ix_security_events_at", "last_at"),
)
