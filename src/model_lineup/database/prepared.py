"""Queries whose text is made once: for those few that nearly every request asks.

SQLAlchemy finds the text of a query again by walking it, each time, which costs several times what SQLite needs for a
handful of rows. Only for columns whose stored form is their value (numbers and words, as all of ours are).
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from model_lineup.database.metadata import Number, dump

Among = Callable[[ColumnElement[Any], str], ColumnElement[bool]]
"""`among(column, name)`: the column is one of the numbers that are given under this name, made by `numbers`."""


class _Written(NamedTuple):
    """`order`: the names of the parameters, where they are numbered; `own`: those that the query itself has given."""

    text: str
    order: Sequence[str] | None
    own: dict[str, Any]


class Prepared:
    """A query with named parameters (`bindparam`), each of which every call gives a value."""

    def __init__(self, query: Callable[[Among], Select[Any]]) -> None:
        self._query = query
        self._by_dialect: dict[str, _Written] = {}

    def rows(self, connection: Connection, **values: Any) -> Sequence[Row[Any]]:
        name = connection.dialect.name
        written = self._by_dialect.get(name) or self._by_dialect.setdefault(name, self._written(connection))
        given = written.own | values
        parameters = given if written.order is None else tuple([given[one] for one in written.order])
        return connection.exec_driver_sql(written.text, parameters).all()

    def one_or_none(self, connection: Connection, **values: Any) -> Row[Any] | None:
        """The one row that there can be."""
        rows = self.rows(connection, **values)
        return rows[0] if rows else None

    def _written(self, connection: Connection) -> _Written:
        among = _among_on_sqlite if connection.dialect.name == "sqlite" else _among_on_postgres
        compiled = self._query(among).compile(dialect=connection.dialect)
        own = {name: value for name, value in compiled.params.items() if value is not None}
        return _Written(str(compiled), getattr(compiled, "positiontup", None), own)


def numbers(connection: Connection, values: Sequence[int]) -> Any:
    """Numbers as the parameter of an `among`."""
    return dump(values) if connection.dialect.name == "sqlite" else list(values)


def _among_on_sqlite(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    each = func.json_each(bindparam(name)).table_valued("value")
    return column.in_(select(each.c.value))


def _among_on_postgres(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    return column == func.any(bindparam(name, type_=ARRAY(Number)))
