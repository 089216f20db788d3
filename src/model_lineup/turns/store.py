"""SQL of turns."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from model_lineup.database.metadata import moment
from model_lineup.database.values import in_numbers
from model_lineup.turns.shapes import Turn
from model_lineup.turns.tables import turns


class Standing(NamedTuple):
    """Of one kind: how many wait that are due, whether one waits for longer than since `early`, and whether one under
    way is held by nobody any more."""

    due: int
    overdue: bool
    lost: bool


def add(connection: Connection, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Their ids, in order."""
    return [int(connection.execute(insert(turns).values(row).returning(turns.c.id)).scalar_one()) for row in rows]


def of_kind(connection: Connection, kind: str | None, state: str | None, *, limit: int, early: int = 0) -> list[Turn]:
    """Those that begin next come first; none that were refused before `early`."""
    query = (
        select(turns).where((turns.c.due_at >= early) | (turns.c.state != "refused")).order_by(turns.c.id).limit(limit)
    )
    query = query if kind is None else query.where(turns.c.kind == kind)
    query = query if state is None else query.where(turns.c.state == state)
    return [_turn(row) for row in connection.execute(query)]


def open_of(connection: Connection, kind: str, model_rows: Collection[int]) -> list[Turn]:
    """Those of these models that wait or are under way, or were refused lately."""
    query = select(turns).where(turns.c.kind == kind, in_numbers(connection, turns.c.model_row, model_rows))
    return [_turn(row) for row in connection.execute(query.order_by(turns.c.id))]


def waiting(connection: Connection, kind: str) -> int:
    query = select(func.count()).where(turns.c.kind == kind, turns.c.state == "waiting")
    return int(connection.execute(query).scalar_one())


def standing(connection: Connection, *, now: int, early: int) -> dict[str, Standing]:
    """Of each kind of which anything is there, seen without a write."""
    query = select(turns.c.kind, turns.c.state, turns.c.due_at, turns.c.asked_at, turns.c.held_until)
    found: dict[str, Standing] = {}
    for row in connection.execute(query.where(turns.c.state != "refused")):
        before = found.get(row.kind, Standing(0, False, False))
        waits = row.state == "waiting"
        found[row.kind] = Standing(
            before.due + (waits and row.due_at <= now),
            before.overdue or (waits and row.asked_at < early),
            before.lost or (not waits and row.held_until <= now),
        )
    return found


def claim(connection: Connection, kind: str, holder: str, *, at_once: int, now: int, until: int) -> Turn | None:
    """The next that waits, from now on the holder's; None while so many are under way, or where none is due.

    One statement: of two that try at once both see the same next one, and only one gets it.
    """
    same = turns.alias()
    under_way = select(func.count()).where(same.c.kind == kind, same.c.state == "under_way").scalar_subquery()
    other = turns.alias()
    first = select(func.min(other.c.id)).where(other.c.kind == kind, other.c.state == "waiting", other.c.due_at <= now)
    query = (
        update(turns)
        .where(turns.c.id == first.scalar_subquery(), turns.c.state == "waiting", under_way < at_once)
        .values(state="under_way", holder=holder, held_until=until)
        .returning(turns)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else _turn(row)


def hold(connection: Connection, ids: Collection[int], holder: str, *, until: int) -> set[int]:
    """Hold these for longer; those that are still the holder's."""
    query = update(turns).where(in_numbers(connection, turns.c.id, ids), turns.c.holder == holder)
    return set(connection.execute(query.values(held_until=until).returning(turns.c.id)).scalars())


def put_back(connection: Connection, turn_id: int, holder: str, *, due_at: int) -> None:
    query = update(turns).where(turns.c.id == turn_id, turns.c.holder == holder)
    connection.execute(query.values(state="waiting", holder="", held_until=0, due_at=due_at))


def refuse(connection: Connection, turn_id: int, reason: str, *, now: int) -> None:
    query = update(turns).where(turns.c.id == turn_id)
    connection.execute(query.values(state="refused", reason=reason, holder="", held_until=0, due_at=now))


def refuse_lost(connection: Connection, reason: str, *, now: int) -> int:
    """Those under way that nobody holds any more; how many."""
    query = update(turns).where(turns.c.state == "under_way", turns.c.held_until <= now)
    changed = query.values(state="refused", reason=reason, holder="", held_until=0, due_at=now)
    return connection.execute(changed).rowcount


def refuse_early(connection: Connection, reason: str, *, early: int, now: int) -> int:
    query = update(turns).where(turns.c.state == "waiting", turns.c.asked_at < early)
    return connection.execute(query.values(state="refused", reason=reason, due_at=now)).rowcount


def take_away(connection: Connection, ids: Collection[int]) -> None:
    connection.execute(delete(turns).where(in_numbers(connection, turns.c.id, ids)))


def cancel(connection: Connection, kind: str | None, turn_id: int | None) -> int:
    """Those that wait and those under way, whoever holds them; how many."""
    query = delete(turns).where(turns.c.state != "refused")
    query = query if kind is None else query.where(turns.c.kind == kind)
    query = query if turn_id is None else query.where(turns.c.id == turn_id)
    return connection.execute(query).rowcount


def forget_refused(connection: Connection, *, before: int) -> None:
    connection.execute(delete(turns).where(turns.c.state == "refused", turns.c.due_at < before))


def _turn(row: Row[Any]) -> Turn:
    return Turn(
        id=row.id,
        kind=row.kind,
        model=row.model_row,
        model_id=row.model_id,
        asked=msgspec.Raw(row.asked.encode()),
        actor=row.actor,
        state=row.state,
        reason=row.reason,
        asked_at=moment(row.asked_at),
    )
