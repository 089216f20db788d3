"""What a capability test finds, as callers read it and as it is kept."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from model_lineup.probes.contract import Verdict


class Evidence(Struct, frozen=True):
    """One request, in short: what was sent, and what came back; at most 200 characters of either, without keys."""

    sent: str
    came_back: str
    http_status: int | None
    duration_ms: float


class CapabilityFinding(Struct, frozen=True, kw_only=True):
    """What one probe found. Tokens and cost are null where they are not known; `cost_usd` is of those that are."""

    capability: str
    verdict: Verdict
    reason: str
    details: dict[str, Any] = {}
    evidence: list[Evidence] = []
    requests: int = 0
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost_usd: float | None = None
    at: datetime


class Claim(Struct, frozen=True):
    """What somebody else says of the same: a pin, the provider's list, a catalogue."""

    value: bool
    source: str


class CapabilityState(Struct, frozen=True, kw_only=True):
    """What is known of one capability. `verdict` is of the last test that decided something, and stands until another
    one does; `null` where none has. `stale`: what was tested is not what is there now, so it counts less than lists and
    catalogues, and contradicts nobody. `last_try` is there where the last test decided nothing. `contradicted`: who
    says otherwise."""

    capability: str
    label: str
    about: str
    fact: str | None
    verdict: Verdict | None
    reason: str | None
    details: dict[str, Any]
    evidence: list[Evidence]
    at: datetime | None
    stale: bool
    last_try: CapabilityFinding | None
    contradicted: list[Claim]


class Capabilities(Struct, frozen=True):
    """Of one model."""

    model: int
    model_id: str
    capabilities: list[CapabilityState]


class CapabilityReport(Struct, frozen=True, kw_only=True):
    """What one test found and cost. `stopped`: why not all of it was asked: auth, quota, withdrawn, interrupted."""

    model: int
    model_id: str
    provider: str
    capabilities: list[CapabilityFinding]
    spent: "Spent"
    duration_s: float
    stopped: str | None
    at: datetime


class Spent(Struct, frozen=True, kw_only=True):
    """What a test cost. `cost_usd` is null where no price is known."""

    requests: int
    prompt_tokens: int | None
    completion_tokens: int | None
    cost_usd: float | None


def spent(findings: list[CapabilityFinding]) -> Spent:
    """All of it together; unknown where nothing of it is known."""

    def total(name: str) -> Any:
        told = [value for one in findings if (value := getattr(one, name)) is not None]
        return sum(told) if told else None

    return Spent(
        requests=sum(one.requests for one in findings),
        prompt_tokens=total("prompt_tokens"),
        completion_tokens=total("completion_tokens"),
        cost_usd=total("cost_usd"),
    )
