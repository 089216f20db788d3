"""SQL of failed guesses and of rates."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, Table, delete, select

from model_lineup.database.upsert import insert_once, upsert
from model_lineup.limits.tables import guess_failures, rate_windows

PRUNED_AT_ONCE = 200
_NO_FAILURE = {"failures": 0, "failed_at": 0, "locked_until": 0, "forgotten_at": 0}
_NO_USE = {"window": 0, "used": 0, "used_before": 0, "forgotten_at": 0}


def failures(connection: Connection, subject: str) -> Row[Any] | None:
    return connection.execute(select(guess_failures).where(guess_failures.c.subject == subject)).one_or_none()


def failures_to_change(connection: Connection, subject: str) -> Row[Any]:
    """The row, made where there is none; on PostgreSQL others who count wait here (SQLite has one writer anyway)."""
    return _to_change(connection, guess_failures, subject, _NO_FAILURE)


def put_failures(connection: Connection, subject: str, values: Mapping[str, Any]) -> None:
    upsert(connection, guess_failures, {"subject": subject}, values)


def clear_failures(connection: Connection, subject: str) -> None:
    connection.execute(delete(guess_failures).where(guess_failures.c.subject == subject))


def use(connection: Connection, subject: str) -> Row[Any] | None:
    return connection.execute(select(rate_windows).where(rate_windows.c.subject == subject)).one_or_none()


def use_to_change(connection: Connection, subject: str) -> Row[Any]:
    """As `failures_to_change`."""
    return _to_change(connection, rate_windows, subject, _NO_USE)


def put_use(connection: Connection, subject: str, values: Mapping[str, Any]) -> None:
    upsert(connection, rate_windows, {"subject": subject}, values)


def prune(connection: Connection, now: int) -> None:
    """Drop some of what counts no more: few at a time, so that nobody waits for it, and often enough to keep up."""
    for counted in (guess_failures, rate_windows):
        old = select(counted.c.subject).where(counted.c.forgotten_at < now).limit(PRUNED_AT_ONCE)
        connection.execute(delete(counted).where(counted.c.subject.in_(old), counted.c.forgotten_at < now))


def _to_change(connection: Connection, counted: Table, subject: str, empty: Mapping[str, int]) -> Row[Any]:
    insert_once(connection, counted, {"subject": subject, **empty})
    return connection.execute(select(counted).where(counted.c.subject == subject).with_for_update()).one()
