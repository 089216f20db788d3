"""What a request leaves in memory: nothing that only the collector of garbage would find, and no more in the caches for
whoever sends something else each time.

Objects that hold each other in a circle stay until a collection; those that are there when one runs move on to the next
generation, and stay for very long. An exception remembers the frames that it went through, so one that a frame still
holds makes such a circle, with the whole request in it.
"""

import asyncio
import gc
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvloop

from model_lineup.gateway import ask
from model_lineup.gateway.failures import Refused
from model_lineup.serving import cycle
from model_lineup.shell import Shell
from tests.fakes.counts import count
from tests.fakes.faults import Faults
from tests.fakes.v1 import CHAT, HELLO, V1, Line
from tests.serving.test_protocol import GET, talk, turns

EVERY = count(12, 1)
LINEUP = "model_lineup/"


@contextmanager
def circles() -> Iterator[Counter[str]]:
    """What of Lineup's own only the collector found afterwards: types, and functions whose frames they are."""
    found = Counter[str]()
    gc.collect()
    gc.disable()
    try:
        yield found
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        found.update(name for one in gc.garbage if (name := _ours(one)))
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def _ours(one: Any) -> str | None:
    code = getattr(one, "f_code", None)
    if code is not None:
        return code.co_qualname if LINEUP in code.co_filename else None
    kind = type(one)
    return kind.__qualname__ if str(kind.__module__).startswith("model_lineup.") else None


@pytest.mark.hard
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_a_request_that_fails_leaves_nothing_to_be_collected(v1: V1, faults: Faults, stream: bool) -> None:
    what = "test" if stream else "plain"
    quick = [pair for pair in faults.pairs("openai", "anthropic") if not pair[0].slow and what in pair[0].expected]
    for number, (fault, wire) in enumerate(quick[::EVERY]):
        row = v1.desk.provider(f"p{number}", type=wire, api_key="sk-1", **fault.fields(wire, "plain"))
        v1.desk.model(row, f"m{number}", visible=True)

    async def all_of_them(shell: Shell) -> None:
        for number in range(len(quick[::EVERY])):
            await v1.on(Line(shell), CHAT, {"model": f"m{number}", "messages": HELLO, "stream": stream})
        await asyncio.sleep(0.1)  # transports close a few turns of the loop later

    async def twice(shell: Shell) -> Counter[str]:
        await all_of_them(shell)
        with circles() as found:
            await all_of_them(shell)
        return found

    assert not v1.run(twice, uvloop.new_event_loop)


def test_nor_does_a_caller_who_hangs_up() -> None:
    async def answers(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    async def never(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await receive()  # until he is gone

    def visit(app: Any) -> None:
        async def steps(connection: Any, line: Any) -> None:
            connection.data_received(GET)
            await turns()
            connection.connection_lost(None)
            await turns()

        talk(app, steps)

    for app in (answers, never):
        visit(app)
        with circles() as found:
            visit(app)
        assert not found


def test_what_is_remembered_of_requests_does_not_grow_with_them() -> None:
    for number in range(40):
        cycle._split(b"/v1/%d/" % number + b"x" * 30_000)
        cycle._line(b"location", b"/%d/" % number + b"x" * 30_000)
        many = {f"{number}-{key}": 1 for key in range(33 if number else 500)}
        ask.Ask(json.dumps({"model": "m", **many}).encode())
    assert cycle._split(b"/v1/x?y=1") == ("/v1/x", b"y=1")
    for kept in (cycle._split_once, cycle._line_once, ask._judge):
        assert kept.cache_info().maxsize is not None
    assert not any(len(str(one)) > 5_000 for kept in (cycle._split_once, cycle._line_once) for one in _keys(kept))
    assert not any(len(one) > ask._FEW for one in _keys(ask._judge))


def _keys(kept: Any) -> list[Any]:
    """Of what an `lru_cache` holds."""
    return [one for one in gc.get_referents(kept) if isinstance(one, dict) for one in one]


def test_a_long_header_is_looked_at_like_a_short_one() -> None:
    for value in (b"a\r\nb", b"a\r\nb" + b"x" * 1_000):
        with pytest.raises(RuntimeError, match="on one line"):
            cycle._line(b"location", value)


def test_many_keys_are_judged_like_few() -> None:
    many = {f"k{number}": 1 for number in range(100)}
    with pytest.raises(Refused, match="would choose"):
        ask.Ask(json.dumps({"model": "m", **many, "api_base": "x"}).encode())
