"""Every known way in which a provider misbehaves, as callers of `/v1` meet it, plain and streamed.

Whatever it is: never our own 500, never beyond the deadline, and never an answer that looks whole and is not.
"""

import asyncio
from typing import Any

import pytest

from model_lineup.clock import tick
from model_lineup.shell import Shell
from tests.fakes.faults import LEEWAY_S, Fault, Faults
from tests.fakes.v1 import CHAT, HELLO, V1, Line, Reply

AT_ONCE = 16


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "plain"])
def test_no_fault_becomes_a_500_a_hang_or_a_false_success(v1: V1, faults: Faults, streamed: bool) -> None:
    what: Any = "test" if streamed else "plain"
    cases = [case for case in faults.cases if what in case.expected and "openai" in case.base_urls]
    for number, case in enumerate(cases):
        row = v1.desk.provider(f"p{number}", api_key=f"sk-canary-{number:04}", **case.fields("openai", what))
        v1.desk.model(row, f"m{number}", visible=True)

    async def all_of_them(shell: Shell) -> list[tuple[Reply, float]]:
        places = asyncio.Semaphore(AT_ONCE)

        async def one(number: int) -> tuple[Reply, float]:
            async with places:
                began = tick()
                body = {"model": f"m{number}", "messages": HELLO, "stream": streamed}
                return await v1.on(Line(shell), CHAT, body), tick() - began

        return await asyncio.gather(*map(one, range(len(cases))))

    answers = v1.run(all_of_them)
    wrong = [
        (case.case, complaint)
        for case, (reply, took_s) in zip(cases, answers, strict=True)
        if (complaint := _complaint(case, what, reply, took_s, streamed=streamed))
    ]
    assert wrong == []
    assert len(cases) >= 60


def _complaint(case: Fault, what: Any, reply: Reply, took_s: float, *, streamed: bool) -> str | None:
    if took_s > case.deadline_s(what) + LEEWAY_S + 5:
        return f"took {took_s:.1f} s"
    if "sk-canary" in reply.body.decode("utf-8", "replace"):
        return "the provider's key came back"
    if reply.status >= 400:
        return None if reply.status != 500 and reply.code else f"{reply.status} {reply.code}"
    must_fail = case.expected[what].split("/")[0] not in ("passes", "empty")
    whole = b"[DONE]" in reply.body if streamed else True
    return "looks whole and is not" if must_fail and whole else None
