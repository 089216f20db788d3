"""One row for each thing that waits, is under way, or was refused when its turn had come."""

from sqlalchemy import CheckConstraint, Column, Index

from model_lineup.database.metadata import Number, Words, activity, row_id, table

turns = table(
    "turns",
    activity,
    row_id(),
    Column("kind", Words, nullable=False),
    Column("model_row", Number, nullable=False),
    Column("model_id", Words, nullable=False),
    Column("asked", Words, nullable=False),
    Column("actor", Words, nullable=False),
    Column("state", Words, CheckConstraint("state IN ('waiting', 'under_way', 'refused')"), nullable=False),
    Column("reason", Words, nullable=False),
    Column("asked_at", Number, nullable=False),
    Column("due_at", Number, nullable=False),
    Column("holder", Words, nullable=False),
    Column("held_until", Number, nullable=False),
    Index("ix_turns_kind", "kind", "state", "id"),
)
"""`asked`: what is to be done, as JSON. `due_at`: of one that waits, not before; of one that was refused, when.
`holder` and `held_until`: of one that is under way; empty and 0 for others."""
