"""Prices and windows from the package `genai-prices`, which brings its own rules for which id is which model.

Imported when it is first needed (0.15 s, 23 MB): a worker that only serves `/v1` never does. Nothing is fetched: the
data are those of the installed version. Its prices by tier are read as those of the first tier.
Source: https://github.com/pydantic/genai-prices (MIT), read 2026-11-23 as version 0.2.3. Decision: 0041.
"""

import functools
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from model_lineup.catalogues import checking
from model_lineup.catalogues.matching import Index
from model_lineup.catalogues.places import SERVICES, Place, service_named
from model_lineup.catalogues.shapes import Entry, Word

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, Provider

DISTRIBUTION = "genai-prices"


@functools.cache
def name() -> str:
    """With its version: `genai-prices 0.2.3`."""
    return f"{DISTRIBUTION} {version('genai-prices')}"


def word(place: Place, model_id: str, at: datetime) -> Word | None:
    """What the package says of this model. Prices are those of the moment `at`."""
    service = service_named(place.service) if place.service else None
    provider = None if service is None else _providers().get(service.genai_prices)
    if provider is not None and not place.own_names:
        found = provider.find_model(model_id.removeprefix("models/"))
        if found is not None:
            return Word(_facts(found, at), is_guess=False)
    return _windows().word(Place(None, place.may_guess), model_id)


def size() -> int:
    """How many models it has."""
    return sum(len(provider.models) for provider in _providers().values())


@functools.cache
def _providers() -> "dict[str, Provider]":
    from genai_prices.data import providers

    return {provider.id: provider for provider in providers}


@functools.cache
def _windows() -> Index:
    """For guesses: by id alone. The package's own rules are too wide for that: they know the service."""
    return Index(_entries())


def _entries() -> Iterator[Entry]:
    ours = {service.genai_prices: service.name for service in SERVICES if service.genai_prices}
    for provider in _providers().values():
        for model in provider.models:
            window = checking.count(model.context_window)
            if window is not None:
                yield Entry(ours.get(provider.id, provider.id), model.id, {"context_length": window})


def _facts(model: "ModelInfo", at: datetime) -> dict[str, Any]:
    told = {
        "context_length": checking.count(model.context_window),
        "pricing": _pricing(model, at),
        "is_deprecated": True if model.deprecated else None,
    }
    return checking.known(told)


def _pricing(model: "ModelInfo", at: datetime) -> dict[str, float] | None:
    prices = model.get_prices(at) if model.prices else None
    if prices is None:
        return None
    found = (_dollars(prices, word) for word in ("input_mtok", "output_mtok", "cache_read_mtok"))
    return checking.pricing(*found)


def _dollars(prices: Any, word: str) -> float | None:
    price = getattr(prices, word, None)
    price = getattr(price, "base", price)
    return checking.dollars(float(price)) if isinstance(price, Decimal) else None
