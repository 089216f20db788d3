"""Staged changes as they were: waiting, or cancelled. What was carried out or refused stays so; its rows go back."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from model_lineup.changes.store import staged as store
from model_lineup.changes.undo.later import Standing
from model_lineup.changes.undo.net import DELETED, Fields, Row
from model_lineup.journal.record import Change

ENTITY = "staged_change"
_OVER = ("done", "refused")


def to_take_back(rows: Iterable[Row]) -> list[Row]:
    """Without those of which the change said what became of them."""
    return [row for row in rows if row.left.get("state") not in _OVER]


def now(connection: Connection, rows: Iterable[Row]) -> dict[int, Fields]:
    found = {row.id: store.one(connection, row.id) for row in rows}
    return {staged_id: {"state": one.state, DELETED: False} for staged_id, one in found.items() if one is not None}


def in_the_way(change: Change, rows: Iterable[Row]) -> list[Standing]:
    """Moments that have passed, and changes that are no longer kept."""
    found = []
    for row in rows:
        one = store.one(change.connection, row.id)
        if one is None:
            found.append(Standing(ENTITY, row.id, row.label, ["state"], "It is no longer kept."))
        elif one.state in _OVER:
            reason = f"It is {one.state}: its moment has come."
            found.append(Standing(ENTITY, row.id, row.label, ["state"], reason))
        elif row.back.get("state") == "waiting" and one.due_at <= change.now:
            found.append(Standing(ENTITY, row.id, row.label, ["state"], "Its moment has passed: stage it again."))
    return found


def write(change: Change, rows: Iterable[Row], states: Mapping[int, Fields]) -> None:
    for row in rows:
        before, after = states[row.id]["state"], "cancelled" if row.goes else row.back.get("state", "waiting")
        if before == after:
            continue
        over = after != "waiting"
        values = {"state": after, "ended_at": change.now if over else None, "ended_by": "undo" if over else None}
        store.change(change.connection, row.id, {**values, "changed_at_revision": change.revision})
        change.touched(ENTITY, row.id, row.label, before={"state": before}, after={"state": after})
