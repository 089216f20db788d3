"""What stands against taking changes back: later changes of the same fields, and values that nobody left so."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection

from model_lineup.changes.undo.net import Row
from model_lineup.journal import store as journal_store

NAMED = 100
"""Conflicts that are listed; all are counted."""


class Standing(msgspec.Struct, frozen=True):
    """Something that stands against it. `change_id`: the later change that did it, where one did."""

    entity: str
    id: int
    label: str
    fields: list[str]
    reason: str
    change_id: int | None = None


def touched_later(
    connection: Connection, rows: Iterable[Row], oldest: int, passed_over: Collection[int]
) -> list[Standing]:
    """Later changes of what is to be taken back; those passed over are taken back too, or were."""
    by_key = {(row.entity, row.id): row for row in rows}
    ids: dict[str, set[int]] = {}
    for entity, row_id in by_key:
        ids.setdefault(entity, set()).add(row_id)
    found: list[Standing] = []
    for change_id, entry in journal_store.later(connection, oldest, ids):
        if change_id in passed_over:
            continue
        row = by_key[entry.entity, entry.entity_id]
        if fields := row.met_by(change_id, entry):
            reason = f"Change {change_id} touched it later."
            found.append(Standing(row.entity, row.id, row.label, fields, reason, change_id))
    return found


def not_as_left(row: Row, now: Mapping[str, Any]) -> list[Standing]:
    """Fields of a row that hold something else than what the changes left; `now`: those that are known."""
    differing = [name for name, value in row.left.items() if name in now and not _alike(value, now[name])]
    if not differing:
        return []
    reason = "It is not as the change left it, and no change set says why."
    return [Standing(row.entity, row.id, row.label, differing, reason)]


def _alike(left: Any, now: Any) -> bool:
    """What providers, catalogues and probes say beneath a pin is not in the journal: when the pin goes, their newest
    word comes to light, and stands in nobody's way."""
    return bool(left == now or (_is_a_word(left) and _is_a_word(now)))


def _is_a_word(fact: Any) -> bool:
    return isinstance(fact, dict) and fact.get("source", "pin") != "pin"
