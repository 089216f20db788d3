"""What is known of a model, and from whom. One function decides which of several sources counts.

Precedence: the admin's pin, then a probe, then the provider's list, then a catalogue of that provider, then a probe
that is stale, then a guess, then the default. A source that says None says nothing: unknown is never false, and never
hides what another knows.
Source of the rule: docs/decisions/0009-facts-with-origin.md, 0041-catalogues.md, 0043-capability-probes.md.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET

from model_lineup.catalog import contradictions
from model_lineup.catalog.shapes import Fact

PRECEDENCE = ("pin", "probe", "provider", "catalogue", "stale_probe", "guess", "default")
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
"""Fields that are columns of the model's row: filtered, sorted, pinned."""
FURTHER = (
    "supports_streamed_tools",
    "supports_json_mode",
    "supports_structured_output",
    "supports_reasoning",
    "supports_system_prompt",
    "supports_stop",
    "supports_max_tokens",
    "supports_pdf",
    "supports_audio",
    "input_modalities",
    "output_modalities",
    "capabilities",
    "parameters",
    "methods",
    "default_parameters",
    "other_names",
    "base_model",
    "model_version",
    "owned_by",
    "knowledge_cutoff",
    "released_on",
    "is_deprecated",
    "expected_end",
)
"""Fields that stand in `facts` alone: flags are true or false, `…_modalities`, `capabilities` (further words that the
source says yes to), `parameters`, `methods`, `default_parameters` (`temperature=0.7`) and `other_names` (under which
the same model answers) are lists of text, the others are text. `is_deprecated` and
`expected_end` are a catalogue's word on a model's end, which ends nothing: only `lifecycle` does."""

LISTS = (
    "input_modalities",
    "output_modalities",
    "capabilities",
    "parameters",
    "methods",
    "default_parameters",
    "other_names",
)
"""Those of the further fields that are lists of words."""

_RANK = {source: rank for rank, source in enumerate(PRECEDENCE)}
_ORDER = (*FIELDS, *FURTHER)


class StatedFact(msgspec.Struct, frozen=True, gc=False):
    """One source's word on one field. `by`: who that is where the source has several, as `genai-prices 0.2.3`."""

    field: str
    source: str
    value: Any
    at: datetime
    by: str | None = None


def effective(model_id: str, stated: Iterable[StatedFact], created_at: datetime) -> dict[str, Fact]:
    """The value that counts for each field that somebody has a word on; fields without one are unknown and absent."""
    chosen: dict[str, StatedFact] = {}
    stated = list(stated)
    for fact in stated:
        if fact.value is None:
            continue
        rival = chosen.get(fact.field)
        if rival is None or _RANK[fact.source] < _RANK[rival.source]:
            chosen[fact.field] = fact
    facts = {field: as_fact(fact) for field, fact in chosen.items()}
    if any(fact.source == "probe" for fact in stated):
        facts = contradictions.marked(facts, ((fact.field, fact.source, fact.value) for fact in stated))
    for field, value in _defaults(model_id, facts).items():
        facts.setdefault(field, Fact(value, "default", created_at))
    return {field: facts[field] for field in _ORDER if field in facts}


def as_fact(said: StatedFact) -> Fact:
    """Without its field."""
    if said.by is None:
        return Fact(said.value, said.source, said.at)
    return Fact(said.value, said.source, said.at, said.by)


def origin(known: Fact) -> dict[str, Any]:
    """A value as the journal notes it, with what contradicts it."""
    told = {"value": known.value, "source": known.source}
    return told if known.contradicted_by is UNSET else {**told, "contradicted_by": known.contradicted_by}


def by_field(stated: Iterable[StatedFact]) -> dict[str, list[Fact]]:
    """What every source says of each field, the one that counts first; defaults are nobody's word."""
    found: dict[str, list[StatedFact]] = {}
    for fact in stated:
        if fact.value is not None:
            found.setdefault(fact.field, []).append(fact)
    ranked = {field: sorted(said, key=lambda one: _RANK[one.source]) for field, said in found.items()}
    return {field: [as_fact(one) for one in ranked[field]] for field in _ORDER if field in ranked}


def pinned(stated: Iterable[StatedFact], pins: Mapping[str, Any], at: datetime) -> list[StatedFact]:
    """The facts after an admin said `pins`: None takes a pin away, a value sets it; an equal pin keeps its date."""
    return restated(stated, "pin", pins, at)


def restated(
    stated: Iterable[StatedFact], source: str, said: Mapping[str, Any], at: datetime, *, by: str | None = None
) -> list[StatedFact]:
    """The facts after `source` said this: None takes its word back, a value sets it; an equal one keeps its date."""
    kept = {(fact.field, fact.source): fact for fact in stated}
    for field, value in said.items():
        old = kept.get((field, source))
        if value is None:
            kept.pop((field, source), None)
        elif old is None or old.value != value or type(old.value) is not type(value) or old.by != by:
            kept[field, source] = StatedFact(field, source, value, at, by)
    return list(kept.values())


def _defaults(model_id: str, facts: Mapping[str, Fact]) -> dict[str, Any]:
    """Every chat API streams, so a model that may be one is taken to stream until somebody knows better."""
    task = facts["task"].value if "task" in facts else "unknown"
    defaults = {"display_name": model_id, "task": "unknown"}
    return defaults if task in ("embedding", "other") else {**defaults, "supports_streaming": True}
