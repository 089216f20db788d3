"""What taking change sets back comes to, row by row. Pure.

Of several change sets that touched the same field, the oldest says what to return to, the newest what is expected now.
That a row came into being, or went, is a field like the others here: `deleted`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from model_lineup.journal.shapes import ChangeSet, Entry

DELETED = "deleted"
_MARKS = {"model": "source", "alias": "model", "provider": "slug", "group": "name", "staged_change": "operation"}
"""A field that stands plainly in what is noted of a new row. A new fact about a model has no `before` either."""
Fields = dict[str, Any]


@dataclass(slots=True)
class Row:
    """One touched row. `left`: its fields as the newest of the change sets left them; `back`: what they return to,
    where None is also what was not there. `touched`: by which change sets, and which fields."""

    entity: str
    id: int
    label: str
    left: Fields = field(default_factory=dict)
    back: Fields = field(default_factory=dict)
    touched: dict[int, frozenset[str]] = field(default_factory=dict)

    @property
    def goes(self) -> bool:
        return self.back.get(DELETED) is True

    @property
    def comes(self) -> bool:
        return self.back.get(DELETED) is False and self.left[DELETED] is True

    def met_by(self, change_id: int, entry: Entry) -> list[str]:
        """The fields of a later change that one of ours has touched before; all, where the row comes or goes."""
        later = frozenset(turned(entry)[1])
        earlier = frozenset[str]().union(*(names for one, names in self.touched.items() if one < change_id))
        if not earlier:
            return []
        return sorted(later if DELETED in (later | earlier) else later & earlier)


class LeftOut(msgspec.Struct, frozen=True):
    """What was not taken back, or has no effect for now, and why."""

    entity: str
    id: int
    label: str
    fields: list[str]
    reason: str


def turned(entry: Entry) -> tuple[Fields, Fields]:
    """Before and after of an entry, in which coming and going are a field."""
    before, after = entry.before, entry.after
    if not after:
        return {DELETED: False, **_switch(before)}, {DELETED: True, **dict.fromkeys(_switch(before), False)}
    if not before and isinstance(after.get(_MARKS.get(entry.entity, "")), str | int):
        return {DELETED: True}, {DELETED: False}
    return {name: before.get(name) for name in after}, after


def _switch(before: Fields) -> Fields:
    """A provider that goes is switched off with it."""
    return {name: value for name, value in before.items() if name == "enabled"}


def of(changes: Sequence[ChangeSet]) -> list[Row]:
    """One for each row that was touched."""
    rows: dict[tuple[str, int], Row] = {}
    for change in sorted(changes, key=lambda one: one.id, reverse=True):
        for entry in reversed(change.entries or ()):
            key = (entry.entity, entry.entity_id)
            row = rows.setdefault(key, Row(*key, entry.label))
            before, after = turned(entry)
            row.left = {**after, **row.left}
            row.back = {**row.back, **before}
            row.touched[change.id] = row.touched.get(change.id, frozenset()) | after.keys()
    return list(rows.values())
