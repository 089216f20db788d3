"""One request, as it is handed over by the hot path, and as it is stored."""

from typing import Any, Literal

import msgspec

Outcome = Literal["completed", "client_closed", "upstream_failed", "refused"]
OUTCOMES: tuple[Outcome, ...] = ("completed", "client_closed", "upstream_failed", "refused")
TokenSource = Literal["provider", "estimated", "none"]
DAY = 86_400 * 1_000_000
"""Microseconds."""
TESTS, CAPABILITY_TESTS, BENCHMARKS = "tests", "capability tests", "benchmarks"
OWN_WORK = (TESTS, CAPABILITY_TESTS, BENCHMARKS)
"""On whose behalf requests are that Lineup itself makes, to test and to measure. They have no key, and no caller."""


class Entry(msgspec.Struct, gc=False):
    """Times in monotonic seconds (`clock.tick`); numbers that nobody told are None, never 0.

    `model_row`: of the model that answered, or would have; None where the name led to none. `fallback`: which of the
    declared fallbacks answered, 0 for the model itself, None where none did. `token_source`: `estimated` are pieces of
    content, counted where an answer was cut before the provider told its usage. `nanodollars`: None where the price is
    not known.
    """

    began_at: float
    ended_at: float
    first_content_at: float | None
    request_id: str
    key_id: int
    person_id: int | None
    on_behalf_of: str | None
    name: str | None
    model_row: int | None
    provider_id: int | None
    surface: str
    outcome: Outcome
    code: str | None
    status: int | None
    stream: bool
    prompt_tokens: int | None
    completion_tokens: int | None
    cached_tokens: int | None
    token_source: TokenSource
    fallback: int | None
    nanodollars: int | None


COLUMNS = (
    *("at", "request_id", "key_id", "person_id", "on_behalf_of", "name", "model_row", "provider_id", "surface"),
    *("outcome", "code", "status", "stream", "prompt_tokens", "completion_tokens", "cached_tokens", "token_source"),
    *("ttft_us", "duration_us", "fallback", "nanodollars"),
)
Row = tuple[Any, ...]
"""The values of `COLUMNS`."""


def row_of(entry: Entry, zero: float) -> Row:
    """An entry as it is stored. `zero`: when the monotonic clock was 0, in microseconds since 1970."""
    began_at, first = entry.began_at, entry.first_content_at
    return (
        int(zero + began_at * 1e6),
        entry.request_id,
        entry.key_id,
        entry.person_id,
        entry.on_behalf_of,
        entry.name,
        entry.model_row,
        entry.provider_id,
        entry.surface,
        entry.outcome,
        entry.code,
        entry.status,
        1 if entry.stream else 0,
        entry.prompt_tokens,
        entry.completion_tokens,
        entry.cached_tokens,
        entry.token_source,
        None if first is None else max(0, int((first - began_at) * 1e6)),
        max(0, int((entry.ended_at - began_at) * 1e6)),
        entry.fallback,
        entry.nanodollars,
    )
