"""Aliases that lead to models: as their target, or as a fallback."""

from collections.abc import Collection

import msgspec
from sqlalchemy import Connection, select

from model_lineup.catalog.rollouts import rollout_of
from model_lineup.catalog.tables import aliases, models
from model_lineup.database.values import in_numbers

_ALIVE = aliases.c.deleted_at.is_(None)


def at(connection: Connection, rows: Collection[int]) -> list[tuple[int, str]]:
    """`id` and `alias` of living aliases that point at one of these models."""
    query = select(aliases.c.id, aliases.c.alias).where(_ALIVE, in_numbers(connection, aliases.c.model_row, rows))
    return [(row.id, row.alias) for row in connection.execute(query.order_by(aliases.c.folded))]


def falling_back_on(connection: Connection, rows: Collection[int]) -> list[tuple[int, str]]:
    """The same of those that have one of these models as a fallback. Few aliases have any."""
    wanted = set(rows)
    query = select(aliases.c.id, aliases.c.alias, aliases.c.fallbacks).where(_ALIVE, aliases.c.fallbacks != "[]")
    found = connection.execute(query.order_by(aliases.c.folded)).all()
    return [
        (row.id, row.alias)
        for row in found
        if not wanted.isdisjoint(msgspec.json.decode(row.fallbacks, type=list[int]))
    ]


def rolling_out(connection: Connection, rows: Collection[int]) -> list[tuple[int, str]]:
    """The same of those that are being rolled out to one of these models."""
    wanted = set(rows)
    query = select(aliases.c.id, aliases.c.alias, aliases.c.rollout).where(_ALIVE, aliases.c.rollout.is_not(None))
    found = connection.execute(query.order_by(aliases.c.folded)).all()
    return [
        (row.id, row.alias)
        for row in found
        if (rollout := rollout_of(row.rollout)) is not None and rollout.target in wanted
    ]


def of_providers(connection: Connection, provider_ids: Collection[int]) -> list[int]:
    """Rows of their living models."""
    theirs = in_numbers(connection, models.c.provider_id, provider_ids)
    return list(connection.execute(select(models.c.id).where(models.c.deleted_at.is_(None), theirs)).scalars())
