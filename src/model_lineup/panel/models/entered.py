"""What is entered about a model in forms, and what of it goes into the bodies that the API takes."""

from collections.abc import Mapping
from typing import Any

import msgspec

from model_lineup.catalog.facts import FURTHER, LISTS
from model_lineup.catalog.shapes import Model
from model_lineup.errors import LineupError
from model_lineup.panel.forms import Form, said_of_fields

TEXTS = ("display_name", "description", "task")
NUMBERS = ("context_length", "max_output_tokens")
CAPABILITIES = ("supports_tools", "supports_vision", "supports_streaming")
PRICES = ("input_per_million", "output_per_million", "cached_input_per_million")
END = ("message", "deprecated_at", "sunset_at", "successor_id")
MORE_FLAGS = tuple(field for field in FURTHER if field.startswith(("supports_", "is_")))
MORE_TEXTS = tuple(field for field in FURTHER if field not in (*LISTS, *MORE_FLAGS))
FACTS = (*TEXTS, *NUMBERS, *CAPABILITIES, "pricing", "lifecycle", *FURTHER)
FIELDS = (*TEXTS, *NUMBERS, *CAPABILITIES, *PRICES, *END, *FURTHER)
FLAGS = ("visible", "listed", "agents_enabled")
_YES_NO = {"true": True, "false": False}


def entered(form: Form) -> dict[str, str]:
    return {field: form.text(field) for field in FIELDS}


def texts_of(model: Model) -> dict[str, str]:
    """What stands in the form before anything is entered: the values that count now."""
    values: dict[str, Any] = {field: getattr(model, field) for field in (*TEXTS, *NUMBERS, *CAPABILITIES)}
    pricing: dict[str, Any] = msgspec.json.decode(model.pricing) or {}
    lifecycle: dict[str, Any] = msgspec.json.decode(model.lifecycle) or {}
    further: dict[str, Any] = msgspec.json.decode(model.facts)
    values |= {field: pricing.get(field) for field in PRICES} | {field: lifecycle.get(field) for field in END}
    values |= {field: further.get(field, {}).get("value") for field in FURTHER}
    return {field: _text(value) for field, value in values.items()}


def facts(form: Form, before: Mapping[str, str]) -> dict[str, Any]:
    """Facts of which something was changed: the new value, or None where all of it was emptied. Raises InvalidInput."""
    now = entered(form)
    found: dict[str, Any] = {}
    for field in (*TEXTS, *MORE_TEXTS):
        if now[field] != before.get(field, ""):
            found[field] = now[field] or None
    for field in NUMBERS:
        if now[field] != before.get(field, ""):
            found[field] = form.whole(field)
    for field in (*CAPABILITIES, *MORE_FLAGS):
        if now[field] != before.get(field, ""):
            found[field] = _YES_NO.get(now[field])
    for field in LISTS:
        if now[field] != before.get(field, ""):
            found[field] = [word.strip() for word in now[field].split(",") if word.strip()] or None
    if any(now[field] != before.get(field, "") for field in PRICES):
        found["pricing"] = {field: form.number(field) for field in PRICES if now[field]} or None
    if any(now[field] != before.get(field, "") for field in END):
        found["lifecycle"] = _end(form, now) or None
    return found


def wrong_fields(error: LineupError) -> dict[str, str]:
    """What is wrong by the field of the form: `/pricing/input_per_million` is `input_per_million` there."""
    return {_field_of(name): words for name, words in said_of_fields(error).items()}


def _field_of(pointer: str) -> str:
    """Of one of several words (`parameters/3`) the field that holds them."""
    field, _, last = pointer.rpartition("/")
    return field if field in LISTS else last


def _end(form: Form, now: Mapping[str, str]) -> dict[str, Any]:
    said: dict[str, Any] = {field: now[field] for field in END if now[field]}
    if "successor_id" in said:
        said["successor_id"] = form.whole("successor_id")
    return said


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(value) if isinstance(value, list) else str(value)
