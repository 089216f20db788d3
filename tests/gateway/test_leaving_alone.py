"""What callers get of a provider that fails, and how often it is asked: counted at the provider."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from model_lineup.shell import Shell
from tests.fakes.clock import ManualClock
from tests.fakes.provider import Answer, FakeProvider, Got, fake_provider, reply
from tests.fakes.v1 import CHAT, HELLO, V1, Line, Reply

GOOD = reply({"model": "m", "choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]})
BAD = reply({"error": {"message": "broken"}}, status=500)
WEB_PAGE = reply(b"<html>Bad Gateway</html>", status=502, content_type="text/html")


@pytest.fixture
def other() -> Iterator[FakeProvider]:
    with fake_provider() as provider:
        provider.answer("/chat/completions", GOOD)
        yield provider


@pytest.fixture
def routed(v1: V1, provider: FakeProvider, other: FakeProvider) -> FakeProvider:
    """`lone` at the provider, `safe` an alias of it with a fallback at the other, `well` at the other."""
    one, two = v1.provider("One", provider.base_url), v1.provider("Two", other.base_url)
    lone, well = v1.desk.model(one, "lone", visible=True), v1.desk.model(two, "well", visible=True)
    v1.desk.alias(lone, "safe", fallbacks=[well.id])
    return provider


def test_without_a_fallback_a_failing_provider_is_asked_five_times_and_then_left_alone(
    v1: V1, routed: FakeProvider
) -> None:
    routed.answer("/chat/completions", BAD)
    got = chats(v1, "lone", 20)
    assert [one.code for one in got] == ["upstream_server_error"] * 5 + ["upstream_unavailable"] * 15
    assert (got[-1].status, 30 <= int(got[-1].headers["retry-after"]) <= 33) == (503, True)
    assert len(routed.requests) == 5


def test_with_a_fallback_callers_notice_nothing(v1: V1, routed: FakeProvider, other: FakeProvider) -> None:
    routed.answer("/chat/completions", BAD)
    got = chats(v1, "safe", 20)
    assert {(one.status, one.headers["x-lineup-fallback"]) for one in got} == {(200, "1")}
    assert (len(routed.requests), len(other.requests)) == (5, 20)


def test_a_web_page_of_a_proxy_is_a_failure_like_any_other(v1: V1, routed: FakeProvider) -> None:
    routed.answer("/chat/completions", WEB_PAGE)
    assert [one.status for one in chats(v1, "safe", 7)] == [200] * 7
    assert len(routed.requests) == 5


def test_it_is_asked_again_when_it_works_again(v1: V1, routed: FakeProvider, clock: ManualClock) -> None:
    routed.answer("/chat/completions", *[BAD] * 5, GOOD)

    async def use(shell: Shell) -> list[int]:
        statuses = [(await one(v1, shell, "lone")).status for _ in range(6)]
        clock.advance(33)
        return statuses + [(await one(v1, shell, "lone")).status for _ in range(3)]

    assert v1.run(use) == [502] * 5 + [503] + [200] * 3


def test_others_are_served_as_ever(v1: V1, routed: FakeProvider) -> None:
    routed.answer("/chat/completions", BAD)

    async def use(shell: Shell) -> list[int]:
        return [(await one(v1, shell, name)).status for name in ("lone", "well") * 10]

    assert v1.run(use)[1::2] == [200] * 10


@pytest.mark.parametrize("status", [400, 401, 404, 408, 422, 501])
def test_refusals_never_open_it(v1: V1, routed: FakeProvider, status: int) -> None:
    routed.answer("/chat/completions", reply({"error": {"message": "no"}}, status=status))
    chats(v1, "lone", 8)
    assert len(routed.requests) == 8


@pytest.mark.parametrize(
    ("said", "wait_s"),
    [
        ("7", 7),
        ("0.5", 1),
        ("0", 0),
        ("-1", 0),
        ("soon", 0),
        ("1e9", 0),
        ("1000000000", 3600),
        ("Mon, 23 Nov 2026 12:01:00 GMT", 60),
        ("Mon, 23 Nov 1998 12:00:00 GMT", 0),
    ],
)
def test_a_provider_that_asks_for_time_is_not_asked_meanwhile(
    v1: V1, routed: FakeProvider, other: FakeProvider, said: str, wait_s: int
) -> None:
    dated = [f"retry-after: {said}", "date: Mon, 23 Nov 2026 12:00:00 GMT"]
    routed.answer("/chat/completions", reply({"error": {"message": "slow down"}}, status=429, headers=dated))
    got = chats(v1, "lone", 3)
    assert {(one.status, one.code) for one in got} == {(429, "upstream_rate_limited")}
    assert len(routed.requests) == (1 if wait_s else 3)
    if wait_s:
        assert int(got[-1].headers["retry-after"]) == wait_s
    routed.requests.clear()
    assert [one.status for one in chats(v1, "safe", 3)] == [200] * 3
    assert len(routed.requests) == (1 if wait_s else 3)


def test_where_all_are_left_alone_callers_hear_which_can_be_asked_first(
    v1: V1, routed: FakeProvider, other: FakeProvider
) -> None:
    for provider, said in ((routed, "7"), (other, "1")):
        answer = reply({"error": {"message": "slow down"}}, status=429, headers=[f"retry-after: {said}"])
        provider.answer("/chat/completions", answer)
    last, blocked = chats(v1, "safe", 2)
    assert "slow down" in last.json["error"]["message"]
    assert blocked.headers["retry-after"] == "1"
    words = "The provider asked to be left alone for a while. Try again in 1 s."
    assert blocked.json["error"]["message"] == words


def test_what_a_provider_said_counts_more_than_that_its_fallback_is_left_alone(
    v1: V1, routed: FakeProvider, other: FakeProvider
) -> None:
    other.answer(
        "/chat/completions", reply({"error": {"message": "slow down"}}, status=429, headers=["retry-after: 60"])
    )
    routed.answer("/chat/completions", BAD)
    first, second = chats(v1, "safe", 2)
    assert (first.code, second.code) == ("upstream_rate_limited", "upstream_server_error")
    assert "retry-after" not in second.headers


def test_a_storm_of_failures_is_not_made_a_fifth_larger(v1: V1, routed: FakeProvider, other: FakeProvider) -> None:
    """Every fifth answer is good, so that nothing opens; the rest asks for its fallback."""
    seen = iter(range(10_000))

    def flaky(_: Got) -> Answer:
        return GOOD if next(seen) % 5 == 4 else BAD

    routed.answer("/chat/completions", flaky)
    other.answer("/chat/completions", BAD)
    chats(v1, "safe", 200, at_once=4)
    hits = len(routed.requests) + len(other.requests)
    assert 200 < hits <= 240


def chats(v1: V1, model: str, count: int, *, at_once: int = 1) -> list[Reply]:
    async def use(shell: Shell) -> list[Reply]:
        got: list[Reply] = []
        for _ in range(count // at_once):
            got += await asyncio.gather(*(one(v1, shell, model) for _ in range(at_once)))
        return got

    return v1.run(use)


async def one(v1: V1, shell: Shell, model: str, **fields: Any) -> Reply:
    return await v1.on(Line(shell), CHAT, {"model": model, "messages": HELLO, **fields})
