"""SQL that writes the ledger, and forgets what is old."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, case, delete, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from model_lineup.database.many import insert_tuples
from model_lineup.ledger.entry import COLUMNS, Row
from model_lineup.ledger.sums import KEY, SUMS, by_day, first_contents
from model_lineup.ledger.tables import usage_batches, usage_days, usage_entries, usage_ttft

PRUNED_AT_ONCE = 2_000


def add(connection: Connection, batch: str, rows: Sequence[Row], now: int) -> None:
    """Write a batch of entries and add them to the sums; one that is there already is left alone."""
    make = _maker(connection)
    mark = make(usage_batches).values(batch=batch, at=now).on_conflict_do_nothing().returning(usage_batches.c.batch)
    if connection.execute(mark).first() is None:
        return
    insert_tuples(connection, usage_entries, COLUMNS, rows)
    _add_up(connection, usage_days, KEY, SUMS, by_day(rows), last="last_at")
    _add_up(connection, usage_ttft, ("day", "model_row", "bucket"), ("requests",), first_contents(rows))


def prune(connection: Connection, *, entries_before: int, days_before: int, batches_before: int) -> bool:
    """Drop some of what is too old, few at a time; whether there may be more. Moments, and a day since 1970."""
    more = False
    for each, old in (
        (usage_entries, usage_entries.c.at < entries_before),
        (usage_days, usage_days.c.day < days_before),
        (usage_ttft, usage_ttft.c.day < days_before),
        (usage_batches, usage_batches.c.at < batches_before),
    ):
        key = tuple_(*each.primary_key)
        some = select(*each.primary_key).where(old).limit(PRUNED_AT_ONCE)
        more |= connection.execute(delete(each).where(key.in_(some))).rowcount >= PRUNED_AT_ONCE
    return more


def _add_up(
    connection: Connection,
    into: Table,
    key: Sequence[str],
    sums: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    *,
    last: str | None = None,
) -> None:
    """Add these rows to those with the same key, or make them; in their order, so that no writers wait in a ring."""
    if not rows:
        return
    row = _maker(connection)(into)
    changes: dict[str, Any] = {name: into.c[name] + row.excluded[name] for name in sums}
    if last is not None:
        later = row.excluded[last] > into.c[last]
        changes[last] = case((later, row.excluded[last]), else_=into.c[last])
    connection.execute(row.on_conflict_do_update(index_elements=list(key), set_=changes), list(rows))


def _maker(connection: Connection) -> Any:
    return sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
