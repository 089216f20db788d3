"""SQL over whole tables, whichever there are: counting, copying, and what a restore takes away."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    Connection,
    MetaData,
    Row,
    RowMapping,
    Table,
    column,
    delete,
    func,
    insert,
    inspect,
    or_,
    select,
    table,
    update,
)
from sqlalchemy.schema import DropSchema, DropTable
from sqlalchemy.sql.expression import TableClause

from model_lineup.access import store as access
from model_lineup.access.tables import keys, people, sessions
from model_lineup.database import holding
from model_lineup.database.tables import instance
from model_lineup.operations import sealed
from model_lineup.operations.sealed import SealedColumn
from model_lineup.vault import key_id

SCHEMAS: tuple[str | None, ...] = (None, "activity")
VERSIONS = "alembic_version"
_AT_ONCE = 2_000


def tables(connection: Connection) -> list[TableClause]:
    """All tables of both schemas with their columns, those that others refer to first."""
    look = inspect(connection)
    return [
        table(name, *(column(str(found["name"])) for found in look.get_columns(name, schema)), schema=schema)
        for schema in SCHEMAS
        for name, _ in look.get_sorted_table_and_fkc_names(schema)
        if name is not None
    ]


def rows(connection: Connection) -> dict[str, int]:
    """How many rows each table has."""
    return {
        found.fullname: int(connection.execute(select(func.count()).select_from(found)).scalar_one())
        for found in tables(connection)
        if found.name != VERSIONS
    }


def revision(connection: Connection) -> int:
    """0 for an instance that never started."""
    return int(connection.execute(select(instance.c.revision)).scalar() or 0)


def keys_in_use(connection: Connection) -> list[str]:
    """The ids of the key ring's keys that stored secrets refer to."""
    here = {(found.fullname, each.name) for found in tables(connection) for each in found.columns}
    found = set()
    for each in sealed.COLUMNS:
        if (each.table.fullname, each.column.name) in here:
            stored = connection.execute(select(each.column).where(each.column.is_not(None))).scalars()
            found |= {key_id(text) for text in stored}
    return sorted(found)


def copy(
    source: Connection, target: Connection, *, tell: Callable[[str, int], None] = lambda _table, _rows: None
) -> None:
    """All rows of all tables of `source` into the same tables of `target`, which are empty, and the next row ids.

    `tell` hears of each table when it is done, with the number of its rows.
    """
    for each in tables(source):
        if each.name == VERSIONS:
            continue
        count, found = 0, source.execute(select(each).execution_options(yield_per=_AT_ONCE)).mappings()
        for some in found.partitions(_AT_ONCE):
            _add(target, each, some)
            count += len(some)
        _copy_last_id(source, target, each)
        tell(each.fullname, count)


class Digest(NamedTuple):
    """Of a table: two are equal when it holds the same rows, in whatever order, and gives the same row id next."""

    rows: int
    sum: int
    last_id: int | None


def digest(connection: Connection, each: TableClause) -> Digest:
    """The columns go by name: the two databases may have them in another order."""
    names = sorted(one.name for one in each.columns)
    found = connection.execute(select(*(each.c[name] for name in names)).execution_options(yield_per=_AT_ONCE))
    count = total = 0
    for row in found:
        one = hashlib.sha256(msgspec.json.encode(tuple(row))).digest()
        count, total = count + 1, (total + int.from_bytes(one)) % 2**256
    return Digest(count, total, _last_id(connection, each))


def check_references_at_the_end(connection: Connection) -> None:
    """Of a transaction on SQLite: rows may come before those that they refer to."""
    connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON").close()


def gather_statistics(connection: Connection) -> None:
    """So that PostgreSQL plans well from the first query on."""
    for each in tables(connection):
        connection.exec_driver_sql(f"ANALYZE {connection.dialect.identifier_preparer.format_table(each)}").close()


def _add(target: Connection, each: TableClause, some: Sequence[RowMapping]) -> None:
    """PostgreSQL takes rows as a stream (COPY) much faster than as INSERTs."""
    if target.dialect.name == "sqlite":
        target.execute(insert(each), [dict(row) for row in some])
        return
    spelt = target.dialect.identifier_preparer
    names = [one.name for one in each.columns]
    columns = ", ".join(spelt.quote(name) for name in names)
    driver: Any = target.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {spelt.format_table(each)} ({columns}) FROM STDIN") as stream:
        for row in some:
            stream.write_row([row[name] for name in names])


def _copy_last_id(source: Connection, target: Connection, each: TableClause) -> None:
    """Ids of rows that are gone must not be given again."""
    last = _last_id(source, each)
    if last is None:
        return
    if target.dialect.name == "sqlite":
        schema = each.schema or "main"
        sequences = table("sqlite_sequence", column("name"), column("seq"), schema=schema)
        target.execute(sequences.delete().where(sequences.c.name == each.name))
        target.execute(insert(sequences).values(name=each.name, seq=last))
    else:
        sequence = func.pg_get_serial_sequence(each.fullname, "id")
        target.execute(select(func.setval(sequence, last)))


def _last_id(source: Connection, each: TableClause) -> int | None:
    """The highest row id that was ever given; None where ids are not given, or none was."""
    if "id" not in each.c:
        return None
    if source.dialect.name == "sqlite":
        sequences = table("sqlite_sequence", column("name"), column("seq"), schema=each.schema or "main")
        found = source.execute(select(sequences.c.seq).where(sequences.c.name == each.name)).scalar_one_or_none()
        return None if found is None else int(found)
    name = source.execute(select(func.pg_get_serial_sequence(each.fullname, "id"))).scalar_one()
    if name is None:
        return None
    schema, _, sequence = str(name).partition(".")
    state = table(sequence, column("last_value"), column("is_called"), schema=schema)
    last, called = source.execute(select(state.c.last_value, state.c.is_called)).one()
    return int(last) if called else None


def empty(connection: Connection, names: Sequence[str]) -> None:
    """Delete all rows of those of these tables that there are."""
    here = {found.fullname: found for found in tables(connection)}
    for name in names:
        if name in here:
            connection.execute(delete(here[name]))


def end_all_sessions(connection: Connection) -> None:
    """Every session of anybody belongs to an older epoch from here on."""
    connection.execute(update(people).values(session_epoch=people.c.session_epoch + 1))


def made_at(connection: Connection) -> int | None:
    """When the instance was made, in microseconds: what tells instances apart."""
    found = connection.execute(select(instance.c.created_at)).scalar()
    return None if found is None else int(found)


def set_canary(connection: Connection, sealed_text: str) -> None:
    connection.execute(update(instance).values(canary=sealed_text))


def canary(connection: Connection) -> str | None:
    """None for an instance that never started."""
    return connection.execute(select(instance.c.canary)).scalar()


def withdrawn_in(connection: Connection) -> "Earlier":
    """What this instance knows as deleted or disabled."""
    gone_keys = or_(keys.c.deleted_at.is_not(None), keys.c.disabled != 0)
    gone_people = or_(people.c.deleted_at.is_not(None), people.c.disabled != 0)
    return Earlier(
        made_at(connection),
        frozenset(connection.execute(select(keys.c.id).where(gone_keys)).scalars()),
        frozenset(connection.execute(select(people.c.id).where(gone_people)).scalars()),
    )


@dataclass(frozen=True, slots=True)
class Earlier:
    """An instance that is about to be replaced: when it was made, and row ids of what it has withdrawn.

    `is_known`: it could be read, or there was none.
    """

    made_at: int | None = None
    keys: frozenset[int] = frozenset()
    people: frozenset[int] = frozenset()
    is_known: bool = True


def sealed_rows(connection: Connection, each: SealedColumn) -> Sequence[Row[Any]]:
    """Rows of its table with a secret, in order, the secret as `sealed` too."""
    query = select(each.table, each.column.label("sealed")).where(each.column.is_not(None)).order_by(each.table.c.id)
    return connection.execute(query).all()


def sealed_otherwise(
    connection: Connection, each: SealedColumn, primary: str, *, after: int, limit: int
) -> Sequence[Row[Any]]:
    """The next rows with a secret under another key than this one, by id, the secret as `sealed` too."""
    otherwise = ~each.column.startswith(f"v1.{primary}.", autoescape=True)
    query = select(each.table, each.column.label("sealed")).where(each.column.is_not(None), otherwise)
    return connection.execute(query.where(each.table.c.id > after).order_by(each.table.c.id).limit(limit)).all()


def seal_anew(connection: Connection, each: SealedColumn, row: Row[Any], sealed_text: str) -> None:
    """Nothing else of the row changes. A secret that was replaced in the meantime stays as it is."""
    same = (each.table.c.id == row.id, each.column == row.sealed)
    connection.execute(update(each.table).where(*same).values({each.column: sealed_text}))


def count_live(connection: Connection) -> int:
    """Sessions that were not signed out of."""
    query = select(func.count()).select_from(sessions).where(sessions.c.revoked_at.is_(None))
    return int(connection.execute(query).scalar_one())


def active_keys(connection: Connection) -> list[tuple[int, str]]:
    """Id and name of all that work."""
    query = select(keys.c.id, keys.c.name).where(keys.c.deleted_at.is_(None), keys.c.disabled == 0)
    return [(row.id, row.name) for row in connection.execute(query.order_by(keys.c.id))]


def active_people(connection: Connection) -> list[tuple[int, str]]:
    """Id and e-mail address of all who are let in."""
    query = select(people.c.id, people.c.email).where(people.c.deleted_at.is_(None), people.c.disabled == 0)
    return [(row.id, row.email) for row in connection.execute(query.order_by(people.c.id))]


def disable_key(connection: Connection, key_id: int, *, now: int, revision: int) -> None:
    access.change_key(connection, key_id, {"disabled": 1}, now=now, revision=revision)


def disable_person(connection: Connection, person_id: int, *, now: int, revision: int) -> None:
    access.change_person(connection, person_id, {"disabled": 1}, now=now, revision=revision)


def drop_all(connection: Connection) -> None:
    """Every table of ours, on PostgreSQL, where that can be taken back."""
    connection.execute(DropSchema("activity", cascade=True, if_exists=True))
    for each in reversed(tables(connection)):
        connection.execute(DropTable(Table(each.name, MetaData())))


def lock_out_others(connection: Connection, *, until_closed: bool = False) -> bool:
    """Whether this transaction has the PostgreSQL database alone, as far as Lineups go; or this connection, until it
    is closed."""
    lock = func.pg_try_advisory_lock if until_closed else func.pg_try_advisory_xact_lock
    return bool(connection.execute(select(lock(holding.ADVISORY_LOCK))).scalar_one())
