"""Rows in every table that there is, made from the tables themselves: a new one cannot be forgotten."""

import re
from typing import Any

from sqlalchemy import CheckConstraint, Column, Connection, Integer, Table, Text, insert

from model_lineup.database.metadata import activity, configuration

TABLES = [*configuration.sorted_tables, *activity.sorted_tables]
ROWS = 3
ODD = "'\"\\\t\n\u00e9\u202e\U0001f600 NULL \\N"
LARGE = 2**62


def fill(connection: Connection) -> None:
    """Three rows each (one of the instance's): texts of every sort, the largest numbers, and NULL where it may be."""
    for table in TABLES:
        alone = table.name == "instance"
        for number in range(1, (1 if alone else ROWS) + 1):
            connection.execute(insert(table).values(_row(table, number)))


def _row(table: Table, number: int) -> dict[str, Any]:
    return {column.name: _value(column, number) for column in table.columns}


def _value(column: Column[Any], number: int) -> Any:
    if column.foreign_keys or column.primary_key:
        return number if isinstance(column.type, Integer) else f"{number}"
    if column.nullable and number == ROWS:
        return None
    if allowed := _allowed(column):
        return allowed[number % len(allowed)]
    if isinstance(column.type, Text):
        return f"{number} {ODD}"
    return number % 2 if type(column.type) is Integer else LARGE + number


def _allowed(column: Column[Any]) -> list[str]:
    """The words of its `IN`, where it has one."""
    said = " ".join(str(one.sqltext) for one in column.constraints if isinstance(one, CheckConstraint))
    return re.findall(r"'(\w+)'", said)
