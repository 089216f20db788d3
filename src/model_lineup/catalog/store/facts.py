"""Stated facts, and their effective values written into the model's own row."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, select

from model_lineup.catalog.facts import FIELDS, StatedFact
from model_lineup.catalog.shapes import Fact
from model_lineup.catalog.tables import model_facts
from model_lineup.database.many import insert_many
from model_lineup.database.metadata import dump, micros, moment
from model_lineup.database.values import in_numbers

_JSON_COLUMNS = ("pricing", "lifecycle")
_FLAG_COLUMNS = ("supports_tools", "supports_vision", "supports_streaming")


def stated(connection: Connection, rows: Sequence[int]) -> dict[int, list[StatedFact]]:
    """What every source says, by model row."""
    found: dict[int, list[StatedFact]] = {row: [] for row in rows}
    columns = (
        model_facts.c.model_row,
        model_facts.c.field,
        model_facts.c.source,
        model_facts.c.value,
        model_facts.c.at,
    )
    query = select(*columns).where(in_numbers(connection, model_facts.c.model_row, rows))
    moments: dict[int, datetime] = {}  # a fetch states all that it states at one moment
    for row, field, source, value, at in connection.execute(query).all():
        when = moments.get(at) or moments.setdefault(at, moment(at))
        found[row].append(StatedFact(field, source, msgspec.json.decode(value), when))
    return found


def state(connection: Connection, facts: Sequence[tuple[int, StatedFact]], *, new_rows: bool = False) -> None:
    """Insert facts by model row; replace what the same source said of the same field, unless the rows are new."""
    rows = [
        {"model_row": row, "field": fact.field, "source": fact.source, "value": dump(fact.value), "at": micros(fact.at)}
        for row, fact in facts
    ]
    if not new_rows:
        for row, fact in facts:
            withdraw(connection, row, fact.field, fact.source)
    insert_many(connection, model_facts, rows)


def withdraw(connection: Connection, row: int, field: str, source: str) -> None:
    connection.execute(
        delete(model_facts).where(
            model_facts.c.model_row == row, model_facts.c.field == field, model_facts.c.source == source
        )
    )


def columns(effective: Mapping[str, Fact]) -> dict[str, Any]:
    """The effective values as columns of the model's row, with their origins as JSON."""
    values: dict[str, Any] = {field: _column(field, effective.get(field)) for field in FIELDS}
    values["facts"] = msgspec.json.encode(effective).decode()
    return values


def _column(field: str, fact: Fact | None) -> Any:
    if fact is None or fact.value is None:
        return None
    if field in _JSON_COLUMNS:
        return dump(fact.value)
    return int(fact.value) if field in _FLAG_COLUMNS else fact.value
