"""The details of a model's page: each field, the value that counts, its origin and date, and what others say."""

from datetime import datetime
from typing import Any, NamedTuple

from model_lineup.catalog.facts import FIELDS
from model_lineup.catalog.shapes import Fact
from model_lineup.catalog.stating import FieldFacts, ModelFacts
from model_lineup.panel import wording
from model_lineup.panel.models.rows import ORIGINS

LABELS = {
    "display_name": "Name",
    "description": "Description",
    "task": "Task",
    "context_length": "Context",
    "max_output_tokens": "Most output",
    "supports_tools": "Tools",
    "supports_vision": "Vision",
    "supports_streaming": "Streaming",
    "pricing": "Price",
    "lifecycle": "End",
    "supports_streamed_tools": "Tools in streams",
    "supports_json_mode": "JSON mode",
    "supports_structured_output": "Strict JSON schema",
    "supports_reasoning": "Reasoning",
    "supports_system_prompt": "System prompt",
    "supports_stop": "Stop words",
    "supports_max_tokens": "Limit of output",
    "supports_pdf": "PDF files",
    "supports_audio": "Audio",
    "input_modalities": "Reads",
    "output_modalities": "Writes",
    "capabilities": "More abilities",
    "parameters": "Parameters",
    "methods": "Methods",
    "default_parameters": "Used unless said",
    "other_names": "Other names",
    "base_model": "Base model",
    "model_version": "Version",
    "owned_by": "Owned by",
    "knowledge_cutoff": "Knowledge until",
    "released_on": "Released",
    "is_deprecated": "Deprecated",
    "expected_end": "End, as catalogues say",
}


class Said(NamedTuple):
    """One source's word. `differs`: from the value that counts."""

    value: str
    origin: str
    by: str
    at: datetime | None
    differs: bool = False


class ShownFact(NamedTuple):
    """`said` is None where nobody has said anything; `others` are weaker, the strongest first."""

    field: str
    label: str
    said: Said | None
    unknown: str
    others: list[Said]
    is_pinned: bool


def facts_of(known: ModelFacts) -> list[ShownFact]:
    """The model's own fields always; further ones where somebody has a word on them."""
    return [_shown(one) for one in known.fields if one.field in FIELDS or one.effective is not None]


def told(value: Any) -> str:
    """A value of a fact or of a change, for reading."""
    if isinstance(value, dict) and value.keys() - {"contradicted_by"} == {"value", "source"}:
        return f"{told(value['value'])} ({ORIGINS.get(value['source'], value['source'])})"
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {told(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(told, value)) or "none"
    return wording.number(value) if isinstance(value, int | float) else str(value)


def _shown(one: FieldFacts) -> ShownFact:
    counts = one.effective
    weaker = one.said if counts is None or counts.source == "default" else one.said[1:]
    return ShownFact(
        one.field,
        LABELS.get(one.field, one.field.replace("_", " ")),
        None if counts is None else _said(counts, None),
        "none" if one.field == "lifecycle" else "unknown",
        [_said(fact, counts) for fact in weaker],
        counts is not None and counts.source == "pin",
    )


def _said(fact: Fact, counts: Fact | None) -> Said:
    differs = counts is not None and fact.value != counts.value
    by = fact.by if isinstance(fact.by, str) else ""
    return Said(told(fact.value), ORIGINS.get(fact.source, fact.source), by, fact.at, differs)
