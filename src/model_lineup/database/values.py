"""Lists of values as one bound parameter, so that the text of a statement never grows with its input."""

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from model_lineup.database.metadata import Number, Words, dump

_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


def can_be_stored(text: str) -> bool:
    """Whether a column can hold this text. A NUL ends a text early on SQLite, and PostgreSQL refuses it; a lone
    surrogate has no UTF-8 form."""
    return not _UNSTORABLE.search(text)


def in_numbers(connection: Connection, column: ColumnElement[Any], numbers: Iterable[int]) -> ColumnElement[bool]:
    """`column IN numbers`, for row ids; up to 100 000 of them."""
    return _in(connection, column, list(numbers), Number)


def in_words(connection: Connection, column: ColumnElement[Any], words: Iterable[str]) -> ColumnElement[bool]:
    """`column IN words`, compared byte for byte. Words that no column can hold are in none."""
    return _in(connection, column, [word for word in words if can_be_stored(word)], Words)


def _in(connection: Connection, column: ColumnElement[Any], values: list[Any], kind: Any) -> ColumnElement[bool]:
    if connection.dialect.name == "sqlite":
        each = func.json_each(dump(values)).table_valued("value")
        return column.in_(select(each.c.value))
    array = bindparam(None, values, type_=ARRAY(kind.dialect_impl(connection.dialect)), unique=True)
    return column.in_(select(func.unnest(array)))
