"""A page of a list of models: which ids stand on it, found by the shortest way."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, func

from model_lineup.catalog.shapes import ModelFilter
from model_lineup.catalog.store import selecting

MANY = 10_000
"""So many are sorted in a moment. Of more, a list is read in the parts that `selecting.runs` makes of it."""


def ids(
    connection: Connection, wanted: ModelFilter, sort: str, *, total: int, limit: int, offset: int
) -> Sequence[int]:
    """Row ids, in the order of `sort`. `total`: how many the filter lets through, as this transaction sees it.

    Raises InvalidInput for an unknown field to sort by.
    """
    is_exact = wanted.q is None or total < selecting.COUNT_CAP
    parts = selecting.runs(wanted, sort) if is_exact and total > MANY else [selecting.matching(wanted, sort)]
    if len(parts) > 1:
        return _from_parts(connection, parts, limit, offset)
    if is_exact and total < 2 * offset:
        return _from_the_end(connection, wanted, sort, total=total, limit=limit, offset=offset)
    return _ids(connection, parts[0], limit, offset)


def _from_parts(connection: Connection, parts: Sequence[Select[Any]], limit: int, offset: int) -> list[int]:
    found: list[int] = []
    for part in parts:
        found += _ids(connection, part, limit - len(found), offset)
        if len(found) == limit:
            break
        offset = 0 if found or not offset else max(0, offset - _length(connection, part))
    return found


def _from_the_end(
    connection: Connection, wanted: ModelFilter, sort: str, *, total: int, limit: int, offset: int
) -> Sequence[int]:
    """What stands before a page is read and sorted to be left out; behind its middle a list is shorter from its end."""
    here = min(limit, total - offset)
    if here <= 0:
        return []
    backwards = selecting.matching(wanted, sort, backwards=True)
    return _ids(connection, backwards, here, total - offset - here)[::-1]


def _ids(connection: Connection, part: Select[Any], limit: int, offset: int) -> Sequence[int]:
    return connection.execute(part.limit(limit).offset(offset)).scalars().all()


def _length(connection: Connection, part: Select[Any]) -> int:
    return int(connection.execute(part.order_by(None).with_only_columns(func.count())).scalar_one())
