"""What was counted: guesses and rates under keyed hashes of whom or what, and what each key has used."""

from sqlalchemy import Column, Index

from model_lineup.database.metadata import Number, Words, activity, table

guess_failures = table(
    "guess_failures",
    activity,
    Column("subject", Words, primary_key=True),
    Column("failures", Number, nullable=False),
    Column("failed_at", Number, nullable=False),
    Column("locked_until", Number, nullable=False),
    Column("forgotten_at", Number, nullable=False),
    Index("ix_guess_failures_forgotten", "forgotten_at"),
)

rate_windows = table(
    "rate_windows",
    activity,
    Column("subject", Words, primary_key=True),
    Column("window", Number, nullable=False),
    Column("used", Number, nullable=False),
    Column("used_before", Number, nullable=False),
    Column("forgotten_at", Number, nullable=False),
    Index("ix_rate_windows_forgotten", "forgotten_at"),
)

key_spending = table(
    "key_spending",
    activity,
    Column("key_id", Number, primary_key=True, autoincrement=False),
    Column("seconds", Words, nullable=False),
    Column("month", Number, nullable=False),
    Column("month_tokens", Number, nullable=False),
    Column("month_nanodollars", Number, nullable=False),
    Index("ix_key_spending_month", "month"),
)
"""Only of keys with limits. `seconds`: the last minute as JSON, `[at, requests, tokens]` each."""
