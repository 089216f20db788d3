"""SQL of notices; `tell` and `over` are for the transactions of other rooms."""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from model_lineup.database.metadata import dump, moment
from model_lineup.database.values import in_words
from model_lineup.notices.shapes import Notice, StoredNotice
from model_lineup.notices.tables import notice_states as states
from model_lineup.notices.tables import notices


def tell(connection: Connection, notice: Notice, at: int) -> bool:
    """Make this notice, in a transaction on the activity tables; False where the same was told already. `at`: now, in
    microseconds."""
    put = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    row = put(states).values(kind=notice.kind, subject=notice.subject, state=notice.state, at=at)
    is_new = row.on_conflict_do_update(
        index_elements=["kind", "subject"],
        set_={"state": row.excluded.state, "at": row.excluded.at},
        where=states.c.state != row.excluded.state,
    ).returning(states.c.state)
    if connection.execute(is_new).one_or_none() is None:
        return False
    add(connection, notice, at, spread=False)
    return True


def over(connection: Connection, kind: str, subject: str) -> None:
    """It is not so any more: if it is so again, that is a new notice."""
    connection.execute(delete(states).where(states.c.kind == kind, states.c.subject == subject))


def settle(connection: Connection, kind: str, found: Iterable[Notice], at: int) -> int:
    """Of this kind these are all that hold now: tell what is new, end what is over. Returns how many were told."""
    held = list(found)
    gone = ~in_words(connection, states.c.subject, [one.subject for one in held])
    connection.execute(delete(states).where(states.c.kind == kind, gone))
    return sum(tell(connection, one, at) for one in held)


def add(connection: Connection, notice: Notice, at: int, *, spread: bool) -> int:
    """The new row's id."""
    values = {
        "at": at,
        "kind": notice.kind,
        "subject": notice.subject,
        "state": notice.state,
        "text": notice.text,
        "details": dump(notice.details),
        "spread": int(spread),
    }
    return int(connection.execute(insert(notices).values(values).returning(notices.c.id)).scalar_one())


def page(connection: Connection, *, limit: int, offset: int, kind: str | None) -> tuple[list[StoredNotice], int]:
    """Newest first, and how many there are."""
    wanted = [] if kind is None else [notices.c.kind == kind]
    total = connection.execute(select(func.count()).select_from(notices).where(*wanted)).scalar_one()
    query = select(notices).where(*wanted).order_by(notices.c.id.desc()).limit(limit).offset(offset)
    return [stored(row) for row in connection.execute(query)], int(total)


def prune(connection: Connection, before: int) -> None:
    connection.execute(delete(notices).where(notices.c.at < before))


def stored(row: Row[Any]) -> StoredNotice:
    return StoredNotice(
        id=row.id,
        at=moment(row.at),
        kind=row.kind,
        subject=row.subject,
        state=row.state,
        text=row.text,
        details=msgspec.json.decode(row.details),
    )
