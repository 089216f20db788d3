"""Models: reading them singly, by page and all at once, and writing them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, Update, bindparam, delete, func, select, update

from model_lineup.catalog.limits_to_groups import groups_of
from model_lineup.catalog.shapes import Model, ProviderRef
from model_lineup.catalog.store.selecting import STATUS
from model_lineup.catalog.tables import MODEL_LIST, aliases, effective_facts, model_health, models, providers
from model_lineup.database.dialects import using
from model_lineup.database.many import insert_many, let_go, next_ids
from model_lineup.database.metadata import moment
from model_lineup.database.prepared import Prepared, numbers
from model_lineup.database.values import in_numbers

_NULL = msgspec.Raw(b"null")
_TRI = {None: None, 0: False, 1: True}
_ALIVE = models.c.deleted_at.is_(None)
_AT_ONCE = 500
"""Rows that a list of any length holds in memory."""


@dataclass(frozen=True, slots=True)
class DeletedMark:
    """What is left of a deleted model; `revision` is the one that deleted it."""

    model_id: str
    revision: int
    provider_is_gone: bool


def one(connection: Connection, row_id: int) -> Model | None:
    """The living model of this row id."""
    found = of_rows(connection, [row_id])
    return found[0] if found else None


def of_id(connection: Connection, model_id: str, provider_id: int | None = None) -> list[Model]:
    """The living models of this `model_id`, in the providers' order."""
    query = _MODELS.where(models.c.model_id == model_id, _ALIVE)
    if provider_id is not None:
        query = query.where(models.c.provider_id == provider_id)
    return _with_aliases(connection, connection.execute(query.order_by(providers.c.position, models.c.id)).all())


def of_rows(connection: Connection, ids: Sequence[int]) -> list[Model]:
    """The living models of these row ids, in their order; of those that are none there is none."""
    rows = _with_aliases(connection, _BY_ROW.rows(connection, ids=numbers(connection, ids))) if ids else []
    by_id = {model.id: model for model in rows}
    return [by_id[row_id] for row_id in ids if row_id in by_id]


def stream(connection: Connection, chosen: Select[Any]) -> Iterator[Model]:
    """All of them, by id; some hundred are in memory at a time."""
    names = _aliases(connection, None)
    refs: dict[int, ProviderRef] = {}
    ids = chosen.order_by(None).subquery()
    query = _MODELS.where(models.c.id.in_(select(ids.c.id))).order_by(models.c.id)
    for row in connection.execution_options(yield_per=_AT_ONCE).execute(query):
        yield _model(row, names, refs)


def holder(connection: Connection, provider_id: int, model_id: str) -> tuple[int, bool] | None:
    """The row that holds this id at this provider, and whether it is deleted."""
    row = connection.execute(
        select(models.c.id, models.c.deleted_at).where(
            models.c.provider_id == provider_id, models.c.model_id == model_id
        )
    ).one_or_none()
    return None if row is None else (row.id, row.deleted_at is not None)


def deleted(connection: Connection, row_id: int) -> DeletedMark | None:
    """The mark that a deleted model left."""
    columns = (models.c.model_id, models.c.deleted_at, models.c.changed_at_revision)
    query = select(*columns, providers.c.deleted_at.label("provider_deleted_at"))
    found = connection.execute(query.select_from(models.join(providers)).where(models.c.id == row_id)).one_or_none()
    if found is None or found.deleted_at is None:
        return None
    return DeletedMark(found.model_id, found.changed_at_revision, found.provider_deleted_at is not None)


def living(connection: Connection, ids: Iterable[int]) -> dict[int, str]:
    """`model_id` by id of those of these rows that are not deleted; ascending."""
    return dict(_of_ids(connection, ids, models.c.id, models.c.model_id))


def flagged(connection: Connection, ids: Iterable[int], flag: str) -> list[tuple[int, str, bool]]:
    """Of the same rows id, `model_id`, and whether the flag is set; ascending."""
    rows = _of_ids(connection, ids, models.c.id, models.c.model_id, models.c[flag])
    return [(row_id, model_id, value == 1) for row_id, model_id, value in rows]


def _of_ids(connection: Connection, ids: Iterable[int], *columns: ColumnElement[Any]) -> Sequence[Any]:
    query = select(*columns).where(_ALIVE, in_numbers(connection, models.c.id, ids)).order_by(models.c.id)
    return connection.execute(using(query, models, MODEL_LIST)).all()


def ids_of_provider(connection: Connection, provider_id: int) -> list[int]:
    query = select(models.c.id).where(models.c.provider_id == provider_id, models.c.deleted_at.is_(None))
    return list(connection.execute(query).scalars())


def add(connection: Connection, rows: Sequence[Mapping[str, Any]], *, now: int, revision: int) -> list[int]:
    """Insert rows of columns and `facts`; returns their ids in the same order."""
    common = {"version": 1, "created_at": now, "updated_at": now, "changed_at_revision": revision}
    ids = next_ids(connection, models, len(rows))
    complete = [{"id": row_id, **row, **common} for row_id, row in zip(ids, rows, strict=True)]
    facts = [{"model_row": row["id"], "facts": row.pop("facts")} for row in complete]
    insert_many(connection, models, complete)
    insert_many(connection, effective_facts, facts)
    let_go(complete)
    let_go(facts)
    return list(ids)


def change(connection: Connection, ids: Iterable[int], values: Mapping[str, Any], *, now: int, revision: int) -> None:
    """Set the same columns, and the same `facts`, on all these rows."""
    columns, chosen = dict(values), list(ids)
    facts = columns.pop("facts", None)
    connection.execute(
        update(models)
        .where(in_numbers(connection, models.c.id, chosen))
        .values(**columns, version=models.c.version + 1, updated_at=now, changed_at_revision=revision)
    )
    if facts is not None:
        _know(connection, dict.fromkeys(chosen, facts))


def change_each(connection: Connection, rows: Mapping[int, Mapping[str, Any]], *, now: int, revision: int) -> None:
    """Set columns and `facts` of each row by its id; the same in all of them, the values of each its own."""
    statement = update(models).values(version=models.c.version + 1, updated_at=now, changed_at_revision=revision)
    _set_each(connection, statement, rows)


def fill(connection: Connection, rows: Mapping[int, Mapping[str, Any]]) -> None:
    """Set columns of rows that were made in this very transaction: they are no older and no newer for it."""
    _set_each(connection, update(models), rows)


def _set_each(connection: Connection, statement: Update, rows: Mapping[int, Mapping[str, Any]]) -> None:
    columns = [{"row": row_id, **values} for row_id, values in rows.items()]
    facts = {one["row"]: one.pop("facts") for one in columns if "facts" in one}
    if columns:
        connection.execute(statement.where(models.c.id == bindparam("row")), columns)
        _know(connection, facts)


def _know(connection: Connection, facts: Mapping[int, str]) -> None:
    """These are the facts of these rows now."""
    if facts:
        connection.execute(delete(effective_facts).where(in_numbers(connection, effective_facts.c.model_row, facts)))
        insert_many(connection, effective_facts, [{"model_row": row, "facts": text} for row, text in facts.items()])


_COLUMNS = (
    models.c.id,
    models.c.provider_id,
    providers.c.name,
    providers.c.slug,
    providers.c.kind,
    providers.c.enabled,
    models.c.model_id,
    models.c.display_name,
    models.c.description,
    models.c.task,
    models.c.context_length,
    models.c.max_output_tokens,
    models.c.supports_tools,
    models.c.supports_vision,
    models.c.supports_streaming,
    models.c.visible,
    models.c.listed,
    models.c.agents_enabled,
    models.c.group_ids,
    func.coalesce(effective_facts.c.facts, "{}"),
    models.c.pricing,
    models.c.lifecycle,
    models.c.source,
    STATUS,
    model_health.c.last_test,
    model_health.c.last_benchmark,
    models.c.missing_since,
    models.c.managed_by,
    models.c.version,
    models.c.created_at,
    models.c.updated_at,
)
"""In the order in which `_model` takes them."""
_MODELS = select(*_COLUMNS).select_from(
    models.join(providers)
    .outerjoin(effective_facts, effective_facts.c.model_row == models.c.id)
    .outerjoin(model_health, model_health.c.model_row == models.c.id)
)


_BY_ROW = Prepared(lambda among: _MODELS.where(_ALIVE, among(models.c.id, "ids")))
_ALIASES = select(aliases.c.model_row, aliases.c.alias).where(aliases.c.deleted_at.is_(None)).order_by(aliases.c.alias)
_ALIASES_OF = Prepared(lambda among: _ALIASES.where(among(aliases.c.model_row, "rows")))


def _with_aliases(connection: Connection, rows: Sequence[Any]) -> list[Model]:
    names = _aliases(connection, None if len(rows) > _AT_ONCE else [row[0] for row in rows])
    refs: dict[int, ProviderRef] = {}
    return [_model(row, names, refs) for row in rows]


def _aliases(connection: Connection, rows: Sequence[int] | None) -> dict[int, list[str]]:
    """Alias names by model row; of these rows, or of all."""
    found: Iterable[Any] = (
        connection.execute(_ALIASES) if rows is None else _ALIASES_OF.rows(connection, rows=numbers(connection, rows))
    )
    names: dict[int, list[str]] = {}
    for row, alias in found:
        names.setdefault(row, []).append(alias)
    return names


def _model(row: Sequence[Any], names: Mapping[int, list[str]], refs: dict[int, ProviderRef]) -> Model:
    """`refs` keeps the providers that were met: there are few, and thousands of models of each."""
    (
        row_id,
        provider_id,
        provider_name,
        provider_slug,
        provider_kind,
        provider_enabled,
        model_id,
        display_name,
        description,
        task,
        context_length,
        max_output_tokens,
        supports_tools,
        supports_vision,
        supports_streaming,
        visible,
        listed,
        agents_enabled,
        group_ids,
        facts,
        pricing,
        lifecycle,
        source,
        status,
        last_test,
        last_benchmark,
        missing_since,
        managed_by,
        version,
        created_at,
        updated_at,
    ) = row
    provider = refs.get(provider_id)
    if provider is None:
        enabled = bool(provider_enabled)
        provider = refs[provider_id] = ProviderRef(provider_id, provider_name, provider_slug, provider_kind, enabled)
    return Model(
        id=row_id,
        provider_id=provider_id,
        provider=provider,
        model_id=model_id,
        display_name=display_name,
        description=description,
        task=task,
        context_length=context_length,
        max_output_tokens=max_output_tokens,
        supports_tools=_TRI[supports_tools],
        supports_vision=_TRI[supports_vision],
        supports_streaming=_TRI[supports_streaming],
        visible=visible == 1,
        listed=listed == 1,
        agents_enabled=agents_enabled == 1,
        groups=groups_of(group_ids),
        aliases=names.get(row_id, []),
        facts=msgspec.Raw(facts.encode()),
        pricing=_NULL if pricing is None else msgspec.Raw(pricing.encode()),
        lifecycle=_NULL if lifecycle is None else msgspec.Raw(lifecycle.encode()),
        source=source,
        status=status,
        last_test=_NULL if last_test is None else msgspec.Raw(last_test.encode()),
        last_benchmark=_NULL if last_benchmark is None else msgspec.Raw(last_benchmark.encode()),
        missing_since=None if missing_since is None else moment(missing_since),
        managed_by=managed_by,
        version=version,
        created_at=moment(created_at),
        updated_at=moment(updated_at),
    )
