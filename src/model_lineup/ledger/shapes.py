"""What is asked of the ledger, and what it answers. What is not known is null, never 0."""

from datetime import date, datetime
from typing import Literal, get_args

import msgspec
from msgspec import UNSET, UnsetType

from model_lineup.ledger.entry import Outcome, TokenSource

Dimension = Literal["day", "model", "key", "person", "group", "provider", "outcome", "name", "on_behalf_of"]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Days of UTC, both included; all else that is said must hold. `own_work`: only what Lineup itself asked.
    `group_id`: only what keys used that belong to this group now."""

    first: date
    last: date
    model_id: str | None = None
    provider_id: int | None = None
    key_id: int | None = None
    person_id: int | None = None
    group_id: int | None = None
    outcome: Outcome | None = None
    name: str | None = None
    on_behalf_of: str | None = None
    own_work: bool = False


class WantedEntries(Wanted, frozen=True, kw_only=True):
    """`before`: moment and id of the entry after which the page begins."""

    request_id: str | None = None
    code: str | None = None
    before: tuple[int, int] | None = None


class UsedModel(msgspec.Struct, frozen=True):
    """Also one that was deleted since."""

    id: int
    model_id: str


class UsedProvider(msgspec.Struct, frozen=True):
    id: int
    slug: str


class UsingKey(msgspec.Struct, frozen=True):
    """Also one that was revoked since."""

    id: int
    name: str
    kind: str


class UsingPerson(msgspec.Struct, frozen=True):
    id: int
    email: str


class UsingGroup(msgspec.Struct, frozen=True):
    """One that the key, or its owner, belongs to now."""

    id: int
    name: str


class Outcomes(msgspec.Struct, frozen=True):
    """Requests by how they ended."""

    completed: int
    client_closed: int
    upstream_failed: int
    refused: int


class FirstContent(msgspec.Struct, frozen=True):
    """From the whole request to the first content of a stream, ms; `n` streams had one. Percentiles are within 5 %, and
    null where they cannot be told: they are kept by day, model and provider only."""

    mean: float | None
    p50: float | None
    p95: float | None
    n: int


class UsageSums(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over requests. Tokens are of those of which they are known, `requests_with_tokens`; of these,
    `requests_estimated` were cut before the provider told, and pieces of content were counted. `duration_ms` is the
    mean. `cost_usd` is that of the `requests_priced`, null where no price is known."""

    requests: int
    outcomes: Outcomes
    prompt_tokens: int | None
    completion_tokens: int | None
    cached_tokens: int | None
    requests_with_tokens: int
    requests_estimated: int
    ttft_ms: FirstContent
    duration_ms: float | None
    cost_usd: float | None
    requests_priced: int
    last_used_at: datetime | None


class UsageGroup(UsageSums, frozen=True, kw_only=True):
    """Only what was grouped by is there, and null where requests had none: no model that the name led to, no person
    behind the key, no group that it belongs to, no user for whom a front end asked."""

    day: date | UnsetType = UNSET
    model: UsedModel | UnsetType | None = UNSET
    key: UsingKey | UnsetType | None = UNSET
    person: UsingPerson | UnsetType | None = UNSET
    group: UsingGroup | UnsetType | None = UNSET
    provider: UsedProvider | UnsetType | None = UNSET
    outcome: Outcome | UnsetType = UNSET
    name: str | UnsetType | None = UNSET
    on_behalf_of: str | UnsetType | None = UNSET


class UsageReport(msgspec.Struct, frozen=True, kw_only=True):
    """`first` and `last` are days of UTC, both included. `totals` are over all groups, not over the page. By `group`,
    what a key of two groups used is counted for both, and once in the totals."""

    first: date
    last: date
    group_by: list[Dimension]
    groups: list[UsageGroup]
    totals: UsageSums
    total: int
    limit: int
    offset: int


class UsageRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request to `/v1`. `at`: when it had arrived whole; `status`: null where the caller left before there was one;
    `fallback`: which of the alias's fallbacks answered, 0 for the model itself."""

    id: int
    at: datetime
    request_id: str
    key: UsingKey | None
    person: UsingPerson | None
    on_behalf_of: str | None
    name: str | None
    model: UsedModel | None
    provider: UsedProvider | None
    surface: str
    outcome: Outcome
    code: str | None
    status: int | None
    stream: bool
    prompt_tokens: int | None
    completion_tokens: int | None
    cached_tokens: int | None
    token_source: TokenSource
    ttft_ms: float | None
    duration_ms: float
    fallback: int | None
    cost_usd: float | None


class UsageRequestPage(msgspec.Struct, frozen=True):
    """Newest first; `next` is `before` of the page that follows, null on the last one."""

    requests: list[UsageRequest]
    next: str | None
