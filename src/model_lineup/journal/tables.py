"""Change sets, and the rows that each of them touched."""

from sqlalchemy import Column, ForeignKey, Index, Integer

from model_lineup.database.metadata import Number, Words, configuration, row_id, table

change_sets = table(
    "change_sets",
    configuration,
    row_id(),
    Column("revision", Number, nullable=False, unique=True),
    Column("at", Number, nullable=False),
    Column("actor", Words, nullable=False),
    Column("operation", Words, nullable=False),
    Column("request_id", Words),
    Column("touched", Integer, nullable=False),
)

change_entries = table(
    "change_entries",
    configuration,
    Column("change_id", Number, ForeignKey("change_sets.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("entity", Words, nullable=False),
    Column("entity_id", Number, nullable=False),
    Column("label", Words, nullable=False),
    Column("before", Words, nullable=False),
    Column("after", Words, nullable=False),
    Index("ix_change_entries_entity", "entity", "entity_id"),
)
