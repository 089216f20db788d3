"""Lists of values as one bound parameter, so that the text of a statement never grows with its input."""

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import JSON, ColumnElement, Connection, Text, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from model_lineup.database.metadata import Number, dump

_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


def can_be_stored(text: str) -> bool:
    """Whether a column can hold this text. A NUL ends a text early on SQLite, and PostgreSQL refuses it; a lone
    surrogate has no UTF-8 form."""
    return not _UNSTORABLE.search(text)


def in_numbers(connection: Connection, column: ColumnElement[Any], numbers: Iterable[int]) -> ColumnElement[bool]:
    """`column IN numbers`, for row ids; up to 100 000 of them."""
    values = list(numbers)
    if connection.dialect.name == "sqlite":
        return _in_json(column, values)
    array = bindparam(None, values, type_=ARRAY(Number.dialect_impl(connection.dialect)), unique=True)
    return column.in_(select(func.unnest(array)))


def in_words(connection: Connection, column: ColumnElement[Any], words: Iterable[str]) -> ColumnElement[bool]:
    """`column IN words`, compared byte for byte. Words that no column can hold are in none."""
    values = [word for word in words if can_be_stored(word)]
    if connection.dialect.name == "sqlite":
        return _in_json(column, values)
    text = cast(bindparam(None, dump(values), type_=Text(), unique=True), JSON)
    return column.in_(select(func.json_array_elements_text(text)))  # the driver takes longer for an array


def _in_json(column: ColumnElement[Any], values: list[Any]) -> ColumnElement[bool]:
    each = func.json_each(dump(values)).table_valued("value")
    return column.in_(select(each.c.value))
