"""Which entry of a catalogue is which model. Pure.

Within the provider's own service an id matches byte for byte, but for case and a leading `models/`: that is the
catalogue's word. What matches only without a date, a maker's prefix or `:free`, or at another service, is a guess: it
counts for what a model can do, never for its price or its end, and only where all entries of that name agree. Of 2 563
such names 580 stand at more than one service, and half of them differ (research, 2026).
"""

import re
from collections.abc import Iterable
from typing import Any

from model_lineup.catalogues.places import Place
from model_lineup.catalogues.shapes import Entry, Word

GUESSABLE = frozenset(
    {
        "task",
        "context_length",
        "max_output_tokens",
        "supports_tools",
        "supports_vision",
        "supports_json_mode",
        "supports_structured_output",
        "supports_reasoning",
        "supports_system_prompt",
        "supports_pdf",
        "supports_audio",
        "input_modalities",
        "output_modalities",
        "knowledge_cutoff",
        "released_on",
    }
)
_REGION = re.compile(r"^(us|eu|apac|global|jp|au)\.(?=[a-z0-9]+\.)")
_MAKER = re.compile(r"^(anthropic|meta|mistral|amazon|cohere|ai21|deepseek|openai|qwen|google)\.(?=[a-z])")
_ENDS = re.compile(
    r"(:(free|beta|extended|latest|\d+)|[-@](20\d{6}|20\d\d-\d\d-\d\d)|-(latest|preview-\d\d-\d\d)|-v\d+)$"
)


def key_of(model_id: str) -> str:
    """The form in which ids of one service are compared."""
    return model_id.lower().removeprefix("models/")


def base_of(model_id: str) -> str:
    """The name without who serves it, where, and of which day: for guesses."""
    name = _MAKER.sub("", _REGION.sub("", key_of(model_id).rpartition("/")[2]))
    while (shorter := _ENDS.sub("", name)) != name and shorter:
        name = shorter
    return name


class Index:
    """All entries of one catalogue, found by service and id."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._exact: dict[tuple[str, str], dict[str, Any]] = {}
        self._bases: dict[str, list[Entry]] = {}
        for entry in entries:
            self._exact.setdefault((entry.service, key_of(entry.model_id)), entry.facts)
            self._bases.setdefault(base_of(entry.model_id), []).append(entry)

    def word(self, place: Place, model_id: str) -> Word | None:
        """None where the catalogue does not have this model, or says nothing that all its entries agree on."""
        if place.service is not None and not place.own_names:
            exact = self._exact.get((place.service, key_of(model_id)))
            if exact is not None:
                return Word(exact, is_guess=False)
        if not place.may_guess:
            return None
        found = self._bases.get(base_of(model_id), [])
        here = [entry for entry in found if entry.service == place.service]
        agreed = agreement([entry.facts for entry in here or found])
        return Word(agreed, is_guess=True) if agreed else None


def agreement(told: list[dict[str, Any]]) -> dict[str, Any]:
    """Of the fields that may be guessed those on which all that say anything say the same."""
    fields = {field for facts in told for field in facts if field in GUESSABLE}
    values = {field: [facts[field] for facts in told if field in facts] for field in fields}
    return {field: said[0] for field, said in values.items() if all(one == said[0] for one in said)}
