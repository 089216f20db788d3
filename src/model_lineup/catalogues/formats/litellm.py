"""LiteLLM's map (`model_prices_and_context_window.json`): model ids, most with the service before a slash.

Prices are dollars per token. A flag that is absent is unknown, as its makers say.
Source: the map and its `sample_spec` entry, read 2026-11-23.
"""

from collections.abc import Iterator
from typing import Any

from model_lineup.catalogues import checking
from model_lineup.catalogues.places import SERVICES
from model_lineup.catalogues.shapes import Entry, Format, Skip

NAME: Format = "litellm"
_OURS = {service.litellm: service.name for service in SERVICES if service.litellm}
_OURS |= {"cohere_chat": "cohere", "azure_text": "azure", "text-completion-openai": "openai"}
_SAMPLE = "sample_spec"
_TASKS = {"chat": "chat", "completion": "chat", "responses": "chat", "embedding": "embedding"}
_FLAGS = {
    "supports_tools": "supports_function_calling",
    "supports_vision": "supports_vision",
    "supports_streaming": "supports_native_streaming",
    "supports_reasoning": "supports_reasoning",
    "supports_structured_output": "supports_response_schema",
    "supports_system_prompt": "supports_system_messages",
    "supports_pdf": "supports_pdf_input",
    "supports_audio": "supports_audio_input",
}


def is_it(value: Any) -> bool:
    entries = list(value.values())[:50] if isinstance(value, dict) else []
    return any(isinstance(one, dict) and "litellm_provider" in one for one in entries)


def read(value: dict[str, Any]) -> Iterator[Entry | Skip]:
    for key, model in value.items():
        if key != _SAMPLE:
            yield _entry(key, model)


def hosts(value: dict[str, Any]) -> dict[str, str]:
    return {}


def dated(value: dict[str, Any]) -> str | None:
    """The map has no date of its own."""
    return None


def _entry(key: str, model: Any) -> Entry | Skip:
    if not isinstance(model, dict):
        return Skip(key, "is not an object")
    service = checking.text(model.get("litellm_provider"))
    if service is None:
        return Skip(key, "does not name its provider")
    model_id = checking.model_id(key.removeprefix(f"{service}/"))
    if model_id is None:
        return Skip(key, "has no id that a model can be called by")
    facts = _facts(model)
    return Entry(_OURS.get(service, service), model_id, facts) if facts else Skip(key, "tells nothing that can be used")


def _facts(model: dict[str, Any]) -> dict[str, Any]:
    mode = model.get("mode")
    prices = (_dollars(model.get(f"{word}")) for word in _PRICES)
    return checking.known(
        {
            "task": _TASKS.get(mode, "other") if isinstance(mode, str) else None,
            "context_length": checking.count(model.get("max_input_tokens")),
            "max_output_tokens": checking.count(model.get("max_output_tokens")) if mode != "embedding" else None,
            **{field: checking.flag(model.get(theirs)) for field, theirs in _FLAGS.items()},
            "pricing": checking.pricing(*prices),
            "expected_end": checking.day(model.get("deprecation_date")),
        }
    )


_PRICES = ("input_cost_per_token", "output_cost_per_token", "cache_read_input_token_cost")


def _dollars(per_token: Any) -> float | None:
    is_number = isinstance(per_token, int | float) and not isinstance(per_token, bool)
    return checking.dollars(per_token * 1_000_000) if is_number else None
