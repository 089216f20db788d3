"""Leases: one row per name, for as long as somebody holds it."""

from sqlalchemy import Column

from model_lineup.database.metadata import Number, Words, activity, table

leases = table(
    "leases",
    activity,
    Column("name", Words, primary_key=True),
    Column("holder", Words, nullable=False),
    Column("until", Number, nullable=False),
)
