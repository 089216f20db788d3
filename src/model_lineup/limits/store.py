"""SQL of failed guesses, of rates, and of what keys have used."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, Table, bindparam, delete, select, update

from model_lineup.database.upsert import insert_once, upsert
from model_lineup.database.values import in_numbers
from model_lineup.limits.spending import Second, Spending
from model_lineup.limits.tables import guess_failures, key_spending, rate_windows

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


def spendings(connection: Connection, key_ids: Iterable[int]) -> dict[int, Spending]:
    """What these keys have used, by key; those that have used nothing are absent."""
    return _spendings(connection, _of_keys(connection, key_ids))


def spendings_to_change(connection: Connection, key_ids: Iterable[int]) -> dict[int, Spending]:
    """As `spendings`; on PostgreSQL others who book for these keys wait here (SQLite has one writer anyway)."""
    return _spendings(connection, _of_keys(connection, key_ids).order_by(key_spending.c.key_id).with_for_update())


def begin_spendings(connection: Connection, key_ids: Iterable[int]) -> None:
    for key_id in key_ids:
        empty = {"key_id": key_id, "seconds": "[]", "month": 0, "month_tokens": 0, "month_nanodollars": 0}
        insert_once(connection, key_spending, empty)


def put_spendings(connection: Connection, by_key: Mapping[int, Spending]) -> None:
    if by_key:
        connection.execute(_PUT, [{"key": key_id, **_columns(one)} for key_id, one in by_key.items()])


def forget_spendings(connection: Connection, *, before_month: int) -> None:
    """Drop some of the rows that nobody has booked in for so long: of keys that are gone, mostly."""
    old = select(key_spending.c.key_id).where(key_spending.c.month < before_month).limit(PRUNED_AT_ONCE)
    old = old.with_for_update(skip_locked=True)  # whoever holds one of them may be waiting for one of ours
    connection.execute(delete(key_spending).where(key_spending.c.key_id.in_(old)))


_PUT = (
    update(key_spending)
    .where(key_spending.c.key_id == bindparam("key"))
    .values({name: bindparam(name) for name in ("seconds", "month", "month_tokens", "month_nanodollars")})
)
_read_seconds = msgspec.json.Decoder(list[Second]).decode


def _of_keys(connection: Connection, key_ids: Iterable[int]) -> Select[Any]:
    return select(key_spending).where(in_numbers(connection, key_spending.c.key_id, key_ids))


def _spendings(connection: Connection, query: Select[Any]) -> dict[int, Spending]:
    return {
        key_id: Spending(_read_seconds(seconds), month, tokens, nanodollars)
        for key_id, seconds, month, tokens, nanodollars in connection.execute(query)
    }


def _columns(spending: Spending) -> dict[str, Any]:
    return {
        "seconds": msgspec.json.encode(spending.seconds).decode(),
        "month": spending.month,
        "month_tokens": spending.month_tokens,
        "month_nanodollars": spending.month_nanodollars,
    }
