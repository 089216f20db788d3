"""What is known of a model, and from whom. One function decides which of several sources counts.

Precedence: the admin's pin, then a probe, then the provider's list, then a catalogue, then a guess, then the default.
Source of the rule: docs/decisions/0009-facts-with-origin.md.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from model_lineup.catalog.shapes import Fact

PRECEDENCE = ("pin", "probe", "provider", "catalogue", "guess", "default")
FIELDS = (
    "display_name",
    "description",
    "task",
    "context_length",
    "max_output_tokens",
    "supports_tools",
    "supports_vision",
    "supports_streaming",
    "pricing",
    "lifecycle",
)


_RANK = {source: rank for rank, source in enumerate(PRECEDENCE)}


class StatedFact(msgspec.Struct, frozen=True, gc=False):
    """One source's word on one field."""

    field: str
    source: str
    value: Any
    at: datetime


def effective(model_id: str, stated: Iterable[StatedFact], created_at: datetime) -> dict[str, Fact]:
    """The value that counts for each field that somebody has a word on; fields without one are unknown and absent."""
    chosen: dict[str, StatedFact] = {}
    for fact in stated:
        rival = chosen.get(fact.field)
        if rival is None or _RANK[fact.source] < _RANK[rival.source]:
            chosen[fact.field] = fact
    facts = {field: Fact(fact.value, fact.source, fact.at) for field, fact in chosen.items()}
    for field, value in _defaults(model_id, facts).items():
        facts.setdefault(field, Fact(value, "default", created_at))
    return {field: facts[field] for field in FIELDS if field in facts}


def pinned(stated: Iterable[StatedFact], pins: Mapping[str, Any], at: datetime) -> list[StatedFact]:
    """The facts after an admin said `pins`: None takes a pin away, a value sets it; an equal pin keeps its date."""
    kept = {(fact.field, fact.source): fact for fact in stated}
    for field, value in pins.items():
        old = kept.get((field, "pin"))
        if value is None:
            kept.pop((field, "pin"), None)
        elif old is None or old.value != value or type(old.value) is not type(value):
            kept[field, "pin"] = StatedFact(field, "pin", value, at)
    return list(kept.values())


def _defaults(model_id: str, facts: Mapping[str, Fact]) -> dict[str, Any]:
    """Every chat API streams, so a model that may be one is taken to stream until somebody knows better."""
    task = facts["task"].value if "task" in facts else "unknown"
    defaults = {"display_name": model_id, "task": "unknown"}
    return defaults if task in ("embedding", "other") else {**defaults, "supports_streaming": True}
