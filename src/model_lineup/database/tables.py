"""The one row that describes this instance."""

from sqlalchemy import CheckConstraint, Column, Integer

from model_lineup.database.metadata import Number, Words, configuration, table

instance = table(
    "instance",
    configuration,
    Column("id", Integer, CheckConstraint("id = 1"), primary_key=True, autoincrement=False),
    Column("revision", Number, nullable=False),
    Column("canary", Words, nullable=False),
    Column("created_at", Number, nullable=False),
)
