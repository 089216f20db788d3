"""Entries added up by day, and the buckets from which percentiles are read. Pure."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from model_lineup.ledger.entry import COLUMNS, DAY, Row

GROWTH = 1.1
"""Each bucket of times is a tenth wider than the one before: its middle is within 5 % of all that is in it."""
_LOG_GROWTH = math.log(GROWTH)
KEY = ("day", "key_id", "model_row", "outcome", "name", "on_behalf_of")
SUMS = (
    *("requests", "prompt_tokens", "prompt_told", "completion_tokens", "completion_told", "cached_tokens"),
    *("cached_told", "estimated", "ttft_us", "ttft_told", "duration_us", "nanodollars", "cost_told"),
)
_TOLD = (
    *(("prompt_tokens", "prompt_told"), ("completion_tokens", "completion_told"), ("cached_tokens", "cached_told")),
    *(("ttft_us", "ttft_told"), ("nanodollars", "cost_told")),
)
_AT, _KEY_ID, _BEHALF, _NAME, _MODEL, _PROVIDER, _OUTCOME, _TTFT = map(
    COLUMNS.index,
    ("at", "key_id", "on_behalf_of", "name", "model_row", "provider_id", "outcome", "ttft_us"),
)


def by_day(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Rows of `usage_days`, in the order of their key: whoever writes several at once takes them in this order."""
    days: defaultdict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        model_row, name = row[_MODEL], row[_NAME] or ""
        if model_row is None:  # a name that leads nowhere is the caller's invention, and has no end
            model_row, name = 0, ""
        days[row[_AT] // DAY, row[_KEY_ID], model_row, row[_OUTCOME], name, row[_BEHALF] or ""].append(row)
    return [_summed(key, days[key]) for key in sorted(days)]


def _summed(key: tuple[Any, ...], rows: list[Row]) -> dict[str, Any]:
    columns = dict(zip(COLUMNS, zip(*rows, strict=True), strict=True))
    day = dict(zip(KEY, key, strict=True))
    day |= {name: columns[name][0] or 0 for name in ("person_id", "provider_id")}
    day |= {"last_at": max(columns["at"]), "requests": len(rows), "duration_us": sum(columns["duration_us"])}
    day["estimated"] = columns["token_source"].count("estimated")
    for value, told in _TOLD:
        known = [one for one in columns[value] if one is not None]
        day[value], day[told] = sum(known), len(known)
    return day


def first_contents(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Rows of `usage_ttft`, in the order of their key."""
    found: dict[tuple[int, int, int], dict[str, Any]] = {}
    for row in rows:
        if row[_TTFT] is None or row[_MODEL] is None:
            continue
        key = (row[_AT] // DAY, row[_MODEL], bucket_of(row[_TTFT]))
        one = found.get(key)
        if one is None:
            names = ("day", "model_row", "bucket")
            provider = row[_PROVIDER] or 0
            one = found[key] = {**dict(zip(names, key, strict=True)), "provider_id": provider, "requests": 0}
        one["requests"] += 1
    return [found[key] for key in sorted(found)]


def bucket_of(time_us: int) -> int:
    return 0 if time_us < 1 else int(math.log(time_us) / _LOG_GROWTH)


def percentile(buckets: Mapping[int, int], share: float) -> float | None:
    """The time, in ms, that this share of the requests did not exceed, to within 5 %; None without requests.

    `buckets`: requests by bucket. The nearest rank, as everywhere in Lineup.
    """
    rank, seen = math.ceil(share * sum(buckets.values())), 0
    for bucket in sorted(buckets):
        seen += buckets[bucket]
        if seen >= rank:
            return float(GROWTH ** (bucket + 0.5)) / 1000
    return None
