"""Entries added up by day, and the buckets from which percentiles are read. Pure."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from model_lineup.ledger.entry import DAY

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


def by_day(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of `usage_days`, in the order of their key: whoever writes several at once takes them in this order."""
    days: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        named = row["model_row"] is not None  # a name that leads nowhere is the caller's invention, and has no end
        key = (
            *(row["at"] // DAY, row["key_id"], row["model_row"] or 0, row["outcome"]),
            *(row["name"] or "" if named else "", row["on_behalf_of"] or ""),
        )
        day = days.get(key)
        if day is None:
            whose = {"person_id": row["person_id"] or 0, "provider_id": row["provider_id"] or 0, "last_at": row["at"]}
            day = days[key] = {**dict(zip(KEY, key, strict=True)), **whose, **dict.fromkeys(SUMS, 0)}
        day["requests"] += 1
        day["duration_us"] += row["duration_us"]
        day["last_at"] = max(day["last_at"], row["at"])
        day["estimated"] += row["token_source"] == "estimated"  # noqa: S105
        for value, told in _TOLD:
            if row[value] is not None:
                day[value] += row[value]
                day[told] += 1
    return [days[key] for key in sorted(days)]


def first_contents(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of `usage_ttft`, in the order of their key."""
    found: dict[tuple[int, int, int], dict[str, Any]] = {}
    for row in rows:
        if row["ttft_us"] is None or row["model_row"] is None:
            continue
        key = (row["at"] // DAY, row["model_row"], bucket_of(row["ttft_us"]))
        one = found.get(key)
        if one is None:
            names = ("day", "model_row", "bucket")
            provider = row["provider_id"] or 0
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
