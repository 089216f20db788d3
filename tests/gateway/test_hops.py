"""Requests that came through other Lineups, or through this one."""

import re

import pytest

from tests.fakes.provider import FakeProvider, reply
from tests.fakes.v1 import CHAT, HELLO, V1

ANSWER = {"model": "m", "choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]}
ANOTHER = "1.1 lineup-0123456789abcdef"


@pytest.fixture
def there(v1: V1, provider: FakeProvider) -> FakeProvider:
    v1.desk.model(v1.provider("Acme", provider.base_url), "m", visible=True)
    provider.answer("/chat/completions", reply(ANSWER))
    return provider


def via(v1: V1, there: FakeProvider, *said: str) -> str:
    got = v1.call(CHAT, {"model": "m", "messages": HELLO}, headers=[("via", one) for one in said])
    assert got.status == 200
    return there.requests[-1].header("via")


def test_a_provider_hears_a_pseudonym_and_nothing_else_of_the_way(v1: V1, there: FakeProvider) -> None:
    own = via(v1, there)
    assert re.fullmatch("1[.]1 lineup-[0-9a-f]{16}", own)
    assert via(v1, there) == own
    assert via(v1, there, "1.1 proxy.internal.example", "2.0 10.0.0.7, 1.1 lineup-nonsense") == own
    assert via(v1, there, f"1.1 proxy.internal.example, {ANOTHER}") == f"{ANOTHER}, {own}"


def test_what_comes_back_is_refused_without_asking_anybody(v1: V1, there: FakeProvider) -> None:
    own = via(v1, there)
    for headers in ([("via", own)], [("via", f"{ANOTHER}, {own}")], [("via", "1.1 x"), ("via", own)]):
        got = v1.call(CHAT, {"model": "m", "messages": HELLO}, headers=headers)
        assert (got.status, got.code) == (508, "loop_detected")
    assert len(there.requests) == 1


def test_a_way_that_is_too_long_is_refused(v1: V1, there: FakeProvider) -> None:
    many = ", ".join(f"1.1 lineup-{number:016x}" for number in range(8))
    assert v1.call(CHAT, {"model": "m", "messages": HELLO}, headers=[("via", many)]).code == "loop_detected"


def test_a_loop_further_on_is_told_as_one(v1: V1, there: FakeProvider) -> None:
    there.answer("/chat/completions", reply({"error": {"message": "x"}}, status=508))
    got = v1.chat("m")
    assert (got.status, got.code) == (508, "loop_detected")
