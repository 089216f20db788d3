"""Carries out one probe against a target: its requests, one after the other, until one of them decides."""

from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import NamedTuple

import msgspec

from model_lineup.catalog.prices import Price
from model_lineup.probes.contract import THOUGHTFUL_TOKENS, Finding, Probe, Trial
from model_lineup.probes.heard import Heard
from model_lineup.probes.judging import judged, needs_more_room
from model_lineup.probes.records import CapabilityFinding, Evidence
from model_lineup.upstream.asking import Manners, Reply, ask
from model_lineup.upstream.contract import Target, Usage
from model_lineup.upstream.scrub import scrub
from model_lineup.upstream.wire import Client

_NANO = 1e9


class Asked(NamedTuple):
    """One request that is over: who keeps the books is told. `nanodollars`: None where it is not known."""

    reply: Reply
    heard: Heard
    nanodollars: int | None


class Asking(NamedTuple):
    """What every probe of one test shares. `chance`: what it draws from. `told` hears of each request."""

    client: Client
    target: Target
    price: Price | None
    manners: Manners
    chance: Random
    now: Callable[[], datetime]
    told: Callable[[Asked], None]


async def carry_out(probe: Probe, asking: Asking) -> CapabilityFinding:
    """Never raises for what a provider does."""
    asked: list[Asked] = []
    evidence: list[Evidence] = []
    finding = Finding("undecided", "Nothing was asked.")
    for trial in probe.trials(asking.chance):
        finding = await _tried(probe, trial, asking, asked, evidence)
        if finding.verdict != "yes":
            break
    tokens = [one.heard.usage for one in asked if one.heard.usage is not None]
    costs = [one.nanodollars for one in asked if one.nanodollars is not None]
    return CapabilityFinding(
        capability=probe.name,
        verdict=finding.verdict,
        reason=scrub(finding.reason, asking.target.endpoint),
        details=finding.details,
        evidence=evidence,
        requests=sum(one.reply.requests for one in asked),
        prompt_tokens=_sum([usage.prompt_tokens for usage in tokens]),
        completion_tokens=_sum([usage.completion_tokens for usage in tokens]),
        cost_usd=sum(costs) / _NANO if costs else None,
        at=asking.now(),
    )


async def _tried(probe: Probe, trial: Trial, asking: Asking, asked: list[Asked], evidence: list[Evidence]) -> Finding:
    """One trial; a model that thought until its tokens were used up is given more of them, once."""
    finding, said = await _once(probe, trial, asking, asked, evidence)
    if needs_more_room(probe, said):
        more = msgspec.structs.replace(trial, body={**trial.body, "max_tokens": THOUGHTFUL_TOKENS})
        finding, _ = await _once(probe, more, asking, asked, evidence)
    return finding


async def _once(
    probe: Probe, trial: Trial, asking: Asking, asked: list[Asked], evidence: list[Evidence]
) -> tuple[Finding, Heard]:
    target = asking.target
    total_s = target.endpoint.timeouts.test_s
    reply = await ask(asking.client, target, trial.body, manners=asking.manners, total_s=total_s)
    finding, said = judged(probe, trial, reply, target.model_id)
    if reply.requests:
        one = Asked(reply, said, _cost(asking.price, said.usage))
        asked.append(one)
        asking.told(one)
    duration_ms = round((reply.ended_at - reply.sent_at) * 1000, 1)
    came_back = scrub(_came_back(reply, said), target.endpoint)
    evidence.append(Evidence(scrub(trial.sent, target.endpoint), came_back, reply.http_status, duration_ms))
    return finding, said


def _came_back(reply: Reply, said: Heard) -> str:
    """The answer in short: calls first, because what they are is what a reader doubts."""
    if reply.unsaid:
        return "Nothing was sent."
    if reply.failure is not None:
        return reply.failure.message
    calls = [f"call {call.name}({call.arguments})" for call in said.calls]
    text = [f"text {said.text[:300]!r}"] if said.text else []
    thought = ["thoughts"] if said.thought and not calls and not text else []
    end = f"ended by {said.finish_reason}" if said.finish_reason else "ended without a reason"
    return "; ".join([*calls, *text, *thought, end])


def _cost(price: Price | None, usage: Usage | None) -> int | None:
    """In billionths of a US dollar; None where tokens or price are not known."""
    if price is None or usage is None or usage.prompt_tokens is None:
        return None
    return price.of(usage.prompt_tokens, usage.completion_tokens or 0, usage.cached_tokens or 0)


def _sum(values: list[int | None]) -> int | None:
    told = [value for value in values if value is not None]
    return sum(told) if told else None
