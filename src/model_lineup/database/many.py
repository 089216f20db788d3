"""Many rows at once: inserted by the driver itself, with ids that are known before.

SQLAlchemy handles each parameter of each row, which for thousands of rows takes longer than the database does. It is
done by the five thousand: one call that makes tuples of a million rows holds the interpreter for 200 ms, and with it
the event loop.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import JSON, Connection, Dialect, Table, Text, bindparam, cast, column, func, insert, select, table

AT_ONCE = 5_000
_LET_GO_AT_ONCE = 1_000
_IN_ONE_STATEMENT = 50
"""Of SQLite: with a few dozen columns less than the 32 766 values that one may have."""


def insert_many(connection: Connection, into: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of plain values, all with the same columns as the first; SQLite: one prepared statement, run for
    each row; PostgreSQL: one statement with all rows as JSON."""
    if not rows:
        return
    names = tuple(rows[0])
    values_of = _values_of(names)
    for start in range(0, len(rows), AT_ONCE):
        here = rows[start : start + AT_ONCE]
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(_sqlite_insert(into, names, connection.dialect), list(map(values_of, here)))
        else:
            _insert_json(connection, into, names, here)


def insert_tuples(connection: Connection, into: Table, names: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
    """The same from tuples of the values of `names`. On SQLite many rows go into one statement: between two statements
    the driver takes the interpreter back, and so keeps an event loop beside it from its work, once for each row."""
    if connection.dialect.name != "sqlite":
        for start in range(0, len(rows), AT_ONCE):
            here = [dict(zip(names, row, strict=True)) for row in rows[start : start + AT_ONCE]]
            _insert_json(connection, into, names, here)
        return
    one = _sqlite_insert(into, names, connection.dialect)
    whole = len(rows) - len(rows) % _IN_ONE_STATEMENT
    for start in range(0, whole, _IN_ONE_STATEMENT):
        values = tuple(chain.from_iterable(rows[start : start + _IN_ONE_STATEMENT]))
        connection.exec_driver_sql(_repeated(one), values)
    if whole < len(rows):
        connection.exec_driver_sql(one, list(rows[whole:]))


def _insert_json(connection: Connection, into: Table, names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """PostgreSQL: all rows as one JSON text. Arrays, which it reads as quickly, the driver writes with a regex for
    each of their texts: 2.5 s for 10 000 models."""
    text = cast(bindparam("rows", msgspec.json.encode(rows).decode(), type_=Text()), JSON)
    typed = (column(name, into.c[name].type) for name in names)
    each = func.json_to_recordset(text).table_valued(*typed).render_derived(with_types=True)
    connection.execute(insert(into).from_select([*names], select(*(each.c[name] for name in names))))


def next_ids(connection: Connection, of: Table, how_many: int) -> Sequence[int]:
    """Row ids that no row has had, ascending, reserved for this transaction; of a table with an `id` of its own."""
    if connection.dialect.name == "sqlite":
        sequence = table("sqlite_sequence", column("name"), column("seq"))
        last = connection.execute(select(sequence.c.seq).where(sequence.c.name == of.name)).scalar_one_or_none() or 0
        return range(last + 1, last + 1 + how_many)
    drawn = select(func.nextval(func.pg_get_serial_sequence(of.fullname, "id"))).select_from(
        func.generate_series(1, how_many)
    )
    return sorted(connection.execute(drawn).scalars())


def let_go(values: list[Any]) -> None:
    """Empty a long list that is not needed any more. Given back all at once, the parts of 100 000 models hold the
    interpreter for 200 ms."""
    while values:
        del values[-_LET_GO_AT_ONCE:]


def _values_of(names: tuple[str, ...]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    if len(names) == 1:
        return lambda row: (row[names[0]],)
    return itemgetter(*names)


@lru_cache
def _repeated(statement: str) -> str:
    """An INSERT of one row as one of many."""
    begin, _, values = statement.partition(" VALUES ")
    return f"{begin} VALUES {', '.join([values] * _IN_ONE_STATEMENT)}"


@lru_cache
def _sqlite_insert(into: Table, names: tuple[str, ...], dialect: Dialect) -> str:
    """The statement, with a question mark for each of `names` in their order."""
    target = table(into.name, *(column(name) for name in names), schema=into.schema)
    return str(insert(target).values({name: bindparam(name) for name in names}).compile(dialect=dialect))
