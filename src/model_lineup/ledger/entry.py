"""One request, as it is handed over by the hot path, and as it is stored."""

from typing import Any, Literal

import msgspec

Outcome = Literal["completed", "client_closed", "upstream_failed", "refused"]
OUTCOMES: tuple[Outcome, ...] = ("completed", "client_closed", "upstream_failed", "refused")
TokenSource = Literal["provider", "estimated", "none"]
DAY = 86_400 * 1_000_000
"""Microseconds."""


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


def row_of(entry: Entry, zero: float) -> dict[str, Any]:
    """The columns of an entry. `zero`: when the monotonic clock was 0, in microseconds since 1970."""
    first = entry.first_content_at
    return {
        "at": int(zero + entry.began_at * 1e6),
        "request_id": entry.request_id,
        "key_id": entry.key_id,
        "person_id": entry.person_id,
        "on_behalf_of": entry.on_behalf_of,
        "name": entry.name,
        "model_row": entry.model_row,
        "provider_id": entry.provider_id,
        "surface": entry.surface,
        "outcome": entry.outcome,
        "code": entry.code,
        "status": entry.status,
        "stream": int(entry.stream),
        "prompt_tokens": entry.prompt_tokens,
        "completion_tokens": entry.completion_tokens,
        "cached_tokens": entry.cached_tokens,
        "token_source": entry.token_source,
        "ttft_us": None if first is None else max(0, int((first - entry.began_at) * 1e6)),
        "duration_us": max(0, int((entry.ended_at - entry.began_at) * 1e6)),
        "fallback": entry.fallback,
        "nanodollars": entry.nanodollars,
    }
