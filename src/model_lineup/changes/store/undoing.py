"""Models and aliases as they are, deleted ones too, with what taking a change back has to know of them."""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from model_lineup.catalog.limits_to_groups import groups_of
from model_lineup.catalog.rollouts import noted, rollout_of
from model_lineup.catalog.tables import aliases, effective_facts, models, providers
from model_lineup.database.metadata import moment
from model_lineup.database.values import in_numbers

_FLAGS = ("visible", "listed", "agents_enabled")


class ModelNow(msgspec.Struct, frozen=True, gc=False):
    """`fields`: flags, groups, `deleted`, `missing`, `managed_by`, and of each known fact `{value, source}`."""

    id: int
    model_id: str
    provider_id: int
    created_at: Any
    fields: dict[str, Any]


class AliasNow(msgspec.Struct, frozen=True, gc=False):
    """`fields`: model, description, fallbacks, rollout, groups, `deleted`, `managed_by`."""

    id: int
    alias: str
    folded: str
    fields: dict[str, Any]


class _Fact(msgspec.Struct, gc=False):
    value: Any
    source: str


_facts = msgspec.json.Decoder(dict[str, _Fact]).decode


def models_now(connection: Connection, ids: Iterable[int]) -> dict[int, ModelNow]:
    flags = [models.c[flag] for flag in _FLAGS]
    facts = func.coalesce(effective_facts.c.facts, "{}").label("facts")
    columns = (models.c.id, models.c.model_id, models.c.provider_id, models.c.created_at, facts)
    more = (models.c.group_ids, models.c.deleted_at, models.c.missing_since, models.c.managed_by)
    there = models.outerjoin(effective_facts, effective_facts.c.model_row == models.c.id)
    query = select(*columns, *more, *flags).select_from(there)
    found = {}
    for row in connection.execute(query.where(in_numbers(connection, models.c.id, ids))):
        known = {name: {"value": fact.value, "source": fact.source} for name, fact in _facts(row.facts).items()}
        marks: dict[str, Any] = {"deleted": row.deleted_at is not None, "missing": row.missing_since is not None}
        marks |= {"groups": groups_of(row.group_ids), "managed_by": row.managed_by}
        fields = {**known, **marks, **{flag: getattr(row, flag) == 1 for flag in _FLAGS}}
        found[row.id] = ModelNow(row.id, row.model_id, row.provider_id, moment(row.created_at), fields)
    return found


def aliases_now(connection: Connection, ids: Iterable[int]) -> dict[int, AliasNow]:
    query = select(aliases).where(in_numbers(connection, aliases.c.id, ids))
    return {row.id: _alias(row) for row in connection.execute(query)}


def provider_slugs(connection: Connection, ids: Iterable[int]) -> dict[int, tuple[str, str, bool]]:
    """Name, slug and whether it is deleted."""
    columns = (providers.c.id, providers.c.name, providers.c.slug, providers.c.deleted_at)
    query = select(*columns).where(in_numbers(connection, providers.c.id, ids))
    return {row.id: (row.name, row.slug, row.deleted_at is not None) for row in connection.execute(query)}


def living_models_of(connection: Connection, provider_ids: Iterable[int]) -> dict[int, int]:
    """Provider by id of those of its models that are not deleted."""
    query = select(models.c.id, models.c.provider_id).where(
        models.c.deleted_at.is_(None), in_numbers(connection, models.c.provider_id, provider_ids)
    )
    return {row.id: row.provider_id for row in connection.execute(query)}


def _alias(row: Any) -> AliasNow:
    fields = {
        "model": row.model_row,
        "description": row.description,
        "fallbacks": msgspec.json.decode(row.fallbacks),
        "rollout": noted(rollout_of(row.rollout)),
        "groups": groups_of(row.group_ids),
        "deleted": row.deleted_at is not None,
        "managed_by": row.managed_by,
    }
    return AliasNow(row.id, row.alias, row.folded, fields)
