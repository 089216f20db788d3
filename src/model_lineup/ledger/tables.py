"""Entries, and their sums by day: entries are dropped after some weeks, sums are few and stay for longer."""

from sqlalchemy import Column, Index

from model_lineup.database.metadata import Flag, Number, Words, activity, row_id, table

usage_entries = table(
    "usage_entries",
    activity,
    row_id(),
    Column("at", Number, nullable=False),
    Column("request_id", Words, nullable=False),
    Column("key_id", Number, nullable=False),
    Column("person_id", Number),
    Column("on_behalf_of", Words),
    Column("name", Words),
    Column("model_row", Number),
    Column("provider_id", Number),
    Column("surface", Words, nullable=False),
    Column("outcome", Words, nullable=False),
    Column("code", Words),
    Column("status", Number),
    Column("stream", Flag, nullable=False),
    Column("prompt_tokens", Number),
    Column("completion_tokens", Number),
    Column("cached_tokens", Number),
    Column("token_source", Words, nullable=False),
    Column("ttft_us", Number),
    Column("duration_us", Number, nullable=False),
    Column("fallback", Number),
    Column("nanodollars", Number),
    Index("ix_usage_entries_at", "at"),
    Index("ix_usage_entries_request", "request_id"),
    Index("ix_usage_entries_key", "key_id", "at"),
    Index("ix_usage_entries_model", "model_row", "at"),
)

usage_days = table(
    "usage_days",
    activity,
    Column("day", Number, primary_key=True, autoincrement=False),
    Column("key_id", Number, primary_key=True, autoincrement=False),
    Column("model_row", Number, primary_key=True, autoincrement=False),
    Column("outcome", Words, primary_key=True),
    Column("name", Words, primary_key=True),
    Column("on_behalf_of", Words, primary_key=True),
    Column("person_id", Number, nullable=False),
    Column("provider_id", Number, nullable=False),
    Column("requests", Number, nullable=False),
    Column("prompt_tokens", Number, nullable=False),
    Column("prompt_told", Number, nullable=False),
    Column("completion_tokens", Number, nullable=False),
    Column("completion_told", Number, nullable=False),
    Column("cached_tokens", Number, nullable=False),
    Column("cached_told", Number, nullable=False),
    Column("estimated", Number, nullable=False),
    Column("ttft_us", Number, nullable=False),
    Column("ttft_told", Number, nullable=False),
    Column("duration_us", Number, nullable=False),
    Column("nanodollars", Number, nullable=False),
    Column("cost_told", Number, nullable=False),
    Column("last_at", Number, nullable=False),
    Index("ix_usage_days_model", "model_row", "day"),
)
"""`day` counts from 1970, in UTC. What is not there is 0 or empty text in the key: no column of a key can be null.
Each `…_told` says of how many requests the sum before it is; `estimated`, how many of those were told by nobody."""

usage_ttft = table(
    "usage_ttft",
    activity,
    Column("day", Number, primary_key=True, autoincrement=False),
    Column("model_row", Number, primary_key=True, autoincrement=False),
    Column("bucket", Number, primary_key=True, autoincrement=False),
    Column("provider_id", Number, nullable=False),
    Column("requests", Number, nullable=False),
)
"""How many first contents took how long: what percentiles are read from."""

usage_batches = table(
    "usage_batches",
    activity,
    Column("batch", Words, primary_key=True),
    Column("at", Number, nullable=False),
    Index("ix_usage_batches_at", "at"),
)
"""What was written in the last hours, so that a batch of which it is not known whether it was is not counted twice."""
