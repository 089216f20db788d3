"""Leases: one row per name, for as long as somebody holds it. Chores: one for each that was ever claimed."""

from sqlalchemy import Column

from model_lineup.database.metadata import Number, Words, activity, table

leases = table(
    "leases",
    activity,
    Column("name", Words, primary_key=True),
    Column("holder", Words, nullable=False),
    Column("until", Number, nullable=False),
)

chores = table(
    "chores",
    activity,
    Column("name", Words, primary_key=True),
    Column("due_at", Number, nullable=False),
    Column("claimed_until", Number, nullable=False),
    Column("last_at", Number),
    Column("failures", Number, nullable=False),
    Column("outcome", Words),
)
"""`claimed_until`: 0 where nobody is at it; `failures`: in a row; `outcome`: of the last time, as JSON."""
