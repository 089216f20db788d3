"""How limits are told to callers: in the headers that OpenAI's users know, in Anthropic's format also in those that
Anthropic's users know, and in an error that says which limit."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from model_lineup.gateway.failures import Refused
from model_lineup.limits.spending import NANO, Allowance, Denial, Left

_WORDS = {
    "requests_per_minute": "{limit} requests per minute",
    "tokens_per_minute": "{limit} tokens per minute",
    "tokens_per_month": "{limit} tokens per calendar month",
    "cost_per_month": "${limit} per calendar month",
}
_PATIENCE_S = 60
"""SDKs wait and ask again by themselves; beyond this they are told not to."""


class _Bound(NamedTuple):
    """One limit per minute; `reset_s`: seconds until all of it is there again."""

    name: bytes
    limit: int
    left: int
    reset_s: float


def told(left: Left, allowed: Allowance) -> list[tuple[bytes, bytes]]:
    """`x-ratelimit-*` of the limits per minute that there are."""
    headers: list[tuple[bytes, bytes]] = []
    for name, limit, rest, reset_s in _bounds(left, allowed):
        of_limit, remaining, of_reset = _of_a_second(name, limit, math.ceil(reset_s))
        headers += (of_limit, (remaining, b"%d" % rest), of_reset)
    return headers


@lru_cache(maxsize=4096)
def _of_a_second(name: bytes, limit: int, reset_s: int) -> tuple[tuple[bytes, bytes], bytes, tuple[bytes, bytes]]:
    """What many answers have in common, and between them the name of what is different in each."""
    return (
        (b"x-ratelimit-limit-" + name, b"%d" % limit),
        b"x-ratelimit-remaining-" + name,
        (b"x-ratelimit-reset-" + name, b"%ds" % reset_s),
    )


def told_anthropic(left: Left, allowed: Allowance, now: int) -> list[tuple[bytes, bytes]]:
    """The same as `anthropic-ratelimit-*`, whose reset is a moment. `now`: microseconds since 1970."""
    headers = []
    for one in _bounds(left, allowed):
        reset = datetime.fromtimestamp(math.ceil(now / 1e6 + one.reset_s), UTC)
        begin = b"anthropic-ratelimit-" + one.name
        headers += [
            (begin + b"-limit", b"%d" % one.limit),
            (begin + b"-remaining", b"%d" % one.left),
            (begin + b"-reset", reset.strftime("%Y-%m-%dT%H:%M:%SZ").encode()),
        ]
    return headers


def _bounds(left: Left, allowed: Allowance) -> Iterator[_Bound]:
    if allowed.requests_per_minute is not None and left.requests is not None:
        yield _Bound(b"requests", allowed.requests_per_minute, left.requests, left.requests_reset_s)
    if allowed.tokens_per_minute is not None and left.tokens is not None:
        yield _Bound(b"tokens", allowed.tokens_per_minute, left.tokens, left.tokens_reset_s)


def refusal(denial: Denial) -> Refused:
    """429, with the wait where waiting helps."""
    limit = _amount(denial, denial.limit)
    whose, what = ("This key's limit", "key") if denial.group is None else (_shared(denial.group), "group")
    words = f"{whose} of {_WORDS[denial.which].format(limit=limit)}"
    if denial.wait_s is None:
        wanted = _amount(denial, denial.wanted)
        message = f"{words} is less than this request alone may use ({wanted}). Send less, or lower max_tokens."
        return Refused(429, f"request_exceeds_{what}_limit", message, headers=((b"x-should-retry", b"false"),))
    wait_s = max(1, math.ceil(denial.wait_s))
    message = f"{words} is reached. Try again in {wait_s} s."
    patient = () if wait_s <= _PATIENCE_S + 1 else ((b"x-should-retry", b"false"),)
    return Refused(429, f"{what}_limit_reached", message, retry_after_s=wait_s, headers=patient)


def _shared(group: str) -> str:
    return f"The limit that all of the group {group!r} share"


def _amount(denial: Denial, amount: int) -> str:
    return f"{amount / NANO:,.2f}" if denial.which == "cost_per_month" else f"{amount:,}"
