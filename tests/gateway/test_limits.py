"""Limits per key as callers meet them: how many get in, what they are told, what is counted in the end."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from model_lineup.access.shapes import KeyChanges, Limits
from model_lineup.limits.spending import Spending
from model_lineup.shell import Shell
from tests.fakes.clock import ManualClock
from tests.fakes.desk import BY
from tests.fakes.provider import HANG, FakeProvider, delta, event_bytes, reply, stream
from tests.fakes.v1 import CHAT, HELLO, MESSAGES, V1, Line, Reply

USAGE = {"prompt_tokens": 20, "completion_tokens": 10}
ANSWER = {
    "model": "m",
    "choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}],
    "usage": USAGE,
}
PRICE = {"input_per_million": 1_000.0, "output_per_million": 2_000.0}
"""A request of `USAGE` costs four cents."""


@pytest.fixture
def there(v1: V1, provider: FakeProvider) -> FakeProvider:
    row = v1.provider("Acme", provider.base_url)
    v1.desk.model(row, "m", visible=True, pins={"pricing": PRICE})
    v1.desk.model(row, "unpriced", visible=True)
    provider.answer("/chat/completions", reply(ANSWER))
    return provider


def key_with(v1: V1, **limits: Any) -> str:
    return v1.key("user", limits=Limits(**limits))


def many(v1: V1, key: str, number: int, model: str = "m", **fields: Any) -> list[Reply]:
    """At once, and what they used written down."""

    async def ask(shell: Shell) -> list[Reply]:
        body = {"model": model, "messages": HELLO, **fields}
        found = await asyncio.gather(*(v1.on(Line(shell), CHAT, body, key=key) for _ in range(number)))
        await shell._stop()
        return list(found)

    return v1.run(ask)


def spent(v1: V1) -> Spending:
    """Of the key that was made last."""
    return v1.rooms.key_limits.spent(v1.rooms.keys.page(limit=10, offset=0)[0][-1].id)


def test_as_many_requests_as_the_key_may_make_in_a_minute(v1: V1, there: FakeProvider, clock: ManualClock) -> None:
    key = key_with(v1, requests_per_minute=5)
    statuses = [one.status for one in many(v1, key, 12)]
    assert (statuses.count(200), statuses.count(429)) == (5, 7)
    refused = v1.chat("m", key=key)
    assert refused.code == "key_limit_reached"
    assert "5 requests per minute" in refused.json["error"]["message"]
    assert refused.json["error"]["type"] == "rate_limit_error"
    assert refused.headers["retry-after"] == "61"
    assert refused.headers["x-ratelimit-remaining-requests"] == "0"
    assert len(there.requests) == 5
    clock.advance(61)
    assert v1.chat("m", key=key).status == 200


def test_answers_say_what_is_left(v1: V1, there: FakeProvider) -> None:
    key = key_with(v1, requests_per_minute=5, tokens_per_minute=10_000)
    got = v1.chat("m", key=key, max_tokens=100)
    assert got.headers["x-ratelimit-limit-requests"] == "5"
    assert got.headers["x-ratelimit-remaining-requests"] == "4"
    assert got.headers["x-ratelimit-reset-requests"] == "61s"
    assert got.headers["x-ratelimit-limit-tokens"] == "10000"
    assert 9_800 < int(got.headers["x-ratelimit-remaining-tokens"]) < 9_900
    assert "anthropic-ratelimit-requests-limit" not in got.headers
    assert not [name for name in v1.chat("m").headers if "ratelimit" in name], "a key without limits"


def test_answers_in_anthropics_format_say_it_in_its_headers_too(
    v1: V1, there: FakeProvider, clock: ManualClock
) -> None:
    key = key_with(v1, requests_per_minute=1, tokens_per_minute=10_000)
    ask = {"model": "m", "max_tokens": 100, "messages": HELLO}
    got, refused = v1.call(MESSAGES, ask, key=key), v1.call(MESSAGES, ask, key=key)
    assert (got.status, refused.status) == (200, 429)
    full_again = (clock.now() + timedelta(seconds=61)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for answer in (got, refused):
        assert answer.headers["anthropic-ratelimit-requests-limit"] == "1"
        assert answer.headers["anthropic-ratelimit-requests-remaining"] == "0"
        assert answer.headers["anthropic-ratelimit-requests-reset"] == full_again
        assert answer.headers["anthropic-ratelimit-tokens-limit"] == "10000"
        assert answer.headers["x-ratelimit-limit-requests"] == "1"
    assert 9_800 < int(got.headers["anthropic-ratelimit-tokens-remaining"]) < 9_900


def test_tokens_are_reserved_before_and_counted_after(v1: V1, there: FakeProvider) -> None:
    key = key_with(v1, tokens_per_minute=1_000)
    first = many(v1, key, 3, max_tokens=600)
    assert sorted(one.status for one in first) == [200, 429, 429]
    assert spent(v1).month_tokens == 30
    assert v1.chat("m", key=key, max_tokens=600).status == 200, "what was reserved too much came back"
    refused = v1.chat("m", key=key, max_tokens=5_000)
    assert refused.code == "request_exceeds_key_limit"
    assert refused.headers["x-should-retry"] == "false"
    assert "retry-after" not in refused.headers


def test_a_request_that_bounds_nothing_is_possible_under_a_small_limit(v1: V1, there: FakeProvider) -> None:
    key = key_with(v1, tokens_per_minute=100, cost_per_month=0.1)
    assert [one.status for one in many(v1, key, 1)] == [200]
    assert spent(v1).month_tokens == 30


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
def test_every_way_to_bound_an_answer_is_understood(v1: V1, there: FakeProvider, field: str) -> None:
    key = key_with(v1, tokens_per_minute=1_000)
    assert v1.chat("m", key=key, **{field: 950}).status == 200
    assert v1.chat("m", key=key_with(v1, tokens_per_minute=1_000), n=4, **{field: 300}).status == 429


def test_the_tokens_of_a_month_are_used_up_until_it_is_over(v1: V1, there: FakeProvider, clock: ManualClock) -> None:
    key = key_with(v1, tokens_per_month=100)
    assert [many(v1, key, 1, max_tokens=10)[0].status for _ in range(4)] == [200, 200, 200, 429]
    refused = v1.chat("m", key=key, max_tokens=10)
    assert "100 tokens per calendar month" in refused.json["error"]["message"]
    assert int(refused.headers["retry-after"]) == 31 * 86_400 - 12 * 3_600
    assert refused.headers["x-should-retry"] == "false"
    clock.advance(31 * 86_400)
    assert v1.chat("m", key=key, max_tokens=10).status == 200


def test_money_is_counted_by_the_price_of_the_model_that_answered(v1: V1, there: FakeProvider) -> None:
    key = key_with(v1, cost_per_month=0.13)
    assert [many(v1, key, 1, max_tokens=10)[0].status for _ in range(4)] == [200, 200, 200, 429]
    assert spent(v1).month_nanodollars == 120_000_000
    assert "$0.13 per calendar month" in v1.chat("m", key=key, max_tokens=10).json["error"]["message"]


def test_a_limit_of_cost_and_a_model_without_a_price_are_a_clear_refusal(v1: V1, there: FakeProvider) -> None:
    key = key_with(v1, cost_per_month=1)
    refused = v1.chat("unpriced", key=key)
    assert (refused.status, refused.code) == (403, "model_price_unknown")
    assert v1.chat("unpriced", key=key_with(v1, tokens_per_month=10_000)).status == 200


def test_what_was_not_answered_gives_its_tokens_back_but_counts_as_a_request(v1: V1, there: FakeProvider) -> None:
    there.answer("/chat/completions", reply({"error": {"message": "no"}}, status=400))
    key = key_with(v1, requests_per_minute=2, tokens_per_minute=10_000)
    assert [one.status for one in many(v1, key, 3, max_tokens=100)].count(400) == 2
    assert spent(v1).month_tokens == 0


def test_what_was_answered_and_not_counted_counts_as_it_was_reserved(v1: V1, there: FakeProvider) -> None:
    there.answer("/chat/completions", reply({**ANSWER, "usage": None}))
    key = key_with(v1, tokens_per_month=10_000)
    many(v1, key, 1, max_tokens=100)
    assert 100 < spent(v1).month_tokens < 150


def test_a_caller_who_leaves_a_stream_has_used_what_it_might_have_become(v1: V1, there: FakeProvider) -> None:
    there.answer("/chat/completions", stream([event_bytes(delta("Hi")), HANG]))
    key = key_with(v1, tokens_per_month=10_000)

    async def leave(shell: Shell) -> None:
        line = Line(shell)
        body = {"model": "m", "messages": HELLO, "stream": True, "max_tokens": 100}
        asking = asyncio.create_task(v1.on(line, CHAT, body, key=key))
        await line.seen(b"Hi")
        line.leave()
        await asking
        await shell._stop()

    v1.run(leave)
    assert 100 < spent(v1).month_tokens < 150


def test_a_raised_limit_holds_on_the_next_request(v1: V1, there: FakeProvider) -> None:
    key = key_with(v1, requests_per_minute=1)
    assert sorted(one.status for one in many(v1, key, 2)) == [200, 429]
    row = v1.rooms.keys.page(limit=10, offset=0)[0][-1]
    v1.rooms.keys.change(row.id, KeyChanges(limits=Limits(requests_per_minute=2)), BY)
    assert sorted(one.status for one in many(v1, key, 2)) == [200, 429]
    v1.rooms.keys.change(row.id, KeyChanges(limits=None), BY)
    assert {one.status for one in many(v1, key, 2)} == {200}


def test_lists_and_refusals_before_the_model_use_nothing(v1: V1, there: FakeProvider) -> None:
    key = key_with(v1, requests_per_minute=1)
    assert v1.call("/v1/models", key=key).status == 200
    assert v1.chat("nobody", key=key).status == 404
    assert v1.chat("m", key=key).status == 200
