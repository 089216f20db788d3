"""Aliases, with the models that they point at."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, func, select, update

from model_lineup.catalog.limits_to_groups import groups_of
from model_lineup.catalog.rollouts import Rollout, rollout_of
from model_lineup.catalog.shapes import Alias, AliasRollout, AliasTarget
from model_lineup.catalog.tables import aliases, models, providers
from model_lineup.database.many import insert_many, next_ids
from model_lineup.database.metadata import moment
from model_lineup.database.values import in_numbers, in_words

_ALIVE = aliases.c.deleted_at.is_(None)
_AVAILABLE = (models.c.visible == 1) & (providers.c.enabled == 1) & models.c.deleted_at.is_(None)
_TARGET = (
    models.c.id.label("target_row"),
    models.c.model_id,
    models.c.display_name,
    models.c.provider_id,
    providers.c.slug,
    _AVAILABLE.label("available"),
)


def page(connection: Connection, *, limit: int, offset: int) -> tuple[list[Alias], int]:
    total = connection.execute(select(func.count()).select_from(aliases).where(_ALIVE)).scalar_one()
    rows = connection.execute(_query().order_by(aliases.c.folded).limit(limit).offset(offset)).all()
    return _aliases(connection, rows), int(total)


def of_model(connection: Connection, model_row: int) -> list[Alias]:
    return _found(connection, aliases.c.model_row == model_row)


def one(connection: Connection, alias: str, model_row: int) -> Alias | None:
    """The alias of this spelling that points at this model."""
    found = _found(connection, (aliases.c.alias == alias) & (aliases.c.model_row == model_row))
    return found[0] if found else None


def fallbacks_of(connection: Connection, alias_id: int) -> list[int]:
    """The rows that it falls back on, also those that are deleted: they count again when they are restored."""
    held = connection.execute(select(aliases.c.fallbacks).where(aliases.c.id == alias_id)).scalar_one()
    return msgspec.json.decode(held, type=list[int])


def rollout(connection: Connection, alias_id: int) -> Rollout | None:
    """The one that runs, also to a model that is deleted."""
    return rollout_of(connection.execute(select(aliases.c.rollout).where(aliases.c.id == alias_id)).scalar_one())


def by_folded(connection: Connection, folded: Iterable[str]) -> dict[str, Row[Any]]:
    """Living aliases by their folded name: id, alias, model_row, description."""
    query = select(aliases).where(_ALIVE, in_words(connection, aliases.c.folded, folded))
    return {row.folded: row for row in connection.execute(query)}


def add(connection: Connection, rows: Sequence[Mapping[str, Any]], *, now: int, revision: int) -> list[int]:
    common = {"version": 1, "created_at": now, "updated_at": now, "deleted_with_model": 0}
    common["changed_at_revision"] = revision
    ids = next_ids(connection, aliases, len(rows))
    added = [{"id": row_id, "fallbacks": "[]", **row, **common} for row_id, row in zip(ids, rows, strict=True)]
    insert_many(connection, aliases, added)
    return list(ids)


def change(connection: Connection, alias_id: int, values: Mapping[str, Any], *, now: int, revision: int) -> None:
    connection.execute(
        update(aliases)
        .where(aliases.c.id == alias_id)
        .values(**values, version=aliases.c.version + 1, updated_at=now, changed_at_revision=revision)
    )


def delete_of_models(connection: Connection, rows: Iterable[int], *, now: int, revision: int) -> list[Row[Any]]:
    """Delete the aliases of these models with them; returns id, alias, model_row of each."""
    return list(
        connection.execute(
            update(aliases)
            .where(_ALIVE, in_numbers(connection, aliases.c.model_row, rows))
            .values(deleted_at=now, deleted_with_model=1, updated_at=now, changed_at_revision=revision)
            .returning(aliases.c.id, aliases.c.alias, aliases.c.model_row)
        )
    )


def deleted_with(connection: Connection, model_row: int, revision: int) -> list[Row[Any]]:
    """The aliases that went together with their model, in the change of this revision."""
    query = select(aliases).where(
        aliases.c.model_row == model_row,
        aliases.c.deleted_with_model == 1,
        aliases.c.deleted_at.is_not(None),
        aliases.c.changed_at_revision == revision,
    )
    return list(connection.execute(query.order_by(aliases.c.id)))


def names_of(connection: Connection, rows: Iterable[int]) -> list[str]:
    """The names of the living aliases of these models."""
    query = select(aliases.c.alias).where(_ALIVE, in_numbers(connection, aliases.c.model_row, rows))
    return list(connection.execute(query).scalars())


def _query() -> Select[Any]:
    joined = aliases.join(models, models.c.id == aliases.c.model_row).join(providers)
    return select(aliases, *_TARGET).select_from(joined).where(_ALIVE)


def _found(connection: Connection, condition: ColumnElement[bool]) -> list[Alias]:
    return _aliases(connection, connection.execute(_query().where(condition).order_by(aliases.c.folded)).all())


def _aliases(connection: Connection, rows: Sequence[Row[Any]]) -> list[Alias]:
    wanted = {row: msgspec.json.decode(row.fallbacks, type=list[int]) for row in rows}
    rolling = {row: found for row in rows if (found := rollout_of(row.rollout)) is not None}
    others = {row for fallbacks in wanted.values() for row in fallbacks}
    living, deleted = _targets(connection, others | {one.target for one in rolling.values()})
    return [
        _alias(row, [living[n] for n in fallbacks if n in living], _rollout(rolling.get(row), {**deleted, **living}))
        for row, fallbacks in wanted.items()
    ]


def _rollout(held: Rollout | None, targets: Mapping[int, AliasTarget]) -> AliasRollout | None:
    return None if held is None else AliasRollout(targets[held.target], held.share, held.sticky)


def _targets(connection: Connection, rows: Iterable[int]) -> tuple[dict[int, AliasTarget], dict[int, AliasTarget]]:
    """Those that are there, and those that are deleted."""
    found = list(rows)
    living: dict[int, AliasTarget] = {}
    deleted: dict[int, AliasTarget] = {}
    if found:
        query = select(*_TARGET, models.c.deleted_at.label("gone_at")).select_from(models.join(providers))
        for row in connection.execute(query.where(in_numbers(connection, models.c.id, found))):
            (living if row.gone_at is None else deleted)[row.target_row] = _target(row)
    return living, deleted


def _target(row: Row[Any]) -> AliasTarget:
    return AliasTarget(row.target_row, row.model_id, row.display_name, row.provider_id, row.slug, bool(row.available))


def _alias(row: Row[Any], fallbacks: list[AliasTarget], rollout: AliasRollout | None) -> Alias:
    target = _target(row)
    return Alias(
        id=row.id,
        alias=row.alias,
        model_id=target.model_id,
        model=target,
        description=row.description,
        fallbacks=fallbacks,
        groups=groups_of(row.group_ids),
        rollout=rollout,
        warnings=[],
        managed_by=row.managed_by,
        version=row.version,
        created_at=moment(row.created_at),
        updated_at=moment(row.updated_at),
    )
