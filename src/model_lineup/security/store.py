"""SQL of the security log."""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from model_lineup.database.metadata import moment
from model_lineup.security.shapes import SecurityEntry, SecurityEvent
from model_lineup.security.tables import security_events

PRUNED_AT_ONCE = 500


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    connection.execute(insert(security_events).values(**values))


def add_to(connection: Connection, values: Mapping[str, Any]) -> None:
    """One more of the entry with the same `fold`, or the first."""
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    row = make(security_events).values(**values)
    more = {"count": security_events.c.count + row.excluded.count, "last_at": row.excluded.last_at}
    connection.execute(row.on_conflict_do_update(index_elements=["fold"], set_=more))


def page(
    connection: Connection, *, limit: int, offset: int, event: str | None, actor: str | None, since: int | None
) -> tuple[list[SecurityEntry], int]:
    """Newest first."""
    wanted = [
        *([security_events.c.event == event] if event is not None else []),
        *([security_events.c.actor == actor] if actor is not None else []),
        *([security_events.c.last_at >= since] if since is not None else []),
    ]
    total = connection.execute(select(func.count()).select_from(security_events).where(*wanted)).scalar_one()
    query = select(security_events).where(*wanted).order_by(security_events.c.id.desc()).limit(limit).offset(offset)
    return [_entry(row) for row in connection.execute(query)], int(total)


def prune(connection: Connection, before: int) -> int:
    """Drop some of what is too old, few at a time; how many that were."""
    old = select(security_events.c.id).where(security_events.c.last_at < before).limit(PRUNED_AT_ONCE)
    return connection.execute(delete(security_events).where(security_events.c.id.in_(old))).rowcount


def _entry(row: Row[Any]) -> SecurityEntry:
    return SecurityEntry(
        id=row.id,
        at=moment(row.at),
        last_at=moment(row.last_at),
        count=row._mapping["count"],
        event=SecurityEvent(row.event),
        actor=row.actor,
        address=row.address,
        user_agent=row.user_agent,
        request_id=row.request_id,
        details=msgspec.json.decode(row.details),
    )
