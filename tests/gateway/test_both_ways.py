"""The straight way and the long one give the same: the answer, what is asked of the provider, and what is kept of it.

Each case is asked twice: as another server than ours would have it asked, which knows the long way alone, and as ours
does, on a connection to the provider that is there already.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from model_lineup.access.shapes import Limits
from model_lineup.gateway.visit import Visit
from model_lineup.shell import Shell
from tests.fakes.provider import CUT, HANG, LAST_CHUNK, RESET, Answer, FakeProvider, chunked, head, reply
from tests.fakes.straight import StraightLine
from tests.fakes.v1 import CHAT, HELLO, V1, Line, Reply

ANSWER = {
    "model": "m",
    "choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 1},
}
EMBEDDED = {"model": "m", "data": [{"embedding": [0.5], "index": 0}], "usage": {"prompt_tokens": 2}}
GOOD = reply(ANSWER)
WORDY = {**ANSWER, "choices": [{"index": 0, "message": {"content": "x" * 100_000}, "finish_reason": "stop"}]}
JSON = "application/json"
AT_ONCE, HANDED_OVER, NOT_TAKEN = "at once", "handed over", "not taken"


@dataclass(frozen=True)
class Case:
    """`answers`: the provider's, after the one that warms its connection. `way`: which it goes at our own server."""

    name: str
    way: str
    answers: Sequence[Answer] = (GOOD,)
    model: str = "m"
    path: str = CHAT
    fields: dict[str, Any] = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()
    key: str = "user"
    raw: bytes | None = None


CASES = (
    Case("a small chat", AT_ONCE),
    Case("an alias", AT_ONCE, model="Best"),
    Case("an alias in other letters", AT_ONCE, model="bEST"),
    Case("an id of the caller's own", AT_ONCE, headers=(("x-request-id", "mine-1"),)),
    Case("a key with limits", AT_ONCE, key="limited"),
    Case("a trusted front end", AT_ONCE, key="trusted", headers=(("x-openwebui-user-email", "ann@example.com"),)),
    Case("embeddings", AT_ONCE, (reply(EMBEDDED),), path="/v1/embeddings", fields={"input": "x"}),
    Case(
        "a chunked answer",
        AT_ONCE,
        ([head(200, JSON, "transfer-encoding: chunked"), chunked(json.dumps(ANSWER).encode()), LAST_CHUNK],),
    ),
    Case("a large answer", HANDED_OVER, (reply(WORDY),)),
    Case("an unknown model", NOT_TAKEN, model="nobody"),
    Case("an agent where none may", NOT_TAKEN, key="agent"),
    Case("an unknown key", NOT_TAKEN, key="nobody"),
    Case("a stream", NOT_TAKEN, fields={"stream": True}),
    Case("no JSON", NOT_TAKEN, raw=b"{"),
    Case("a field that chooses a destination", NOT_TAKEN, fields={"api_base": "http://x"}),
    Case("a header that stands twice", NOT_TAKEN, headers=(("x-a", "1"), ("x-a", "2"))),
    Case("another content type", NOT_TAKEN, headers=(("content-type", "text/plain"),)),
    Case("a compressed body", NOT_TAKEN, headers=(("content-encoding", "gzip"),)),
    Case("a request in a circle", NOT_TAKEN, headers=(("via", "1.1 lineup-0123456789abcdef, " * 8 + "1.1 x"),)),
    Case("a refusal", HANDED_OVER, (reply({"error": {"message": "too long"}}, status=400),)),
    Case("a provider that is busy", HANDED_OVER, (reply({"error": {"message": "later"}}, status=429),)),
    Case("a provider that fails", HANDED_OVER, (reply({"error": {"message": "no"}}, status=500),)),
    Case("a fallback", HANDED_OVER, (reply({"error": {"message": "no"}}, status=500), GOOD), model="Safe"),
    Case("a redirect", HANDED_OVER, (reply({}, status=302),)),
    Case("an error that says 200", HANDED_OVER, (reply({"error": {"message": "no"}}),)),
    Case("an answer that is no JSON", HANDED_OVER, (reply(b"<html>"),)),
    Case("an answer without choices", HANDED_OVER, (reply({"model": "m"}),)),
    Case("an answer that is cut", HANDED_OVER, ([head(200, JSON, "content-length: 100"), b"{", CUT],)),
    Case("no answer", HANDED_OVER, ([0.01, b"HTTP/1.1 2", CUT],)),
    Case("a connection that was closed meanwhile", HANDED_OVER, ([RESET], GOOD)),
)


@pytest.fixture
def there(v1: V1, provider: FakeProvider) -> FakeProvider:
    """A provider with `m`, its alias `Best`, and `Safe`, which falls back to `n`."""
    acme = v1.provider("Acme", provider.base_url)
    m, n = v1.desk.model(acme, "m", visible=True), v1.desk.model(acme, "n", visible=True)
    v1.desk.alias(m, "Best")
    v1.desk.alias(m, "Safe", fallbacks=[n.id])
    return provider


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_both_ways_give_the_same(v1: V1, there: FakeProvider, case: Case) -> None:
    long, _ = asked(v1, there, case, Line)
    straight, line = asked(v1, there, case, StraightLine)
    assert straight == long
    assert (AT_ONCE if line.taken and not line.handed_over else HANDED_OVER if line.taken else NOT_TAKEN) == case.way


@pytest.mark.parametrize("line", [Line, StraightLine])
def test_who_leaves_is_noted_and_the_provider_hears_of_it(v1: V1, there: FakeProvider, line: type[Line]) -> None:
    gone = asyncio.Event()

    async def leave(shell: Shell) -> None:
        there.answer("/chat/completions", GOOD, [0.02, b"HTTP/1.1 200 OK\r\n", HANG])
        await v1.on(Line(shell), CHAT, {"model": "m", "messages": HELLO})
        caller = line(shell)
        asking = asyncio.create_task(v1.on(caller, CHAT, {"model": "m", "messages": HELLO}))
        while len(there.requests) < 2:
            await asyncio.sleep(0.005)
        caller.leave()
        await asyncio.wait_for(asking, 30)
        gone.set()

    v1.run(leave)
    assert gone.is_set()
    assert [visit.outcome for visit in v1.visits] == ["completed", "client_closed"]
    assert told(v1.visits[1]) == ("client_closed", None, None, "m", False, None, None)


@pytest.mark.parametrize("line", [Line, StraightLine])
def test_at_the_end_of_the_server_who_waits_is_told(v1: V1, there: FakeProvider, line: type[Line]) -> None:
    async def end(shell: Shell) -> Reply:
        there.answer("/chat/completions", GOOD, [HANG])
        await v1.on(Line(shell), CHAT, {"model": "m", "messages": HELLO})
        asking = asyncio.create_task(v1.on(line(shell), CHAT, {"model": "m", "messages": HELLO}))
        while len(there.requests) < 2:
            await asyncio.sleep(0.005)
        shell.end_streams()
        return await asyncio.wait_for(asking, 30)

    got = v1.run(end)
    assert (got.status, got.code) == (503, "server_shutting_down")
    assert [visit.outcome for visit in v1.visits] == ["completed", "refused"]


def asked(v1: V1, there: FakeProvider, case: Case, line: type[Line]) -> tuple[tuple[Any, ...], Any]:
    """All that can be told apart of a request, and the line that it went over."""
    keys = _keys(v1)
    v1.visits.clear()
    lines: list[Line] = []

    async def use(shell: Shell) -> Reply:
        provider_path = case.path.removeprefix("/v1")
        there.answer(provider_path, GOOD if case.path == CHAT else reply(EMBEDDED))
        body = {"model": case.model, "messages": HELLO, **case.fields}
        for _ in range(2):  # the second books some requests ahead
            await v1.on(Line(shell), case.path, {**body, "model": "m", "stream": False}, key=keys.get(case.key))
        there.requests.clear()
        there.answer(provider_path, *case.answers)
        lines.append(line(shell))
        headers = [*case.headers]
        if case.raw is None and any(name == "content-type" for name, _ in headers):
            return await lines[0].call("POST", case.path, b"{}", [*_encoded(headers, keys["user"])])
        key = keys.get(case.key, "lineup_usr_unknown")
        return await v1.on(lines[0], case.path, None if case.raw else body, key=key, headers=headers, raw=case.raw)

    got = v1.run(use)
    return (
        (got.status, _stable(got), _stable_body(got), [told(one) for one in v1.visits[2:]], _seen(there)),
        lines[0],
    )


def told(visit: Visit) -> tuple[Any, ...]:
    usage = None if visit.meter is None else visit.meter.usage
    return visit.outcome, visit.code, visit.status, visit.name, visit.stream, visit.on_behalf_of, usage


def _encoded(headers: Sequence[tuple[str, str]], key: str) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in (*headers, ("authorization", f"Bearer {key}"))]


def _keys(v1: V1) -> dict[str, str]:
    make: Callable[..., str] = v1.key
    return {
        "user": v1.user,
        "agent": v1.agent,
        "limited": make("user", limits=Limits(requests_per_minute=10_000, tokens_per_minute=10_000_000)),
        "trusted": make("user", trusted_front_end=True),
    }


def _stable(got: Reply) -> dict[str, str]:
    """The headers, without what is another one each time."""
    assert got.headers["x-request-id"]
    own = got.headers["x-request-id"] == "mine-1"
    counted = {"x-request-id", "x-ratelimit-reset-requests", "x-ratelimit-reset-tokens", "x-lineup-revision"}
    counted |= {"x-ratelimit-remaining-requests", "x-ratelimit-remaining-tokens"}
    return {name: value for name, value in got.headers.items() if name not in counted} | {"own": str(own)}


def _stable_body(got: Reply) -> bytes:
    return got.body.replace(got.headers["x-request-id"].encode(), b"ID")


def _seen(there: FakeProvider) -> list[tuple[str, dict[str, str], bytes]]:
    return [(one.target, one.headers, one.body) for one in there.requests]
