"""Rows that belong to a configuration file are changed by the file alone: who changes them otherwise is told so.

It is asked once, where every change of the configuration comes by: the journal, before it is written. What a provider's
list, a catalogue or a probe says, and an end that comes, is nobody's decision and goes on; so do undoing, another
key in an emergency, and who may use a row: which groups it is limited to.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from model_lineup.changes.as_code.models import FLAGS, PINS
from model_lineup.changes.store.managed import TABLES, owners
from model_lineup.errors import ManagedByFile
from model_lineup.journal.shapes import Entry

APPLY, TAKE_OVER = "configuration.apply", "configuration.take_over"
_MAY = frozenset({APPLY, TAKE_OVER, "changes.undo", "models.retire"})
_KEY = frozenset({"api_key", "api_key_set", "api_key_last4", "api_key_reference"})
_FREE = {"provider": _KEY | {"position"}, "alias": frozenset({"groups"})}
_NAMED = 20


def refuse_locked(connection: Connection, operation: str, entries: Sequence[Entry]) -> None:
    """Raises ManagedByFile for a change of what a file decides."""
    if operation in _MAY:
        return
    for entity in [one for one in dict.fromkeys(entry.entity for entry in entries) if one in TABLES]:
        about = [entry for entry in entries if entry.entity == entity]
        found = owners(connection, entity, {entry.entity_id for entry in about})
        locked = [entry for entry in about if entry.entity_id in found and _decides(entry)] if found else ()
        if locked:
            raise _refused(entity, locked, found)


def _decides(entry: Entry) -> bool:
    """Whether it changes what somebody decides. A row that comes back is as it was."""
    if not entry.after:
        return True
    if entry.entity == "model":
        flags = any(name in entry.after for name in FLAGS)
        return flags or entry.after.get("deleted") is True or any(_repins(entry, name) for name in PINS)
    if entry.after.get("deleted") is False:
        return False
    return not entry.after.keys() <= _FREE.get(entry.entity, frozenset())


def _repins(entry: Entry, name: str) -> bool:
    return name in entry.after and _pin(entry.before.get(name)) != _pin(entry.after[name])


def _pin(fact: Any) -> Any:
    """What a fact says if it is a pin; None for another source's word."""
    return (fact.get("value"),) if isinstance(fact, Mapping) and fact.get("source") == "pin" else None


def _refused(entity: str, locked: Sequence[Entry], found: Mapping[int, str]) -> ManagedByFile:
    first = locked[0]
    label = found[first.entity_id]
    others = f" and {len(locked) - 1} more" if len(locked) > 1 else ""
    return ManagedByFile(
        f"The {entity} {first.label!r}{others} belongs to the configuration file {label!r}. Change it there and apply "
        "it, or take the row over first (POST /api/admin/take-over).",
        rows=[{"entity": entity, "id": one.entity_id, "managed_by": found[one.entity_id]} for one in locked[:_NAMED]],
        rows_total=len(locked),
    )
