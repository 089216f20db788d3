"""Models: reading them singly, by page and all at once, and writing them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, bindparam, insert, select, update

from model_lineup.catalog.shapes import Model, ProviderRef
from model_lineup.catalog.store.selecting import FROM, STATUS
from model_lineup.catalog.tables import aliases, model_health, models, providers
from model_lineup.database.metadata import moment, moment_or_none
from model_lineup.database.values import in_numbers

_NULL = msgspec.Raw(b"null")


@dataclass(frozen=True, slots=True)
class DeletedMark:
    """What is left of a deleted model; `revision` is the one that deleted it."""

    model_id: str
    revision: int
    provider_is_gone: bool


def one(connection: Connection, row_id: int) -> Model | None:
    """The living model of this row id."""
    found = page(connection, _query().where(models.c.id == row_id, models.c.deleted_at.is_(None)))
    return found[0] if found else None


def of_id(connection: Connection, model_id: str, provider_id: int | None = None) -> list[Model]:
    """The living models of this `model_id`, in the providers' order."""
    query = _query().where(models.c.model_id == model_id, models.c.deleted_at.is_(None))
    if provider_id is not None:
        query = query.where(models.c.provider_id == provider_id)
    return page(connection, query.order_by(providers.c.position, models.c.id))


def page(connection: Connection, query: Select[Any]) -> list[Model]:
    """The models of a query made by `selecting`, with their aliases."""
    rows = connection.execute(query).all()
    names = _aliases(connection, None if len(rows) > 1_000 else [row.id for row in rows])
    refs: dict[int, ProviderRef] = {}
    return [_model(row, names, refs) for row in rows]


def stream(connection: Connection, query: Select[Any]) -> Iterator[Model]:
    """The same, row by row, for lists of any length."""
    names = _aliases(connection, None)
    refs: dict[int, ProviderRef] = {}
    for row in connection.execution_options(yield_per=1_000).execute(query):
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


def living(connection: Connection, ids: Iterable[int]) -> list[Row[Any]]:
    """id, model_id and flags of those of these rows that are not deleted."""
    columns = (models.c.id, models.c.model_id, models.c.visible, models.c.listed, models.c.agents_enabled)
    query = select(*columns).where(models.c.deleted_at.is_(None), in_numbers(connection, models.c.id, ids))
    return list(connection.execute(query.order_by(models.c.id)))


def ids_of_provider(connection: Connection, provider_id: int) -> list[int]:
    query = select(models.c.id).where(models.c.provider_id == provider_id, models.c.deleted_at.is_(None))
    return list(connection.execute(query).scalars())


def add(connection: Connection, rows: Sequence[Mapping[str, Any]], *, now: int, revision: int) -> list[int]:
    """Insert rows of columns; returns their ids in the same order."""
    common = {"version": 1, "created_at": now, "updated_at": now, "changed_at_revision": revision}
    statement = insert(models).returning(models.c.id, sort_by_parameter_order=True)
    return list(connection.execute(statement, [{**row, **common} for row in rows]).scalars())


def change(connection: Connection, ids: Iterable[int], values: Mapping[str, Any], *, now: int, revision: int) -> None:
    """Set the same columns on all these rows, in one statement."""
    connection.execute(
        update(models)
        .where(in_numbers(connection, models.c.id, ids))
        .values(**values, version=models.c.version + 1, updated_at=now, changed_at_revision=revision)
    )


def change_each(connection: Connection, rows: Mapping[int, Mapping[str, Any]], *, now: int, revision: int) -> None:
    """Set columns of each row by its id; the same columns in all of them, the values of each its own."""
    if not rows:
        return
    statement = (
        update(models)
        .where(models.c.id == bindparam("row"))
        .values(version=models.c.version + 1, updated_at=now, changed_at_revision=revision)
    )
    connection.execute(statement, [{"row": row_id, **values} for row_id, values in rows.items()])


def every(query: Select[Any]) -> Select[Any]:
    """`query` as the columns of a model instead of its own."""
    return query.with_only_columns(*_COLUMNS)


_COLUMNS = (
    models,
    providers.c.name.label("provider_name"),
    providers.c.slug.label("provider_slug"),
    providers.c.kind.label("provider_kind"),
    providers.c.enabled.label("provider_enabled"),
    model_health.c.last_test,
    model_health.c.last_benchmark,
    STATUS.label("status"),
)


def _query() -> Select[Any]:
    return select(*_COLUMNS).select_from(FROM)


def _aliases(connection: Connection, rows: Sequence[int] | None) -> dict[int, list[str]]:
    """Alias names by model row; of these rows, or of all."""
    query = select(aliases.c.model_row, aliases.c.alias).where(aliases.c.deleted_at.is_(None)).order_by(aliases.c.alias)
    if rows is not None:
        query = query.where(in_numbers(connection, aliases.c.model_row, rows))
    names: dict[int, list[str]] = {}
    for row, alias in connection.execute(query):
        names.setdefault(row, []).append(alias)
    return names


def _ref(row: Row[Any], refs: dict[int, ProviderRef]) -> ProviderRef:
    ref = refs.get(row.provider_id)
    if ref is None:
        enabled = bool(row.provider_enabled)
        ref = ProviderRef(row.provider_id, row.provider_name, row.provider_slug, row.provider_kind, enabled)
        refs[row.provider_id] = ref
    return ref


def _model(row: Row[Any], names: Mapping[int, list[str]], refs: dict[int, ProviderRef]) -> Model:
    return Model(
        id=row.id,
        provider_id=row.provider_id,
        provider=_ref(row, refs),
        model_id=row.model_id,
        display_name=row.display_name,
        description=row.description,
        task=row.task,
        context_length=row.context_length,
        max_output_tokens=row.max_output_tokens,
        supports_tools=_tri(row.supports_tools),
        supports_vision=_tri(row.supports_vision),
        supports_streaming=_tri(row.supports_streaming),
        visible=bool(row.visible),
        listed=bool(row.listed),
        agents_enabled=bool(row.agents_enabled),
        aliases=names.get(row.id, []),
        facts=msgspec.Raw(row.facts.encode()),
        pricing=_raw(row.pricing),
        lifecycle=_raw(row.lifecycle),
        source=row.source,
        status=row.status,
        last_test=_raw(row.last_test),
        last_benchmark=_raw(row.last_benchmark),
        missing_since=moment_or_none(row.missing_since),
        version=row.version,
        created_at=moment(row.created_at),
        updated_at=moment(row.updated_at),
    )


def _tri(stored: int | None) -> bool | None:
    return None if stored is None else bool(stored)


def _raw(stored: str | None) -> msgspec.Raw:
    return _NULL if stored is None else msgspec.Raw(stored.encode())
