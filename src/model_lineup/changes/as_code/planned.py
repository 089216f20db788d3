"""What applying a file did, or would do, row by row: read from the entries of the change itself."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from model_lineup.changes.undo.net import DELETED, turned
from model_lineup.journal.shapes import Entry, Impact

Outcome = Literal["added", "changed", "removed"]
ROWS = 1_000
"""Rows that an answer lists; all are counted."""


class PlannedRow(msgspec.Struct, frozen=True):
    """`name`: a slug, `slug/model_id`, an alias, or a group's. `changes`: `{before, after}` of each field that differs;
    of a fact each side is `{value, source}`, or null for unknown."""

    entity: str
    id: int
    name: str
    outcome: Outcome
    changes: dict[str, dict[str, Any]]


class MissingKey(msgspec.Struct, frozen=True):
    """A key that is needed and was not sent along."""

    provider: str
    reference: str


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """What a file did, or would do. `base_revision`: of the configuration that it was held against; `rows`: the first
    thousand of `rows_total`; `left_over`: rows of this file that it no longer names and that stay, because they were
    not to be pruned; `moves`: names in use that would mean another model."""

    label: str
    dry_run: bool
    base_revision: int
    added: int
    changed: int
    removed: int
    unchanged: int
    rows: list[PlannedRow]
    rows_total: int
    left_over: list[str]
    missing_keys: list[MissingKey]
    moves: list[str]
    revision: int
    change_id: int | None
    impact: Impact | UnsetType = UNSET


def rows_of(entries: Sequence[Entry], names: Mapping[tuple[str, int], str]) -> list[PlannedRow]:
    """One for each row that was touched. `names`: how the file names it, by entity and id."""
    merged: dict[tuple[str, int], tuple[dict[str, Any], dict[str, Any], str]] = {}
    for entry in entries:
        before, after, _ = merged.setdefault((entry.entity, entry.entity_id), ({}, {}, entry.label))
        old, new = turned(entry)
        if DELETED in new and not entry.before:
            new = {**entry.after, DELETED: False}
        for name in new:
            before.setdefault(name, old.get(name))
        after.update(new)
    return [
        PlannedRow(entity, row_id, names.get((entity, row_id), label), _outcome(before, after), _fields(before, after))
        for (entity, row_id), (before, after, label) in merged.items()
    ]


def _outcome(before: Mapping[str, Any], after: Mapping[str, Any]) -> Outcome:
    if before.get(DELETED) is True:
        return "added"
    return "removed" if after.get(DELETED) is True else "changed"


def _fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Of a row that goes nothing is told but that."""
    if after.get(DELETED) is True:
        return {}
    empty: tuple[Any, ...] = (None, "", [], {}, 0) if before.get(DELETED) is True else ()
    return {
        name: {"before": before.get(name), "after": value}
        for name, value in after.items()
        if name != DELETED and before.get(name) != value and not (value in empty and value is not False)
    }
