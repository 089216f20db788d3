"""From a filter and a sort to SQL, for lists and for bulk changes alike."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Connection, FromClause, Select, case, func, literal, or_, select

from model_lineup.catalog.limits_to_groups import part
from model_lineup.catalog.names import fold
from model_lineup.catalog.shapes import ModelFilter, Status
from model_lineup.catalog.tables import (
    FASTEST,
    HEALTH_LIST,
    MODEL_LIST,
    RETIRED,
    aliases,
    model_health,
    models,
    providers,
)
from model_lineup.database.dialects import position, using, without_case
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


def matching(wanted: ModelFilter, sort: str = "", *, backwards: bool = False) -> Select[Any]:
    """The ids of the living models that the filter lets through, in the order of `sort`, or from its end.

    `sort` is `field,-field`; unknown values come last; ties are broken by id. Only the tables are read that the filter
    and the sort ask for, and of them only what their indexes hold. Raises InvalidInput for an unknown field.
    """
    keys = _keys(sort)
    query = _from(wanted, [name for name, _ in keys]).where(models.c.deleted_at.is_(None), *_conditions(wanted))
    return query.order_by(*_order(keys, backwards=backwards))


def runs(wanted: ModelFilter, sort: str) -> list[Select[Any]]:
    """The same list in parts that follow each other, for a sort by what tests and benchmarks found.

    Whoever reads a page needs the first parts of it, each of which begins at the few rows that decide, where the whole
    list would be joined and sorted for it: 1 to 12 ms with 100 000 models, and not 30. Other sorts are one part.
    """
    (name, descends), *rest = _keys(sort) or [("id", False)]
    after = ",".join(f"-{field}" if down else field for field, down in rest)
    if name == "status":
        ordered = sorted(get_args(Status), reverse=descends)
        said = ordered if wanted.status is None else [wanted.status]
        return [matching(wanted, after).where(_of_status(value)) for value in said]
    if name in FASTEST:
        return [_measured(wanted, sort, name), matching(wanted, after).where(_unmeasured(name))]
    return [matching(wanted, sort)]


def count(connection: Connection, wanted: ModelFilter) -> int:
    """How many models the filter lets through; a search with `q` is not counted beyond `COUNT_CAP`."""
    query = matching(wanted).order_by(None)
    if wanted.q is None:
        counted = query.with_only_columns(func.count())
    else:
        counted = select(func.count()).select_from(query.limit(COUNT_CAP).subquery())
    return int(connection.execute(counted).scalar_one())


def _keys(sort: str) -> list[tuple[str, bool]]:
    """Field and whether it descends. Raises InvalidInput."""
    keys = [(part.removeprefix("-"), part.startswith("-")) for part in sort.split(",")] if sort else []
    for name, _ in keys:
        if name not in SORTABLE:
            raise InvalidInput.at("sort", f"{name!r} is not a field to sort by; there are {', '.join(SORTABLE)}")
    return keys


def _order(keys: Sequence[tuple[str, bool]], *, backwards: bool = False) -> list[ColumnElement[Any]]:
    order: list[tuple[ColumnElement[Any], bool]] = []
    for name, descends in keys:
        if name in _MAY_BE_UNKNOWN:
            order.append((SORTABLE[name].is_(None), False))
        order.append((SORTABLE[name], descends))
    order.append((models.c.id, False))
    return [column.desc() if descends != backwards else column for column, descends in order]


def _from(wanted: ModelFilter, fields: Sequence[str]) -> Select[Any]:
    """The tables that this filter and this sort need."""
    needed: FromClause = models
    if "provider" in fields:
        needed = needed.join(providers, providers.c.id == models.c.provider_id)
    if not _BY_HEALTH.isdisjoint(fields):
        needed = needed.outerjoin(model_health, model_health.c.model_row == models.c.id)
    query = using(select(models.c.id).select_from(needed), models, MODEL_LIST)
    return using(query, model_health, HEALTH_LIST)


def _measured(wanted: ModelFilter, sort: str, name: str) -> Select[Any]:
    """Those of which a benchmark has found this: read in the order of its index, which knows no others."""
    keys = _keys(sort)
    found: FromClause = models.join(model_health, model_health.c.model_row == models.c.id)
    if any(field == "provider" for field, _ in keys):
        found = found.join(providers, providers.c.id == models.c.provider_id)
    query = using(select(models.c.id).select_from(found), models, MODEL_LIST)
    known = (models.c.deleted_at.is_(None), SORTABLE[name].is_not(None))
    _, *order = _order(keys)  # the first asks whether it is known
    return using(query, model_health, FASTEST[name]).where(*known, *_conditions(wanted)).order_by(*order)


def _unmeasured(name: str) -> ColumnElement[bool]:
    known = select(model_health.c.model_row).where(model_health.c[name].is_not(None))
    return models.c.id.not_in(using(known, model_health, FASTEST[name]))


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
    columns = (without_case(models.c.model_id), func.lower(models.c.display_name))
    return or_(*(column.contains(wanted, autoescape=True) for column in columns), models.c.id.in_(named))


def _has_alias(wanted: bool) -> ColumnElement[bool]:
    with_alias = select(aliases.c.model_row).where(aliases.c.deleted_at.is_(None))
    return models.c.id.in_(with_alias) if wanted else models.c.id.not_in(with_alias)


def _limited(wanted: bool) -> ColumnElement[bool]:
    to_groups = select(_limits.c.id).where(_limits.c.group_ids.is_not(None))
    return models.c.id.in_(to_groups) if wanted else models.c.id.not_in(to_groups)


def _limited_to(group_id: int) -> ColumnElement[bool]:
    return models.c.id.in_(
        select(_limits.c.id).where(_limits.c.group_ids.is_not(None), position(part(group_id), _limits.c.group_ids) > 0)
    )


def limited_of(wanted: ModelFilter) -> Select[Any]:
    """Of the models that the filter lets through and that are limited: each limit, and how many have it."""
    query = select(_limits.c.group_ids, func.count()).where(_limits.c.group_ids.is_not(None))
    return query.where(_limits.c.id.in_(matching(wanted).order_by(None))).group_by(_limits.c.group_ids)


_limits = models.alias("limits")
"""Read through an index that holds limited models alone: few, mostly."""


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
    "limited": _limited,
    "group_id": _limited_to,
}
