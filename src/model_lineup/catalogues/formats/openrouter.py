"""OpenRouter's list (`GET /api/v1/models`), kept as a file: what the service openrouter offers.

Elsewhere its entries are no more than guesses: of whom OpenRouter buys is its own affair.
"""

from collections.abc import Iterator
from typing import Any

from model_lineup.catalogues import checking
from model_lineup.catalogues.shapes import Entry, Format, Skip
from model_lineup.upstream import facts

NAME: Format = "openrouter"


def is_it(value: Any) -> bool:
    entries = value.get("data") if isinstance(value, dict) else None
    return isinstance(entries, list) and any(isinstance(one, dict) and "architecture" in one for one in entries[:50])


def read(value: dict[str, Any]) -> Iterator[Entry | Skip]:
    for number, model in enumerate(value["data"]):
        model_id = checking.model_id(model.get("id")) if isinstance(model, dict) else None
        if model_id is None:
            yield Skip(f"entry {number}", "has no id that a model can be called by")
            continue
        told = facts.facts_of(model)
        told.pop("lifecycle", None)  # an end that a file tells would end a model here
        yield Entry("openrouter", model_id, told) if told else Skip(model_id, "tells nothing that can be used")


def hosts(value: dict[str, Any]) -> dict[str, str]:
    return {}


def dated(value: dict[str, Any]) -> str | None:
    days = [checking.unix_day(one.get("created")) for one in value["data"] if isinstance(one, dict)]
    return max((day for day in days if day is not None), default=None)
