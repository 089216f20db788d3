"""What LiteLLM's `model_info` says of a model, as pins of ours."""

from collections.abc import Mapping
from typing import Any

from model_lineup.changes.as_code.shapes import ModelEntry, PricingEntry

_TASKS = {"chat": "chat", "completion": "chat", "responses": "chat", "embedding": "embedding"}
_FLAGS = {"supports_function_calling": "supports_tools", "supports_vision": "supports_vision"}
_COUNTS = {"max_input_tokens": "context_length", "max_output_tokens": "max_output_tokens"}
_KNOWN = {"mode", "input_cost_per_token", "output_cost_per_token", "description", "id", *_FLAGS, *_COUNTS}


def entry_of(said: Mapping[str, Any]) -> ModelEntry:
    """Shown, as everything is that a proxy has in its list."""
    found: dict[str, Any] = {}
    for name, ours in _FLAGS.items():
        if isinstance(said.get(name), bool):
            found[ours] = said[name]
    for name, ours in _COUNTS.items():
        if type(said.get(name)) is int and 0 < said[name] <= 10_000_000_000:
            found[ours] = said[name]
    if (mode := said.get("mode")) is not None:
        found["task"] = _TASKS.get(mode if isinstance(mode, str) else "", "other")
    if isinstance(description := said.get("description"), str) and "\x00" not in description:
        whole = description.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        found["description"] = whole[:2_000]
    prices = [_price(said.get(name)) for name in ("input_cost_per_token", "output_cost_per_token")]
    if prices[0] is not None and prices[1] is not None:
        found["pricing"] = PricingEntry(input_per_million=prices[0], output_per_million=prices[1])
    return ModelEntry(visible=True, **found)


def not_carried(said: Mapping[str, Any]) -> list[str]:
    return sorted(str(name) for name in said if name not in _KNOWN)


def _price(said: Any) -> float | None:
    """Per million; YAML reads 1e-06 as text."""
    try:
        found = float(said) if isinstance(said, str | int | float) and not isinstance(said, bool) else -1.0
    except (ValueError, OverflowError):
        return None
    return round(found * 1_000_000, 6) if 0 <= found <= 1 else None
