"""Counts of models by the values of their fields, in one reading of the list for all fields together."""

from collections.abc import Sequence
from typing import Any, get_args

import msgspec
from sqlalchemy import ColumnElement, Connection, func

from model_lineup.catalog.limits_to_groups import groups_of
from model_lineup.catalog.shapes import ModelFilter, Source, Task
from model_lineup.catalog.store.selecting import limited_of, matching
from model_lineup.catalog.tables import RETIRED, models

FIELDS = (
    "provider_id",
    "visible",
    "agents_enabled",
    "supports_tools",
    "supports_vision",
    "supports_streaming",
    "task",
    "source",
    "has_alias",
    "limited",
    "group_id",
)
_TRI = ("supports_tools", "supports_vision", "supports_streaming")
_WORDS: dict[str, tuple[str, ...]] = {"task": get_args(Task), "source": get_args(Source)}
Counts = dict[str, dict[str, int]]


def by_field(connection: Connection, wanted: ModelFilter) -> Counts:
    """For each of `FIELDS` how many models have each value, among those that all other filters let through.

    Fields that are not filtered by are counted together; each of the others needs a reading of its own.
    """
    free = [field for field in FIELDS if getattr(wanted, field) is None]
    found = _together(connection, wanted, free)
    for field in FIELDS:
        if field not in free:
            found |= _together(connection, msgspec.structs.replace(wanted, **{field: None}), [field])
    return found


def by_status(connection: Connection, wanted: ModelFilter) -> dict[str, int]:
    """How many models have each status. `wanted` says none."""
    vanished = (func.coalesce(RETIRED, 0) == 0) & models.c.missing_since.is_not(None)
    columns = (func.count(), _number_with(RETIRED > 0), _number_with(vanished))
    total, retired, gone = connection.execute(_reading(wanted, columns)).one()
    passed, failed = (_number(connection, msgspec.structs.replace(wanted, status=one)) for one in ("ok", "failing"))
    untested = total - retired - gone - passed - failed
    return {"ok": passed, "failing": failed, "untested": untested, "vanished": gone, "retired": retired}


def _together(connection: Connection, wanted: ModelFilter, fields: Sequence[str]) -> Counts:
    """One row for each provider, with a column for each value of each field."""
    columns = {(field, value): column for field in fields for value, column in _columns(field).items()}
    by_provider = "provider_id" in fields
    provider = [models.c.provider_id] if by_provider else [func.max(0)]
    query = _reading(wanted, [*provider, func.count(), *columns.values()])
    rows = connection.execute(query.group_by(models.c.provider_id) if by_provider else query).all()
    sums = [sum(numbers) for numbers in zip(*(row[1:] for row in rows), strict=True)] or [0] * (1 + len(columns))
    found: Counts = {}
    for (field, value), number in zip(columns, sums[1:], strict=True):
        found.setdefault(field, {})[value] = number
    for field in found.keys() - _WORDS.keys():
        found[field]["false"] = sums[0] - sum(found[field].values())
    if by_provider:
        found["provider_id"] = {str(row[0]): row[1] for row in rows}
    if "has_alias" in fields:
        named = _number(connection, msgspec.structs.replace(wanted, has_alias=True))
        found["has_alias"] = {"true": named, "false": sums[0] - named}
    if "limited" in fields:
        limited = _number(connection, msgspec.structs.replace(wanted, limited=True))
        found["limited"] = {"true": limited, "false": sums[0] - limited}
    if "group_id" in fields:
        found["group_id"] = _by_group(connection, wanted)
    return found


def _by_group(connection: Connection, wanted: ModelFilter) -> dict[str, int]:
    """Those that are limited, by group; those of the same limits are counted together."""
    found: dict[str, int] = {}
    for text, number in connection.execute(limited_of(wanted)):
        for group_id in groups_of(text):
            found[str(group_id)] = found.get(str(group_id), 0) + number
    return found


def _columns(field: str) -> dict[str, ColumnElement[int]]:
    """How many have each value; what is left over is `false`."""
    if field in ("provider_id", "has_alias", "limited", "group_id"):
        return {}
    column = models.c[field]
    if field in _WORDS:
        return {word: _number_with(column == word) for word in _WORDS[field]}
    found = {"true": _number_with(column == 1)}
    return found | {"unknown": _number_with(column.is_(None))} if field in _TRI else found


def _number_with(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(condition)


def _number(connection: Connection, wanted: ModelFilter) -> int:
    return int(connection.execute(_reading(wanted, [func.count()])).scalar_one())


def _reading(wanted: ModelFilter, columns: Sequence[ColumnElement[Any]]) -> Any:
    return matching(wanted).order_by(None).with_only_columns(*columns)
