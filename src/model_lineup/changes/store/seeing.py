"""SQL for who loses sight: what is limited to which groups, and who belongs to them, as they are within a change."""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select

from model_lineup.access.groups import store as groups
from model_lineup.access.tables import keys, people
from model_lineup.catalog.limits_to_groups import groups_of
from model_lineup.catalog.tables import aliases, models, providers
from model_lineup.database.values import in_numbers

_MODELS = models.join(providers, providers.c.id == models.c.provider_id)
_ALIASES = aliases.join(_MODELS, models.c.id == aliases.c.model_row)
_AVAILABLE = (models.c.visible == 1, models.c.deleted_at.is_(None), providers.c.enabled == 1)
_LIVING = (*_AVAILABLE, aliases.c.deleted_at.is_(None))


def callable_models(connection: Connection, ids: Collection[int]) -> set[int]:
    """Those of these models that callers could reach."""
    query = select(models.c.id).select_from(_MODELS).where(*_AVAILABLE, in_numbers(connection, models.c.id, ids))
    return set(connection.execute(query).scalars())


def targets(connection: Connection, alias_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """By alias that callers could reach: the groups that its model is limited to."""
    query = select(aliases.c.id, models.c.group_ids).select_from(_ALIASES)
    rows = connection.execute(query.where(*_LIVING, in_numbers(connection, aliases.c.id, alias_ids)))
    return {row.id: frozenset(groups_of(row.group_ids)) for row in rows}


def limits(connection: Connection) -> set[tuple[frozenset[int], ...]]:
    """Each different limit of what callers could reach: of a model, or of an alias and its model."""
    of_models = select(models.c.group_ids).distinct().select_from(_MODELS)
    of_aliases = select(aliases.c.group_ids, models.c.group_ids.label("target")).distinct().select_from(_ALIASES)
    found = {_limit(row) for row in connection.execute(of_models.where(*_AVAILABLE, models.c.group_ids.is_not(None)))}
    limited = aliases.c.group_ids.is_not(None)
    return found | {_limit(row) for row in connection.execute(of_aliases.where(*_LIVING, limited))}


def memberships(connection: Connection, ids: Collection[int]) -> dict[int, Row[Any]]:
    return groups.memberships_now(connection, ids)


def people_now(connection: Connection) -> dict[int, tuple[str, frozenset[int]]]:
    """Address and groups of everybody who is not disabled, in the order of their addresses."""
    belonging = groups.of_people(connection)
    return {one: (email, frozenset(belonging.get(one, ()))) for one, email in groups.active_people(connection).items()}


def keys_now(connection: Connection) -> list[tuple[int, str, int | None, frozenset[int]]]:
    """Id, name, owner and own groups of the keys that call, by name."""
    belonging = groups.of_keys(connection)
    calling: tuple[ColumnElement[bool], ...] = (keys.c.deleted_at.is_(None), keys.c.disabled == 0)
    disabled = select(people.c.id).where((people.c.disabled == 1) | people.c.deleted_at.is_not(None))
    owned = keys.c.owner_id.is_(None) | keys.c.owner_id.not_in(disabled)
    query = select(keys.c.id, keys.c.name, keys.c.owner_id).where(*calling, keys.c.kind != "admin", owned)
    rows = connection.execute(query.order_by(keys.c.name, keys.c.id))
    return [(row.id, row.name, row.owner_id, frozenset(belonging.get(row.id, ()))) for row in rows]


def owners_groups(connection: Connection) -> dict[int, frozenset[int]]:
    return {person: frozenset(theirs) for person, theirs in groups.of_people(connection).items()}


def _limit(row: Iterable[str | None]) -> tuple[frozenset[int], ...]:
    return tuple(frozenset(groups_of(text)) for text in row if text is not None)
