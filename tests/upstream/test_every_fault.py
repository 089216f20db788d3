"""Whatever a provider does wrong: lists and answers end in time, say what it was, and leave nothing behind.

The cases are those of `model_lineup.demo.faults`; what is expected of each stands with it.
"""

import asyncio

import pytest
import uvloop

from model_lineup.clock import tick
from model_lineup.demo.faults.case import POISON, SECRET
from model_lineup.errors import UpstreamFailed
from model_lineup.upstream.contract import Ask, Target
from model_lineup.upstream.exchange import converse, list_models
from model_lineup.upstream.wire import Client
from tests.fakes.counts import HARD, count
from tests.fakes.faults import LEEWAY_S, WIRES, Fault, Faults, What, must_be, no_task_left, nothing_left

AT_ONCE = 24
OTHERS = WIRES[1:]


def key_of(fault: Fault, wire: str, what: What) -> str:
    return f"canary-{fault.case}-{wire}-{what}"


async def outcome(client: Client, fault: Fault, wire: str, what: What) -> tuple[str, str]:
    """`passes`, or stage and class; and everything that somebody could read of it."""
    endpoint = fault.endpoint(wire, what, key_of(fault, wire, what))
    if what == "list":
        try:
            listing = await list_models(client, endpoint)
        except UpstreamFailed as error:
            return f"{error.facts['stage']}/{error.facts['reason']}", f"{error.detail} {error.facts}"
        return "passes", repr(listing)
    ask = Ask.of("hi", max_tokens=16, stream=what == "test")
    exchange = await converse(client, Target(endpoint, "drill"), ask, total_s=fault.deadline_s(what))
    failure = exchange.failure
    return "passes" if failure is None else f"{failure.stage}/{failure.code}", repr(exchange)


async def deviations(client: Client, fault: Fault, wire: str, what: What) -> list[str]:
    """What is not as promised, in words."""
    began = tick()
    found, told = await outcome(client, fault, wire, what)
    took_s = tick() - began
    wrong = []
    if not fault.allows(what, found):
        wrong.append(f"{fault.expected[what]} expected, but {found}: {told[:300]}")
    if took_s > fault.deadline_s(what) + LEEWAY_S:
        wrong.append(f"took {took_s:.1f} s with a deadline of {fault.deadline_s(what):g} s")
    secrets = (key_of(fault, wire, what), SECRET, POISON)
    wrong += [f"{secret} can be read: {told[:300]}" for secret in secrets if secret in told]
    return [f"{fault.case} as {wire}, {what}: {one}" for one in wrong]


async def meet(pairs: list[tuple[Fault, str]], times: int = 1) -> list[str]:
    """All of them, many at once; what is not as promised."""
    free = asyncio.Semaphore(AT_ONCE)

    async def one(client: Client, fault: Fault, wire: str, what: What) -> list[str]:
        async with free:
            return await deviations(client, fault, wire, what)

    async with no_task_left():
        client = Client()
        whats: tuple[What, ...] = ("list", "test", "plain")
        meetings = [one(client, *pair, what) for _ in range(times) for pair in pairs for what in whats]
        found = await asyncio.gather(*meetings)
        await client.close()
    return [line for lines in found for line in lines]


@pytest.mark.hard
def test_every_fault_ends_in_time_with_its_class_and_leaves_nothing(faults: Faults) -> None:
    faults.forget()
    for factory in (uvloop.new_event_loop, *((asyncio.new_event_loop,) if HARD else ())):
        with nothing_left(), asyncio.Runner(loop_factory=factory) as loop:
            must_be(loop.run(meet(faults.pairs("openai"), times=count(1, 3))))
    assert faults.stats()["baited"] == [], "somebody followed an address that the provider gave"
    assert faults.none_is_open()


@pytest.mark.hard
def test_every_fault_in_the_other_formats(faults: Faults) -> None:
    """In the normal run every 24th: most cases do not look at the format."""
    faults.forget()
    pairs = faults.pairs(*OTHERS)
    with nothing_left():
        must_be(asyncio.run(meet([pair for number, pair in enumerate(pairs) if HARD or number % 24 == 0])))
    assert faults.stats()["baited"] == []
    assert faults.none_is_open()
