"""The list of what may be called, from memory: one entry per name, in a form that both SDKs parse.

An entry is the union of OpenAI's (`id, object, created, owned_by`) and Anthropic's (`id, type, display_name,
created_at`), with window and capabilities; what is unknown is `null`. Made once per snapshot and sort of caller.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from model_lineup.access.callers import Caller, CallerKind
from model_lineup.catalog import names
from model_lineup.gateway.resolve import may_use, route_of
from model_lineup.routing.snapshot import ModelState, Snapshot

_ANY: dict[CallerKind, Caller] = {
    "user": Caller(0, "user", "", "", None, None),
    "agent": Caller(0, "agent", "", "", None, None),
}


class Lists:
    """Keeps the newest list as bytes. A list of 10 000 names takes some 50 ms to make: `of` is for a thread, `kept`
    for the loop."""

    def __init__(self) -> None:
        self._kept: dict[CallerKind, tuple[Snapshot, bytes]] = {}

    def kept(self, snapshot: Snapshot, kind: CallerKind) -> bytes | None:
        found = self._kept.get(kind)
        return found[1] if found is not None and found[0] is snapshot else None

    def of(self, snapshot: Snapshot, kind: CallerKind) -> bytes:
        found = self.kept(snapshot, kind)
        if found is None:
            found = _list(snapshot, _ANY[kind])
            self._kept[kind] = (snapshot, found)
        return found


def entry(snapshot: Snapshot, name: str, caller: Caller) -> bytes:
    """What the list says of one name; also of names that are callable and not listed. Raises Refused."""
    model = route_of(snapshot, name, caller).models[0]
    return msgspec.json.encode(_entry(snapshot, name, model))


def _list(snapshot: Snapshot, caller: Caller) -> bytes:
    data = [
        _entry(snapshot, name, model) for name, model in sorted(_names(snapshot, caller), key=lambda named: named[0])
    ]
    ends = {"first_id": data[0]["id"], "last_id": data[-1]["id"]} if data else {"first_id": None, "last_id": None}
    return msgspec.json.encode({"object": "list", "data": data, "has_more": False, **ends})


def _names(snapshot: Snapshot, caller: Caller) -> Iterator[tuple[str, ModelState]]:
    """Every callable, listed name once: an id for the model that it means, `slug/id` for others of the same id."""
    for model in snapshot.models.values():
        if not model.listed or not may_use(snapshot, model, caller):
            continue
        name = _own_name(snapshot, model)
        if name is not None:
            yield name, model
    for alias in snapshot.aliases.values():
        model = snapshot.models[alias.row]
        if model.listed and may_use(snapshot, model, caller):
            yield alias.alias, model


def _own_name(snapshot: Snapshot, model: ModelState) -> str | None:
    """None where an alias has taken every name of it."""
    slug = snapshot.providers[model.provider_id].slug
    for name in (model.model_id, f"{slug}/{model.model_id}"):
        if name not in snapshot.aliases and _means(snapshot, name, model):
            return name
    return None


def _means(snapshot: Snapshot, name: str, model: ModelState) -> bool:
    hit = names.resolve(snapshot, name)
    return hit is not None and hit.row == model.id


def _entry(snapshot: Snapshot, name: str, model: ModelState) -> dict[str, Any]:
    slug = snapshot.providers[model.provider_id].slug
    created = datetime.fromtimestamp(model.created_at, UTC)
    entry = {
        "id": name,
        "object": "model",
        "type": "model",
        "created": model.created_at,
        "created_at": created,
        "owned_by": slug,
        "display_name": model.display_name,
        "task": model.task,
        "context_length": model.context_length,
        "max_output_tokens": model.max_output_tokens,
        "capabilities": {
            "tools": model.supports_tools,
            "vision": model.supports_vision,
            "streaming": model.supports_streaming,
        },
    }
    alias = snapshot.aliases.get(name)
    return {**entry, "alias_of": model.model_id} if alias is not None else entry
