"""The whole catalog as an administrator decided it: rows with their flags, pins and targets, by the thousand."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, select

from model_lineup.access.groups import store as group_store
from model_lineup.catalog.limits_to_groups import groups_of
from model_lineup.catalog.rollouts import Rollout, rollout_of
from model_lineup.catalog.tables import aliases, models, providers, stated_facts

_AT_ONCE = 2_000


class ModelRow(NamedTuple):
    """`pins`: value by field. `is_deleted`: only its mark is left. `groups`: names, sorted; `group_ids` names those
    that are gone, too."""

    id: int
    slug: str
    model_id: str
    source: str
    visible: bool
    listed: bool
    agents_enabled: bool
    is_deleted: bool
    managed_by: str | None
    groups: tuple[str, ...]
    group_ids: list[int]
    pins: dict[str, Any]


class AliasRow(NamedTuple):
    """`model` and `fallbacks` are row ids, as is the target of `rollout`; of deleted models too."""

    id: int
    alias: str
    folded: str
    model: int
    fallbacks: list[int]
    description: str | None
    managed_by: str | None
    groups: tuple[str, ...]
    group_ids: list[int]
    rollout: Rollout | None = None


def models_at_living_providers(connection: Connection) -> Iterator[ModelRow]:
    """By provider and id; deleted ones too."""
    pins, named = _pins(connection), group_store.names(connection)
    columns = (models.c.id, providers.c.slug, models.c.model_id, models.c.source)
    flags = (
        models.c.visible,
        models.c.listed,
        models.c.agents_enabled,
        models.c.deleted_at,
        models.c.managed_by,
        models.c.group_ids,
    )
    query = select(*columns, *flags).select_from(models.join(providers)).where(providers.c.deleted_at.is_(None))
    rows = connection.execute(query.order_by(models.c.id), execution_options={"yield_per": _AT_ONCE})
    for row_id, slug, model_id, source, visible, listed, agents, deleted_at, managed_by, limited in rows:
        yield ModelRow(
            row_id,
            slug,
            model_id,
            source,
            visible == 1,
            listed == 1,
            agents == 1,
            deleted_at is not None,
            managed_by,
            _groups(limited, named),
            groups_of(limited),
            pins.get(row_id, {}),
        )


def living_aliases(connection: Connection) -> list[AliasRow]:
    """By their folded names."""
    named = group_store.names(connection)
    columns = (aliases.c.id, aliases.c.alias, aliases.c.folded, aliases.c.model_row, aliases.c.fallbacks)
    query = (
        select(*columns, aliases.c.description, aliases.c.managed_by, aliases.c.group_ids, aliases.c.rollout)
        .where(aliases.c.deleted_at.is_(None))
        .order_by(aliases.c.folded)
    )
    rows = connection.execute(query)
    return [
        AliasRow(
            *(row_id, alias, folded, model, _rows(fallbacks), description, managed_by),
            *(_groups(limited, named), groups_of(limited), rollout_of(rollout)),
        )
        for row_id, alias, folded, model, fallbacks, description, managed_by, limited, rollout in rows
    ]


def _groups(limited: str | None, named: Mapping[int, str]) -> tuple[str, ...]:
    return tuple(sorted(named[one] for one in groups_of(limited) if one in named))


def _pins(connection: Connection) -> dict[int, dict[str, Any]]:
    query = select(stated_facts.c.model_row, stated_facts.c.facts).where(stated_facts.c.source == "pin")
    rows = connection.execute(query, execution_options={"yield_per": _AT_ONCE})
    return {row: {field: said[0] for field, said in _facts(facts).items()} for row, facts in rows}


_facts = msgspec.json.Decoder(dict[str, tuple[Any, ...]]).decode
_rows = msgspec.json.Decoder(list[int]).decode
