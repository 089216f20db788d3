"""From a filter and a sort to SQL, for lists and for bulk changes alike."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Select, and_, case, exists, false, func, literal, or_, select

from model_lineup.catalog.names import fold
from model_lineup.catalog.shapes import ModelFilter
from model_lineup.catalog.tables import aliases, model_health, models, providers
from model_lineup.database.values import can_be_stored
from model_lineup.errors import InvalidInput

COUNT_CAP = 10_001
"""A search with `q` is not counted beyond this."""

FROM = models.join(providers).outerjoin(model_health, model_health.c.model_row == models.c.id)

STATUS = case(
    (func.coalesce(models.c.lifecycle, "").contains('"state":"retired"'), literal("retired")),
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


def matching(wanted: ModelFilter) -> Select[Any]:
    """The living models that the filter lets through; columns are the caller's choice (`with_only_columns`)."""
    conditions = [models.c.deleted_at.is_(None), *_conditions(wanted)]
    return select(models.c.id).select_from(FROM).where(and_(*conditions))


def sorted_by(query: Select[Any], sort: str) -> Select[Any]:
    """`sort` is `field,-field`; unknown values come last; ties are broken by id. Raises InvalidInput."""
    for part in sort.split(",") if sort else ():
        name, descending = part.removeprefix("-"), part.startswith("-")
        if name not in SORTABLE:
            raise InvalidInput.at("sort", f"{name!r} is not a field to sort by; there are {', '.join(SORTABLE)}")
        column = SORTABLE[name]
        query = query.order_by(column.is_(None), column.desc() if descending else column)
    return query.order_by(models.c.id)


def count(connection: Connection, query: Select[Any], *, capped: bool) -> int:
    inner = query.order_by(None)
    counted = (inner.limit(COUNT_CAP) if capped else inner).subquery()
    return int(connection.execute(select(func.count()).select_from(counted)).scalar_one())


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
        return false()
    wanted = fold(words)
    named = exists().where(
        aliases.c.model_row == models.c.id,
        aliases.c.deleted_at.is_(None),
        aliases.c.folded.contains(wanted, autoescape=True),
    )
    columns: Sequence[ColumnElement[Any]] = (func.lower(models.c.model_id), func.lower(models.c.display_name))
    return or_(*(column.contains(wanted, autoescape=True) for column in columns), named)


def _has_alias(wanted: bool) -> ColumnElement[bool]:
    found = exists().where(aliases.c.model_row == models.c.id, aliases.c.deleted_at.is_(None))
    return found if wanted else ~found


_SIMPLE: dict[str, Callable[[Any], ColumnElement[bool]]] = {
    "q": _search,
    "provider_id": lambda value: models.c.provider_id == value,
    "visible": lambda value: models.c.visible == int(value),
    "agents_enabled": lambda value: models.c.agents_enabled == int(value),
    "status": lambda value: value == STATUS,
    "source": lambda value: models.c.source == value,
    "task": lambda value: models.c.task == value,
    "has_alias": _has_alias,
}
