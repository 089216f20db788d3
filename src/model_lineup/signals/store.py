"""SQL of signals."""

from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from model_lineup.signals.tables import signals

KEPT = 256


def add(connection: Connection, kind: str, subject: str, at: int) -> None:
    made = connection.execute(insert(signals).values(at=at, kind=kind, subject=subject).returning(signals.c.id))
    connection.execute(delete(signals).where(signals.c.id <= made.scalar_one() - KEPT))


def newest(connection: Connection, after: int) -> list[Row[Any]]:
    """Those with ids above `after`, oldest first."""
    return list(connection.execute(select(signals).where(signals.c.id > after).order_by(signals.c.id)))
