"""Every known way in which a provider misbehaves, as callers of `/v1` meet it: in chats and messages, plain and
streamed, at providers of every format.

Whatever it is: never our own 500, never beyond the deadline, never an answer that looks whole and is not, nothing left
open, and nobody who followed an address that a provider gave, with or without its key.
"""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

import pytest

from model_lineup.clock import tick
from model_lineup.demo.faults.case import POISON, SECRET
from model_lineup.shell import Shell
from tests.fakes.counts import HARD
from tests.fakes.faults import LEEWAY_S, WIRES, Fault, Faults, What, must_be
from tests.fakes.v1 import CHAT, HELLO, MESSAGES, V1, Line

AT_ONCE = 16
STOPPED = {"chunk-too-short", "done-missing-by-close", "stop-mark-missing"}
"""All content and the reason to stop came, and only OpenAI's last mark did not, which not all of its servers send: as a
message that is whole. In a chat the mark stays missing."""
EVERY = 48
"""Every so many of the other pairs in the normal run: most cases do not look at the format."""
_LOOKS_EVERY_S = 0.05


class Meeting(NamedTuple):
    """A case, met on a surface, at a provider of one format."""

    path: str
    wire: str
    fault: Fault
    what: What

    @property
    def key(self) -> str:
        return f"sk-canary-{self.fault.case}-{self.wire}"

    def __str__(self) -> str:
        return f"{self.path} at {self.wire}, {self.what}: {self.fault.case}"


def meetings(faults: Faults, paths: tuple[str, ...], wires: tuple[str, ...], *, streamed: bool) -> list[Meeting]:
    what: What = "test" if streamed else "plain"
    return [
        Meeting(path, wire, fault, what)
        for path in paths
        for fault, wire in faults.pairs(*wires)
        if what in fault.expected
    ]


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "plain"])
def test_no_fault_becomes_a_500_a_hang_or_a_false_success(v1: V1, faults: Faults, streamed: bool) -> None:
    met = meetings(faults, (CHAT,), ("openai",), streamed=streamed)
    assert len(met) >= 60
    meet(v1, faults, met)


@pytest.mark.hard
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "plain"])
def test_nor_in_any_other_format_or_on_the_other_surface(
    v1: V1, faults: Faults, streamed: bool, did: Callable[[str], None]
) -> None:
    met = meetings(faults, (CHAT,), WIRES[1:], streamed=streamed)
    met += meetings(faults, (MESSAGES,), WIRES, streamed=streamed)
    met = met if HARD else met[::EVERY]
    meet(v1, faults, met)
    did(f"{len(met)} times a fault at some format and surface, {'streamed' if streamed else 'plain'}: all as promised")


def meet(v1: V1, faults: Faults, met: list[Meeting]) -> None:
    faults.forget()
    for number, meeting in enumerate(met):
        fields = meeting.fault.fields(meeting.wire, meeting.what)
        row = v1.desk.provider(f"p{number}", type=meeting.wire, api_key=meeting.key, **fields)
        v1.desk.model(row, f"m{number}", visible=True)

    async def all_of_them(shell: Shell) -> list[str]:
        places, lateness = asyncio.Semaphore(AT_ONCE), Lateness()

        async def one(number: int, meeting: Meeting) -> list[str]:
            async with places:
                return await deviations(v1, shell, f"m{number}", meeting, lateness)

        watching = asyncio.create_task(lateness.watch())
        found = await asyncio.gather(*(one(number, meeting) for number, meeting in enumerate(met)))
        watching.cancel()
        return [line for lines in found for line in lines]

    must_be(v1.run(all_of_them))
    assert faults.stats()["baited"] == [], "somebody followed an address that the provider gave"
    assert faults.none_is_open()


class Lateness:
    """How much later than they were due timers of this loop have run so far, s: what the machine gave to others."""

    def __init__(self) -> None:
        self.so_far_s = 0.0

    async def watch(self) -> None:
        while True:
            due = tick() + _LOOKS_EVERY_S
            await asyncio.sleep(_LOOKS_EVERY_S)
            self.so_far_s += max(0.0, tick() - due)


async def deviations(v1: V1, shell: Shell, name: str, meeting: Meeting, lateness: Lateness) -> list[str]:
    """What is not as promised, in words."""
    streamed, began, late_before_s = meeting.what == "test", tick(), lateness.so_far_s
    body = {"model": name, "max_tokens": 16, "messages": HELLO, "stream": streamed}
    got = await v1.on(Line(shell), meeting.path, body)
    took_s, deadline_s = tick() - began, meeting.fault.deadline_s(meeting.what)
    wrong = []
    late_s = lateness.so_far_s - late_before_s
    if took_s - late_s > deadline_s + LEEWAY_S:
        wrong.append(f"took {took_s:.1f} s with a deadline of {deadline_s:g} s")
    told = got.body.decode("utf-8", "replace") + repr(got.headers)
    wrong += [f"{secret} can be read" for secret in (meeting.key, SECRET, POISON) if secret in told]
    if got.status >= 400 and (got.status == 500 or not got.code):
        wrong.append(f"{got.status} {got.code}")
    must_fail = meeting.fault.expected[meeting.what].split("/")[0] not in ("passes", "empty")
    if meeting.path == MESSAGES and streamed and meeting.wire in ("openai", "azure", "ollama"):
        must_fail = must_fail and meeting.fault.case not in STOPPED
    mark = b"[DONE]" if meeting.path == CHAT else b"message_stop"
    if got.status == 200 and must_fail and (not streamed or mark in got.body):
        wrong.append(f"looks whole and is not: {got.body[-300:]!r}")
    return [f"{meeting}: {one}" for one in wrong]
