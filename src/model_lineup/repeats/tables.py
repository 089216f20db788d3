"""Claims with the answers that they hold."""

from sqlalchemy import CheckConstraint, Column, Index

from model_lineup.database.metadata import Number, Words, activity, table

claims = table(
    "claims",
    activity,
    Column("scope", Words, primary_key=True),
    Column("claim", Words, nullable=False, unique=True),
    Column("digest", Words, nullable=False),
    Column("state", Words, CheckConstraint("state IN ('running', 'answered', 'lost')"), nullable=False),
    Column("lease_until", Number, nullable=False),
    Column("status", Number),
    Column("headers", Words),
    Column("body", Words),
    Column("change_id", Number),
    Column("expires_at", Number, nullable=False),
    Index("ix_claims_expires", "expires_at"),
)
