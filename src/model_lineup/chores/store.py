"""SQL of chores."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, select, update

from model_lineup.chores.tables import chores
from model_lineup.database.upsert import insert_once
from model_lineup.database.values import in_words


def claim(connection: Connection, name: str, *, now: int, until: int, due_by: int | None, is_due: bool) -> bool:
    """Whether it is this transaction's now: nobody else is at it, and it is due, or was to be by `due_by`."""
    insert_once(connection, chores, {"name": name, "due_at": 0, "claimed_until": 0, "failures": 0})
    row = connection.execute(select(chores).where(chores.c.name == name).with_for_update()).one()
    due_at = row.due_at if due_by is None else min(row.due_at, due_by)
    if row.claimed_until > now or (due_at > now and not is_due):
        return False
    connection.execute(update(chores).where(chores.c.name == name).values(claimed_until=until))
    return True


def end(connection: Connection, name: str, values: dict[str, Any]) -> None:
    connection.execute(update(chores).where(chores.c.name == name).values(claimed_until=0, **values))


def rows(connection: Connection, names: Iterable[str]) -> dict[str, Row[Any]]:
    """Of those that were ever claimed, by name."""
    found = connection.execute(select(chores).where(in_words(connection, chores.c.name, names)))
    return {row.name: row for row in found}
