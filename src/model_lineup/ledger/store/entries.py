"""SQL that finds single entries."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select, tuple_

from model_lineup.ledger.shapes import WantedEntries
from model_lineup.ledger.store.days import narrowed, span_us
from model_lineup.ledger.tables import usage_entries


def newest(connection: Connection, wanted: WantedEntries, *, limit: int) -> Sequence[Row[Any]]:
    """Newest first. A request id is looked for by itself, whenever that was."""
    at, row_id = usage_entries.c.at, usage_entries.c.id
    first, after = span_us(wanted)
    span = [at >= first, at < after] if wanted.request_id is None else []
    query = select(usage_entries).where(*narrowed(connection, usage_entries, wanted, span))
    if wanted.request_id is not None:
        query = query.where(usage_entries.c.request_id == wanted.request_id)
    if wanted.code is not None:
        query = query.where(usage_entries.c.code == wanted.code)
    if wanted.before is not None:
        moment, last = wanted.before
        query = query.where(at <= moment, tuple_(at, row_id) < tuple_(moment, last))
    return connection.execute(query.order_by(at.desc(), row_id.desc()).limit(limit)).all()


def last_of_key(connection: Connection, key_id: int) -> int | None:
    """When a key was used last, of the entries that are kept; one step in an index."""
    return connection.execute(select(func.max(usage_entries.c.at)).where(usage_entries.c.key_id == key_id)).scalar()
