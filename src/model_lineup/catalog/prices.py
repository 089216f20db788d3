"""What a model's tokens cost, out of the words of an administrator or of a provider's list. Pure.

An administrator says US dollars per million tokens (`input_per_million`, `output_per_million`, and
`cached_input_per_million` if that differs). A list is understood where it says US dollars per token as OpenRouter does
(`prompt`, `completion`, `input_cache_read`, `request`). Other words are not guessed at: a price that is wrong by a
factor of a million is worse than none.
"""

import math
from collections.abc import Mapping
from typing import Any

import msgspec

_NANO = 1_000_000_000


class Price(msgspec.Struct, frozen=True, gc=False):
    """In billionths of a US dollar, per token and per request."""

    input: float
    output: float
    cached_input: float
    request: float = 0.0

    def of(self, prompt: int, completion: int, cached: int = 0) -> int:
        """What so many tokens cost, rounded up; `cached` are among the prompt's."""
        cached = min(cached, prompt)
        tokens = (prompt - cached) * self.input + cached * self.cached_input + completion * self.output
        return math.ceil(tokens + self.request)


def price_of(pricing: Mapping[str, Any]) -> Price | None:
    """None where it is not known, or cannot be understood."""
    if "input_per_million" in pricing:
        words = ("input_per_million", "output_per_million", "cached_input_per_million")
        found, per = [_number(pricing.get(word)) for word in words], 1_000_000
    else:
        found, per = [_number(pricing.get(word)) for word in ("prompt", "completion", "input_cache_read")], 1
    price, output, cached = (None if value is None else value * _NANO / per for value in found)
    if price is None or output is None:
        return None
    request = _number(pricing.get("request", 0))
    if request is None:
        return None
    return Price(price, output, price if cached is None else cached, request * _NANO)


def _number(value: Any) -> float | None:
    """Not negative: some lists say -1 for "it depends"."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and number >= 0 else None
