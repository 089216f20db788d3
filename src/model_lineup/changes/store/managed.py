"""Which rows belong to a configuration file, and what has happened since a revision."""

from collections.abc import Collection, Iterable

from sqlalchemy import ColumnElement, Connection, Table, select, update

from model_lineup.catalog.tables import MANAGED, aliases, models, providers
from model_lineup.database.dialects import using
from model_lineup.database.values import in_numbers
from model_lineup.journal.tables import change_sets

TABLES: dict[str, Table] = {"provider": providers, "model": models, "alias": aliases}


def owners(connection: Connection, entity: str, rows: Collection[int]) -> dict[int, str]:
    """The file's label by row, of those of these rows that belong to one."""
    wanted = TABLES[entity]
    query = select(wanted.c.id, wanted.c.managed_by).where(wanted.c.managed_by.is_not(None))
    if entity == "model":
        query = using(query, models, MANAGED)
    of_these = frozenset(rows)
    return {row_id: label for row_id, label in connection.execute(query) if row_id in of_these}


def owned(
    connection: Connection, entity: str, *, rows: Iterable[int] = (), label: str | None = None
) -> list[tuple[int, str, str]]:
    """Id, name and label of living rows that belong to a file: these, or all of one file."""
    wanted = TABLES[entity]
    name = {"provider": providers.c.slug, "model": models.c.model_id, "alias": aliases.c.alias}[entity]
    which: ColumnElement[bool] = wanted.c.managed_by == label if label else in_numbers(connection, wanted.c.id, rows)
    query = select(wanted.c.id, name, wanted.c.managed_by).where(wanted.c.managed_by.is_not(None), which)
    found = connection.execute(query.where(wanted.c.deleted_at.is_(None)).order_by(wanted.c.id))
    return [(row_id, called, of_file) for row_id, called, of_file in found]


def release(connection: Connection, entity: str, rows: Iterable[int], *, now: int, revision: int) -> None:
    """They belong to no file any more."""
    changed = TABLES[entity]
    values = {"managed_by": None, "version": changed.c.version + 1, "updated_at": now, "changed_at_revision": revision}
    connection.execute(update(changed).where(in_numbers(connection, changed.c.id, rows)).values(values))


def sets_since(connection: Connection, revision: int, *, most: int) -> list[tuple[int, str, str]]:
    """Id, author and operation of the change sets after this revision, oldest first."""
    columns = (change_sets.c.id, change_sets.c.actor, change_sets.c.operation)
    query = select(*columns).where(change_sets.c.revision > revision).order_by(change_sets.c.id).limit(most)
    return [(change_id, actor, operation) for change_id, actor, operation in connection.execute(query)]
