"""Providers as they were: fields, order, there or not. A key that went does not come back."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from model_lineup.catalog.providers import Providers, journaled, living
from model_lineup.catalog.shapes import ProviderChanges
from model_lineup.catalog.store import providers as store
from model_lineup.changes.undo.net import DELETED, LeftOut, Row
from model_lineup.errors import CredentialRebindRequired, UndoConflict
from model_lineup.journal.record import Change

SECRET = frozenset({"api_key", "api_key_set", "api_key_last4", "api_key_reference"})
_SETTABLE = frozenset(msgspec.structs.asdict(ProviderChanges())) - SECRET


def without_secrets(rows: Iterable[Row]) -> list[LeftOut]:
    """Take the fields out of these rows that cannot be taken back."""
    found = []
    for row in rows:
        secret = sorted(SECRET & row.back.keys())
        for name in secret:
            del row.back[name], row.left[name]
        if "api_key" in secret or row.comes:
            reason = "A key that was replaced or wiped does not come back. Enter the key again."
            found.append(LeftOut("provider", row.id, row.label, ["api_key"], reason))
    return found


def write(change: Change, providers: Providers, rows: Iterable[Row]) -> None:
    """Bring these rows back to what they were, by the rules for changing a provider. Raises UndoConflict."""
    for row in rows:
        if row.comes:
            providers.bring_back(change, row.id, enabled=bool(row.back.get("enabled", False)))
        elif row.goes:
            providers.remove(change, living(store.one(change.connection, row.id), row.id))
        else:
            _fields(change, providers, row)


def _fields(change: Change, providers: Providers, row: Row) -> None:
    back = {name: value for name, value in row.back.items() if name in _SETTABLE}
    if back:
        try:
            providers.change_within(change, row.id, msgspec.convert(back, ProviderChanges))
        except CredentialRebindRequired as error:
            raise UndoConflict(
                f"Provider {row.id} has a key for another address by now: {error.detail}", conflicts=[]
            ) from None
    if "position" in row.back:
        before = living(store.one(change.connection, row.id), row.id).position
        position = row.back["position"]
        if position != before:
            values = {"position": position}
            store.change(change.connection, row.id, values, now=change.now, revision=change.revision)
            change.touched("provider", row.id, row.label, before={"position": before}, after=values)


def slug_is_taken(change: Change, slug: str) -> bool:
    return store.slug_taken(change.connection, slug)


def now(change: Change, rows: Iterable[Row]) -> Mapping[int, Mapping[str, Any]]:
    """Their fields as they are, in the words of the journal; of one that is deleted only that."""
    found = {row.id: store.one(change.connection, row.id) for row in rows}
    return {
        row_id: {DELETED: True}
        if provider is None
        else {
            **msgspec.json.decode(msgspec.json.encode(journaled(provider))),
            "position": provider.position,
            DELETED: False,
        }
        for row_id, provider in found.items()
    }
