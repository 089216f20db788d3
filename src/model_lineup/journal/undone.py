"""Which change sets were taken back, and by which.

A change set that took others back can be taken back itself, and then those count again: only what no living change
set has taken back stands.
"""

from collections.abc import Collection, Iterable, Sequence

import msgspec
from sqlalchemy import Connection, insert, select

from model_lineup.journal.shapes import ChangeSet
from model_lineup.journal.tables import undone_changes


def mark(connection: Connection, change_ids: Iterable[int], by: int) -> None:
    """`by` has taken these back."""
    rows = [{"change_id": one, "by_change": by} for one in change_ids]
    if rows:
        connection.execute(insert(undone_changes), rows)


def since(connection: Connection, change_id: int) -> dict[int, int]:
    """Change sets from this one on that are taken back now → the change set that did it."""
    columns = (undone_changes.c.change_id, undone_changes.c.by_change)
    found = connection.execute(select(*columns).where(undone_changes.c.by_change > change_id))
    standing: dict[int, int] = {}
    for undone, by in sorted(found.all(), key=lambda pair: -pair[1]):
        if by not in standing:
            standing[undone] = by
    return {undone: by for undone, by in standing.items() if undone >= change_id}


def with_undoings(connection: Connection, found: Sequence[ChangeSet]) -> list[ChangeSet]:
    """The same, each with what took it back and with what it took back."""
    if not found:
        return []
    ids = [one.id for one in found]
    standing = since(connection, min(ids))
    did = _undoes(connection, ids)
    return [msgspec.structs.replace(one, undone_by=standing.get(one.id), undoes=did.get(one.id, [])) for one in found]


def _undoes(connection: Connection, ids: Collection[int]) -> dict[int, list[int]]:
    of_these = undone_changes.c.by_change.in_(ids)
    rows = connection.execute(select(undone_changes).where(of_these).order_by(undone_changes.c.change_id))
    found: dict[int, list[int]] = {}
    for undone, by in rows:
        found.setdefault(by, []).append(undone)
    return found
