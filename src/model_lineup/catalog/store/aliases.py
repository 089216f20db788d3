"""Aliases, with the models that they point at."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, func, select, update

from model_lineup.catalog.limits_to_groups import groups_of
from model_lineup.catalog.shapes import Alias, AliasTarget
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
    targets = _targets(connection, {row for fallbacks in wanted.values() for row in fallbacks})
    return [_alias(row, [targets[n] for n in fallbacks if n in targets]) for row, fallbacks in wanted.items()]


def _targets(connection: Connection, rows: Iterable[int]) -> dict[int, AliasTarget]:
    found = list(rows)
    if not found:
        return {}
    query = select(*_TARGET).select_from(models.join(providers)).where(in_numbers(connection, models.c.id, found))
    return {row.target_row: _target(row) for row in connection.execute(query.where(models.c.deleted_at.is_(None)))}


def _target(row: Row[Any]) -> AliasTarget:
    return AliasTarget(row.target_row, row.model_id, row.display_name, row.provider_id, row.slug, bool(row.available))


def _alias(row: Row[Any], fallbacks: list[AliasTarget]) -> Alias:
    target = _target(row)
    return Alias(
        id=row.id,
        alias=row.alias,
        model_id=target.model_id,
        model=target,
        description=row.description,
        fallbacks=fallbacks,
        groups=groups_of(row.group_ids),
        warnings=[],
        managed_by=row.managed_by,
        version=row.version,
        created_at=moment(row.created_at),
        updated_at=moment(row.updated_at),
    )
