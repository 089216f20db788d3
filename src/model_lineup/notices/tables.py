"""Notices as they were made, and what the newest one of each kind and subject said."""

from sqlalchemy import Column, Index

from model_lineup.database.metadata import Flag, Number, Words, activity, row_id, table

notices = table(
    "notices",
    activity,
    row_id(),
    Column("at", Number, nullable=False),
    Column("kind", Words, nullable=False),
    Column("subject", Words, nullable=False),
    Column("state", Words, nullable=False),
    Column("text", Words, nullable=False),
    Column("details", Words, nullable=False),
    Column("spread", Flag, nullable=False),
    Index("ix_notices_spread", "spread", "id"),
)
"""`spread`: 1 once it stands in the queue of everybody who is to get it."""

notice_states = table(
    "notice_states",
    activity,
    Column("kind", Words, primary_key=True),
    Column("subject", Words, primary_key=True),
    Column("state", Words, nullable=False),
    Column("at", Number, nullable=False),
)
