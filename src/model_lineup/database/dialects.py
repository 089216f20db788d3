"""What the two databases say in different words, and indexes that only one of them needs."""

from typing import Any, Literal

from sqlalchemy import ColumnElement, Engine, FromClause, Index, Select, literal_column
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import Integer, Text


def position(text: str, column: ColumnElement[Any]) -> ColumnElement[int]:
    """Where `text`, a constant of ours, begins in the column: from 1, 0 where it is not, NULL in NULL."""
    quoted = text.replace("'", "''")
    return _Position(column, literal_column(f"'{quoted}'"))


class _Position(GenericFunction[int]):
    type = Integer()
    inherit_cache = True
    name = "strpos"


@compiles(_Position, "sqlite")
def _instr(element: _Position, compiler: Any, **kw: Any) -> str:
    return f"instr({', '.join(compiler.process(clause, **kw) for clause in element.clauses)})"


def without_case(column: ColumnElement[str]) -> ColumnElement[str]:
    """The column for a `LIKE` without regard to ASCII case, its pattern in small letters.

    SQLite's `LIKE` has none to begin with, and `lower` costs as much again as the comparison.
    """
    return _WithoutCase(column)


class _WithoutCase(GenericFunction[str]):
    type = Text()
    inherit_cache = True
    name = "lower"
    identifier = "without_case"  # `func.lower` stays what it is


@compiles(_WithoutCase, "sqlite")
def _as_it_is(element: _WithoutCase, compiler: Any, **kw: Any) -> str:
    return str(compiler.process(element.clauses, **kw))


def only_on(dialect: Literal["sqlite", "postgresql"], index: Index) -> Index:
    """An index that the other database does without."""
    index.info["only"] = dialect  # Alembic asks for it: `migrations/env.py`
    index.ddl_if(dialect=dialect)
    return index


def using(query: Select[Any], table: FromClause, index: Index) -> Select[Any]:
    """Reads `table` through this index on SQLite, which else guesses between indexes and guesses wrong.

    PostgreSQL chooses by its statistics. The index must hold for the query's conditions, or SQLite refuses it.
    """
    return query.with_hint(table, f"INDEXED BY {index.name}", "sqlite")


class _Compiler(SQLiteCompiler):
    def get_from_hint_text(self, table: FromClause, text: str | None) -> str | None:
        return text


def take_hints(engine: Engine) -> Engine:
    """SQLAlchemy knows `INDEXED BY` for no table; with this it does, on an engine for SQLite."""
    engine.dialect.statement_compiler = _Compiler
    return engine
