"""The newest signals; older ones are removed when others come."""

from sqlalchemy import Column

from model_lineup.database.metadata import Number, Words, activity, row_id, table

signals = table(
    "signals",
    activity,
    row_id(),
    Column("at", Number, nullable=False),
    Column("kind", Words, nullable=False),
    Column("subject", Words, nullable=False),
)
