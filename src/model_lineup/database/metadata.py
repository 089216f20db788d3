"""The two sets of tables, and the few column types that mean the same on both databases.

Flags are INTEGER 0/1, moments BIGINT microseconds since 1970 in UTC, structures JSON text: one decoding for both
databases, and STRICT tables on SQLite.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import SchemaItem

configuration = MetaData()
activity = MetaData(schema="activity")

Words = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""Text that is compared and sorted byte for byte on both databases."""
Number = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit integer; also for moments and row ids."""
Flag = Integer
"""0 or 1."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def table(name: str, metadata: MetaData, *items: SchemaItem, **more: Any) -> Table:
    """A table that is STRICT on SQLite and never gives the same row id twice; `more` is for one of the databases."""
    return Table(name, metadata, *items, sqlite_strict=True, sqlite_autoincrement=_has_row_id(items), **more)


def row_id() -> Column[int]:
    return Column("id", Number, primary_key=True, autoincrement=True)


def micros(moment: datetime) -> int:
    """The stored form of an aware moment."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(stored: int) -> datetime:
    return _EPOCH + timedelta(microseconds=stored)


def moment_or_none(stored: int | None) -> datetime | None:
    return None if stored is None else moment(stored)


def dump(value: Any) -> str:
    """The stored form of a structure: JSON with sorted keys, so that equal values are equal text."""
    return msgspec.json.encode(value, order="sorted").decode()


def _has_row_id(items: tuple[SchemaItem, ...]) -> bool:
    return any(isinstance(item, Column) and item.primary_key and item.autoincrement is True for item in items)
