"""Values of strangers' files, each checked: what is odd is unknown, and nothing is longer than it has to be. Pure."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

LONGEST_NAME, LONGEST_ID, LONGEST_WORD, MOST_WORDS = 200, 512, 60, 40
_LARGEST = 2**53
_MOST_DOLLARS = 1_000_000
_UNWANTED = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")


def known(told: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is not told (`None`)."""
    return {field: value for field, value in told.items() if value is not None}


def count(value: Any) -> int | None:
    """A number of tokens above 0; some files write whole numbers as 1e6."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if type(value) is int and 0 < value < _LARGEST else None


def flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def text(value: Any, longest: int = LONGEST_NAME) -> str | None:
    return _UNWANTED.sub("", value).strip()[:longest] or None if isinstance(value, str) else None


def model_id(value: Any) -> str | None:
    """Text by which a model can be called."""
    return value if isinstance(value, str) and 0 < len(value) <= LONGEST_ID and not _UNWANTED.search(value) else None


def words(value: Any) -> list[str] | None:
    """Short words, each once, sorted."""
    if not isinstance(value, list):
        return None
    found = {one for one in value[:1_000] if isinstance(one, str) and 0 < len(one) <= LONGEST_WORD}
    return sorted(one for one in found if not _UNWANTED.search(one))[:MOST_WORDS] or None


def day(value: Any) -> str | None:
    """A date, or a month, as `2027-01-31` or `2027-01`, however ISO 8601 was followed."""
    if not isinstance(value, str):
        return None
    is_month = _MONTH.fullmatch(value) is not None
    try:
        return date.fromisoformat(f"{value}-01" if is_month else value).isoformat()[: 7 if is_month else 10]
    except ValueError:
        return None


def dollars(value: Any) -> float | None:
    """US dollars per million tokens."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return round(float(value), 6) if math.isfinite(value) and 0 <= value <= _MOST_DOLLARS else None


def pricing(input_price: float | None, output_price: float | None, cached: float | None) -> dict[str, float] | None:
    """In the words of `catalog.prices`; None where a price is missing."""
    if input_price is None or output_price is None:
        return None
    told = {"input_per_million": input_price, "output_per_million": output_price}
    return told if cached is None else {**told, "cached_input_per_million": cached}


def unix_day(value: Any) -> str | None:
    """The day of a moment in seconds since 1970."""
    if type(value) is not int or not 0 < value < 253_402_300_800:
        return None
    return datetime.fromtimestamp(value, UTC).date().isoformat()
