"""From a filter and a sort to SQL, for lists and for bulk changes alike."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, FromClause, Select, case, func, literal, or_, select

from model_lineup.catalog.names import fold
from model_lineup.catalog.shapes import ModelFilter, Status
from model_lineup.catalog.tables import HEALTH_LIST, MODEL_LIST, RETIRED, aliases, model_health, models, providers
from model_lineup.database.dialects import using
from model_lineup.database.values import can_be_stored
from model_lineup.errors import InvalidInput

COUNT_CAP = 10_001
"""A search with `q` is not counted beyond this."""

STATUS = case(
    (RETIRED > 0, literal("retired")),
    (models.c.missing_since.is_not(None), literal("vanished")),
    (model_health.c.passed == 1, literal("ok")),
    (model_health.c.passed == 0, literal("failing")),
    else_=literal("untested"),
)

SORTABLE: dict[str, ColumnElement[Any]] = {
    "id": models.c.id,
    "model_id": models.c.model_id,
    "display_name": func.lower(models.c.display_name),
    "provider": providers.c.position,
    "context_length": models.c.context_length,
    "max_output_tokens": models.c.max_output_tokens,
    "task": models.c.task,
    "status": STATUS,
    "visible": models.c.visible,
    "agents_enabled": models.c.agents_enabled,
    "source": models.c.source,
    "ttft_ms": model_health.c.ttft_ms,
    "output_tokens_per_s": model_health.c.output_tokens_per_s,
    "created_at": models.c.created_at,
    "updated_at": models.c.updated_at,
}
_MAY_BE_UNKNOWN = {"context_length", "max_output_tokens", "ttft_ms", "output_tokens_per_s"}
_BY_HEALTH = {"status", "ttft_ms", "output_tokens_per_s"}


def matching(wanted: ModelFilter, sort: str = "") -> Select[Any]:
    """The ids of the living models that the filter lets through, in the order of `sort`.

    `sort` is `field,-field`; unknown values come last; ties are broken by id. Only the tables are read that the filter
    and the sort ask for, and of them only what their indexes hold. Raises InvalidInput for an unknown field.
    """
    fields = [part.removeprefix("-") for part in sort.split(",")] if sort else []
    query = _from(wanted, fields).where(models.c.deleted_at.is_(None), *_conditions(wanted))
    for part, name in zip(sort.split(","), fields, strict=False):
        column = SORTABLE[name]
        if name in _MAY_BE_UNKNOWN:
            query = query.order_by(column.is_(None))
        query = query.order_by(column.desc() if part.startswith("-") else column)
    return query.order_by(models.c.id)


def count(connection: Connection, wanted: ModelFilter) -> int:
    """How many models the filter lets through; a search with `q` is not counted beyond `COUNT_CAP`."""
    query = matching(wanted).order_by(None)
    if wanted.q is None:
        counted = query.with_only_columns(func.count())
    else:
        counted = select(func.count()).select_from(query.limit(COUNT_CAP).subquery())
    return int(connection.execute(counted).scalar_one())


def _from(wanted: ModelFilter, fields: Sequence[str]) -> Select[Any]:
    """The tables that this filter and this sort need."""
    unknown = [name for name in fields if name not in SORTABLE]
    if unknown:
        raise InvalidInput.at("sort", f"{unknown[0]!r} is not a field to sort by; there are {', '.join(SORTABLE)}")
    needed: FromClause = models
    if "provider" in fields:
        needed = needed.join(providers, providers.c.id == models.c.provider_id)
    if not _BY_HEALTH.isdisjoint(fields):
        needed = needed.outerjoin(model_health, model_health.c.model_row == models.c.id)
    query = using(select(models.c.id).select_from(needed), models, MODEL_LIST)
    return using(query, model_health, HEALTH_LIST)


def _conditions(wanted: ModelFilter) -> list[ColumnElement[bool]]:
    found = [_SIMPLE[name](value) for name in _SIMPLE if (value := getattr(wanted, name)) is not None]
    tri = ("supports_tools", "supports_vision", "supports_streaming")
    found += [_tri(models.c[name], value) for name in tri if (value := getattr(wanted, name)) is not None]
    return found


def _tri(column: ColumnElement[Any], value: bool | Literal["unknown"]) -> ColumnElement[bool]:
    return column.is_(None) if value == "unknown" else column == int(value)


def _search(words: str) -> ColumnElement[bool]:
    """Substring of id, display name or alias, without regard to ASCII case."""
    if not can_be_stored(words):
        return models.c.id < 0
    wanted = fold(words)
    named = select(aliases.c.model_row).where(
        aliases.c.deleted_at.is_(None), aliases.c.folded.contains(wanted, autoescape=True)
    )
    columns: Sequence[ColumnElement[Any]] = (func.lower(models.c.model_id), func.lower(models.c.display_name))
    return or_(*(column.contains(wanted, autoescape=True) for column in columns), models.c.id.in_(named))


def _has_alias(wanted: bool) -> ColumnElement[bool]:
    with_alias = select(aliases.c.model_row).where(aliases.c.deleted_at.is_(None))
    return models.c.id.in_(with_alias) if wanted else models.c.id.not_in(with_alias)


def _of_status(wanted: Status) -> ColumnElement[bool]:
    """What `STATUS` says, as a condition that begins at the few rows that were tested."""
    if wanted == "retired":
        return RETIRED > 0
    serving = (func.coalesce(RETIRED, 0) == 0) & models.c.missing_since.is_(None)
    if wanted == "vanished":
        return (func.coalesce(RETIRED, 0) == 0) & models.c.missing_since.is_not(None)
    if wanted == "untested":
        return serving & models.c.id.not_in(_tested(model_health.c.passed.is_not(None)))
    return serving & models.c.id.in_(_tested(model_health.c.passed == int(wanted == "ok")))


def _tested(how: ColumnElement[bool]) -> Select[Any]:
    return using(select(model_health.c.model_row).where(how), model_health, HEALTH_LIST)


_SIMPLE: dict[str, Callable[[Any], ColumnElement[bool]]] = {
    "q": _search,
    "provider_id": lambda value: models.c.provider_id == value,
    "visible": lambda value: models.c.visible == int(value),
    "agents_enabled": lambda value: models.c.agents_enabled == int(value),
    "status": _of_status,
    "source": lambda value: models.c.source == value,
    "task": lambda value: models.c.task == value,
    "has_alias": _has_alias,
}
