"""The list of what may be called, from memory: one entry per name, in a form that both SDKs parse.

An entry is the union of OpenAI's (`id, object, created, owned_by, shutdown_date`) and Anthropic's (`id, type,
display_name, created_at, max_input_tokens, max_tokens, lifecycle, deprecated_at, retires_at`), with window and
capabilities; what is unknown is `null`. Made once per snapshot and all who may see the same.
"""

from bisect import bisect_left, bisect_right
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from model_lineup.access.callers import Audience, Caller, CallerKind
from model_lineup.catalog.lifecycle import Notice
from model_lineup.gateway.failures import Refused
from model_lineup.gateway.notices import following
from model_lineup.gateway.resolve import ways_of
from model_lineup.gateway.shelves import Shelf, encoded
from model_lineup.routing.coming import as_told
from model_lineup.routing.listing import Listed, listed
from model_lineup.routing.snapshot import ModelState, Snapshot

_LONGEST_PAGE = 1000


class Page(NamedTuple):
    """`after`, `before`: the name next to the page, if it is not at the end of the list."""

    limit: int
    after: str | None
    before: str | None


class Lists:
    """Keeps the newest lists as bytes. A list of 10 000 names takes some 50 ms to make: `of` is for a thread, `kept`
    for the loop."""

    def __init__(self) -> None:
        self._shelves: dict[CallerKind, Shelf] = {}

    def kept(self, snapshot: Snapshot, audience: Audience) -> bytes | None:
        shelf = self._shelves.get(audience.kind)
        return shelf.kept(audience.groups) if shelf is not None and shelf.snapshot is snapshot else None

    def of(self, snapshot: Snapshot, audience: Audience) -> bytes:
        shelf = self._shelves.get(audience.kind)
        if shelf is None or shelf.snapshot is not snapshot:
            shelf = self._shelves[audience.kind] = Shelf(snapshot, audience.kind, _encoded)
        return shelf.list_for(audience.groups)


def entry(snapshot: Snapshot, name: str, caller: Caller) -> bytes:
    """What the list says of one name; also of names that are callable and not listed. Raises Refused."""
    model = ways_of(snapshot, name, caller).standing.models[0]
    return msgspec.json.encode(_entry(snapshot, name, model, caller.audience))


def page_asked_for(query: bytes) -> Page | None:
    """Anthropic's `limit`, `after_id`, `before_id`; None without any of them. What else is asked is nobody's business:
    clients add marks of their own. Raises Refused."""
    said = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
    if not said.keys() & {"limit", "after_id", "before_id"}:
        return None
    limit = said.get("limit", str(_LONGEST_PAGE))
    if not (limit.isascii() and limit.isdigit() and len(limit) < 6 and 1 <= int(limit) <= _LONGEST_PAGE):
        raise Refused(400, "invalid_field", f"limit must be a number from 1 to {_LONGEST_PAGE}.", param="limit")
    if "after_id" in said and "before_id" in said:
        raise Refused(400, "invalid_field", "Say after_id or before_id, not both.", param="before_id")
    return Page(int(limit), said.get("after_id"), said.get("before_id"))


def page(snapshot: Snapshot, audience: Audience, asked: Page) -> bytes:
    """The part of the list that follows `after`, or comes before `before`; a name that is gone since still has its
    place among the others."""
    found = listed(snapshot, audience)
    begin, end = 0, len(found)
    if asked.before is not None:
        end = bisect_left(found, asked.before, key=_name)
        begin = max(0, end - asked.limit)
        more = begin > 0
    else:
        begin = 0 if asked.after is None else bisect_right(found, asked.after, key=_name)
        end = min(end, begin + asked.limit)
        more = end < len(found)
    shown = found[begin:end]
    ends = (shown[0].name, shown[-1].name) if shown else (None, None)
    return encoded([_encoded(snapshot, one, audience) for one in shown], *ends, more=more)


def _name(one: Listed) -> str:
    return one.name


def _encoded(snapshot: Snapshot, one: Listed, audience: Audience) -> bytes:
    return msgspec.json.encode(_entry(snapshot, one.name, one.model, audience))


def _entry(snapshot: Snapshot, name: str, model: ModelState, audience: Audience) -> dict[str, Any]:
    model = as_told(snapshot, model, audience.kind)
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
        "max_input_tokens": model.context_length,
        "max_tokens": model.max_output_tokens,
        "lifecycle": "active",
        "capabilities": _capabilities(model),
    }
    if model.notice is not None:
        entry |= _end_of(snapshot, model, model.notice, audience)
    alias = snapshot.aliases.get(name)
    return {**entry, "alias_of": model.model_id} if alias is not None else entry


def _capabilities(model: ModelState) -> dict[str, Any]:
    """Ours, and beside them Anthropic's `image_input` where it is known: its SDK has no word for what is not."""
    ours = {
        "tools": model.supports_tools,
        "vision": model.supports_vision,
        "streaming": model.supports_streaming,
    }
    return ours if model.supports_vision is None else {**ours, "image_input": {"supported": model.supports_vision}}


def _end_of(snapshot: Snapshot, model: ModelState, notice: Notice, audience: Audience) -> dict[str, Any]:
    """In our words (`deprecated`, `deprecated_at`, `sunset_at`, `successor`, `notice`), in Anthropic's (`lifecycle`,
    `retires_at`) and in OpenAI's (`shutdown_date`, the day in UTC), as far as something is said."""
    ends = _at(notice.sunset_at)
    told = {
        "lifecycle": "deprecated",
        "deprecated": True,
        "deprecated_at": _at(notice.deprecated_at),
        "sunset_at": ends,
        "retires_at": ends,
        "shutdown_date": None if ends is None else ends.date(),
        "successor": following(snapshot, model, audience),
        "notice": notice.message,
    }
    return {name: value for name, value in told.items() if value is not None}


def _at(moment_s: int | None) -> datetime | None:
    return None if moment_s is None else datetime.fromtimestamp(moment_s, UTC)
