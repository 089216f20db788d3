"""SQL of leases and of chores."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from model_lineup.database.upsert import insert_once
from model_lineup.database.values import in_words
from model_lineup.jobs.tables import chores, leases


def take(connection: Connection, name: str, holder: str, *, now: int, until: int) -> bool:
    """One statement, so that of several who try at once one has it. Whether it is the holder's until then."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    wanted = insert(leases).values(name=name, holder=holder, until=until)
    free = or_(leases.c.until <= now, leases.c.holder == holder)
    taken = wanted.on_conflict_do_update(index_elements=["name"], set_={"holder": holder, "until": until}, where=free)
    return connection.execute(taken.returning(leases.c.name)).one_or_none() is not None


def give_back(connection: Connection, name: str, holder: str) -> None:
    connection.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))


def held(connection: Connection, name: str, *, now: int) -> bool:
    query = select(leases.c.name).where(leases.c.name == name, leases.c.until > now)
    return connection.execute(query).one_or_none() is not None


def forget_ended(connection: Connection, *, before: int) -> None:
    connection.execute(delete(leases).where(leases.c.until < before))


def claim_chore(connection: Connection, name: str, *, now: int, until: int, due_by: int | None, is_due: bool) -> bool:
    """Whether it is this transaction's now: nobody else is at it, and it is due, or was to be by `due_by`."""
    insert_once(connection, chores, {"name": name, "due_at": 0, "claimed_until": 0, "failures": 0})
    row = connection.execute(select(chores).where(chores.c.name == name).with_for_update()).one()
    due_at = row.due_at if due_by is None else min(row.due_at, due_by)
    if row.claimed_until > now or (due_at > now and not is_due):
        return False
    connection.execute(update(chores).where(chores.c.name == name).values(claimed_until=until))
    return True


def end_chore(connection: Connection, name: str, values: dict[str, Any]) -> None:
    connection.execute(update(chores).where(chores.c.name == name).values(claimed_until=0, **values))


def chore_rows(connection: Connection, names: Iterable[str]) -> dict[str, Row[Any]]:
    """Of those that were ever claimed, by name."""
    found = connection.execute(select(chores).where(in_words(connection, chores.c.name, names)))
    return {row.name: row for row in found}
