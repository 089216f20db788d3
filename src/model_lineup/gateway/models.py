"""The list of what may be called, from memory: one entry per name, in a form that both SDKs parse.

An entry is the union of OpenAI's (`id, object, created, owned_by`) and Anthropic's (`id, type, display_name,
created_at`), with window and capabilities; what is unknown is `null`. Made once per snapshot and sort of caller.
"""

from datetime import UTC, datetime
from typing import Any

import msgspec

from model_lineup.access.callers import Caller, CallerKind
from model_lineup.gateway.resolve import route_of
from model_lineup.routing.listing import listed
from model_lineup.routing.snapshot import ModelState, Snapshot


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
            found = _list(snapshot, kind)
            self._kept[kind] = (snapshot, found)
        return found


def entry(snapshot: Snapshot, name: str, caller: Caller) -> bytes:
    """What the list says of one name; also of names that are callable and not listed. Raises Refused."""
    model = route_of(snapshot, name, caller).models[0]
    return msgspec.json.encode(_entry(snapshot, name, model))


def _list(snapshot: Snapshot, kind: CallerKind) -> bytes:
    data = [_entry(snapshot, one.name, one.model) for one in listed(snapshot, kind)]
    ends = {"first_id": data[0]["id"], "last_id": data[-1]["id"]} if data else {"first_id": None, "last_id": None}
    return msgspec.json.encode({"object": "list", "data": data, "has_more": False, **ends})


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
