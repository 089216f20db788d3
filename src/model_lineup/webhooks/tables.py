"""Addresses, sealed as keys are, because many of them are secrets; and what was sent to each."""

from sqlalchemy import Column, Index, UniqueConstraint

from model_lineup.database.metadata import Flag, Number, Words, activity, configuration, row_id, table

webhooks = table(
    "webhooks",
    configuration,
    row_id(),
    Column("name", Words, nullable=False),
    Column("sealed_url", Words, nullable=False),
    Column("origin", Words, nullable=False),
    Column("sealed_secret", Words),
    Column("format", Words, nullable=False),
    Column("events", Words, nullable=False),
    Column("network_scope", Words, nullable=False),
    Column("enabled", Flag, nullable=False),
    Column("version", Number, nullable=False),
    Column("created_at", Number, nullable=False),
    Column("updated_at", Number, nullable=False),
)

webhook_deliveries = table(
    "webhook_deliveries",
    activity,
    row_id(),
    Column("webhook_id", Number, nullable=False),
    Column("notice_id", Number, nullable=False),
    Column("at", Number, nullable=False),
    Column("status", Words, nullable=False),
    Column("attempts", Number, nullable=False),
    Column("due_at", Number),
    Column("http_status", Number),
    Column("message", Words),
    UniqueConstraint("webhook_id", "notice_id", name="uq_webhook_deliveries"),
    Index("ix_webhook_deliveries_due", "status", "due_at"),
)
