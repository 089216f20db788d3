"""Stated facts, and their effective values written into the model's own row."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, select

from model_lineup.catalog.facts import FIELDS, StatedFact
from model_lineup.catalog.shapes import Fact
from model_lineup.catalog.tables import models, providers, stated_facts
from model_lineup.database.many import insert_many, let_go
from model_lineup.database.metadata import dump, micros, moment
from model_lineup.database.values import in_numbers

_JSON_COLUMNS = ("pricing", "lifecycle")
_FLAG_COLUMNS = ("supports_tools", "supports_vision", "supports_streaming")


def stated(connection: Connection, rows: Sequence[int]) -> dict[int, list[StatedFact]]:
    """What every source says, by model row."""
    found: dict[int, list[StatedFact]] = {row: [] for row in rows}
    columns = (stated_facts.c.model_row, stated_facts.c.source, stated_facts.c.facts)
    query = select(*columns).where(in_numbers(connection, stated_facts.c.model_row, rows))
    moments: dict[int, datetime] = {}  # a fetch states all that it states at one moment
    for row, source, facts in connection.execute(query).all():
        for field, (value, at, *by) in _read(facts).items():
            when = moments.get(at) or moments.setdefault(at, moment(at))
            found[row].append(StatedFact(field, source, value, when, *by))
    return found


def subjects(connection: Connection, rows: Sequence[int]) -> dict[int, tuple[str, datetime]]:
    """`model_id` and time of creation of those of these rows that are not deleted."""
    columns = (models.c.id, models.c.model_id, models.c.created_at)
    query = select(*columns).where(in_numbers(connection, models.c.id, rows), models.c.deleted_at.is_(None))
    return {row: (model_id, moment(at)) for row, model_id, at in connection.execute(query).all()}


def at_providers(connection: Connection, rows: Sequence[int]) -> list[tuple[int, str, int]]:
    """Row, `model_id` and provider of those of these rows that are not deleted."""
    columns = (models.c.id, models.c.model_id, models.c.provider_id)
    query = select(*columns).where(in_numbers(connection, models.c.id, rows), models.c.deleted_at.is_(None))
    return [(row, model_id, provider_id) for row, model_id, provider_id in connection.execute(query).all()]


def base_models(connection: Connection, rows: Sequence[int]) -> dict[int, str]:
    """Of those of these rows of which an administrator says which model is behind them: that model's id."""
    columns = (stated_facts.c.model_row, stated_facts.c.facts)
    says_so = stated_facts.c.facts.contains('"base_model":', autoescape=True)
    query = select(*columns).where(
        in_numbers(connection, stated_facts.c.model_row, rows), stated_facts.c.source == "pin", says_so
    )
    found = ((row, _read(facts).get("base_model")) for row, facts in connection.execute(query).all())
    return {row: fact[0] for row, fact in found if fact is not None}


def all_rows(connection: Connection) -> list[int]:
    """Of models that are not deleted, ascending."""
    query = select(models.c.id).where(models.c.deleted_at.is_(None)).order_by(models.c.id)
    return list(connection.execute(query).scalars())


def addresses(connection: Connection) -> dict[int, tuple[str, str, str]]:
    """Kind, base URL and network scope of each provider."""
    columns = (providers.c.id, providers.c.kind, providers.c.base_url, providers.c.network_scope)
    return {row: (kind, url, scope) for row, kind, url, scope in connection.execute(select(*columns)).all()}


def state(
    connection: Connection, source: str, said: Mapping[int, Sequence[StatedFact]], *, new_rows: bool = False
) -> None:
    """What this source says of these model rows now, instead of what it said before."""
    if not new_rows and said:
        of_these = in_numbers(connection, stated_facts.c.model_row, said)
        connection.execute(delete(stated_facts).where(of_these, stated_facts.c.source == source))
    at: dict[datetime, int] = {}
    rows = [{"model_row": row, "source": source, "facts": _written(facts, at)} for row, facts in said.items() if facts]
    insert_many(connection, stated_facts, rows)
    let_go(rows)


def _written(facts: Sequence[StatedFact], at: dict[datetime, int]) -> str:
    """`at`: moments that were met, as they are stored."""
    return dump({fact.field: _told(fact, at) for fact in facts})


def _told(fact: StatedFact, at: dict[datetime, int]) -> tuple[Any, ...]:
    moment_at = at.get(fact.at) or at.setdefault(fact.at, micros(fact.at))
    return (fact.value, moment_at) if fact.by is None else (fact.value, moment_at, fact.by)


_read = msgspec.json.Decoder(dict[str, tuple[Any, ...]]).decode


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
