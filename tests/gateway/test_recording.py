"""Requests to /v1 as the ledger keeps them."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import Row, select

from model_lineup.ledger.tables import usage_entries
from model_lineup.shell import Shell
from tests.fakes.provider import HANG, FakeProvider, Step, delta, event_bytes, head, hello, reply
from tests.fakes.v1 import CHAT, HELLO, MESSAGES, V1, Line

ANSWER = {
    "model": "m",
    "choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 2}},
}


@pytest.fixture
def there(v1: V1, provider: FakeProvider) -> FakeProvider:
    """A provider with one visible model, `m`, that has the alias `Best`."""
    model = v1.desk.model(v1.provider("Acme", provider.base_url), "m", visible=True)
    v1.desk.alias(model, "Best")
    provider.answer("/chat/completions", reply(ANSWER))
    return provider


def the_one(v1: V1) -> Row[Any]:
    v1.rooms.ledger.flush()
    with v1.rooms.database.read() as connection:
        return connection.execute(select(usage_entries)).one()


def tokens(row: Row[Any]) -> tuple[Any, ...]:
    return row.prompt_tokens, row.completion_tokens, row.cached_tokens, row.token_source


def test_a_plain_answer_has_its_tokens_and_no_time_to_a_first_content(v1: V1, there: FakeProvider) -> None:
    got = v1.chat("Best")
    row = the_one(v1)
    assert (row.request_id, row.name, row.surface, row.outcome) == (
        *(got.headers["x-request-id"], "Best", "chat", "completed"),
    )
    assert (row.status, row.code, row.stream, row.fallback) == (200, None, 0, 0)
    assert tokens(row) == (3, 1, 2, "provider")
    assert row.ttft_us is None
    assert row.duration_us > 0


def test_a_stream_has_a_time_to_its_first_content(v1: V1, there: FakeProvider) -> None:
    there.answer("/chat/completions", hello())
    v1.chat("Best", stream=True)
    row = the_one(v1)
    assert tokens(row) == (5, 2, 0, "provider")
    assert 0 < row.ttft_us <= row.duration_us


def test_what_nobody_counted_is_unknown_and_not_nought(v1: V1, there: FakeProvider) -> None:
    there.answer("/chat/completions", reply({**ANSWER, "usage": None}))
    v1.chat("Best")
    assert tokens(the_one(v1)) == (None, None, None, "none")


def test_an_alias_that_was_written_otherwise_is_kept_as_it_is_spelt(v1: V1, there: FakeProvider) -> None:
    v1.chat("bEST")
    assert the_one(v1).name == "Best"


@pytest.mark.parametrize(
    ("asked", "kept"), [("nope", "nope"), ("x" * 500, "x" * 199 + "…"), ("a\0b", "a\\x00b"), ("é\n", "é\n")]
)
def test_a_name_that_leads_nowhere_is_kept_with_its_refusal(v1: V1, there: FakeProvider, asked: str, kept: str) -> None:
    v1.chat(asked)
    row = the_one(v1)
    assert (row.name, row.model_row, row.outcome, row.code, row.status) == (
        *(kept, None, "refused", "model_not_found", 404),
    )


def test_a_failure_of_the_provider_is_kept_under_the_model_that_was_meant(v1: V1, there: FakeProvider) -> None:
    there.answer("/chat/completions", reply({"error": {"message": "x"}}, status=500))
    v1.chat("Best")
    row = the_one(v1)
    assert (row.outcome, row.code, row.status, row.fallback) == ("upstream_failed", "upstream_server_error", 502, None)
    assert row.model_row is not None


@pytest.mark.parametrize("surface", [CHAT, MESSAGES])
def test_what_came_before_a_caller_left_is_counted(v1: V1, there: FakeProvider, surface: str) -> None:
    steps: list[Step] = [head(200, "text/event-stream", "connection: close")]
    steps += [event_bytes(delta(word)) for word in ("one ", "two ", "three")]
    there.answer("/chat/completions", [*steps, HANG])

    async def leave(shell: Shell) -> None:
        line = Line(shell)
        body = {"model": "Best", "messages": HELLO, "stream": True, "max_tokens": 9}
        call = asyncio.create_task(v1.on(line, surface, body))
        await line.seen(b"three")
        line.leave()
        await call

    v1.run(leave)
    row = the_one(v1)
    assert (row.outcome, row.status) == ("client_closed", 200)
    assert tokens(row) == (None, 3, None, "estimated")
    assert row.ttft_us is not None


def test_a_fallback_is_kept_with_the_model_that_answered(v1: V1, there: FakeProvider) -> None:
    second = v1.desk.model(v1.provider("Two", there.base_url), "second", visible=True)
    first = v1.rooms.models.find("m")
    v1.desk.alias(first, "safe", fallbacks=[second.id])
    there.answer("/chat/completions", reply({"error": {"message": "x"}}, status=500), reply(ANSWER))
    assert v1.chat("safe").status == 200
    row = the_one(v1)
    assert (row.name, row.model_row, row.fallback) == ("safe", second.id, 1)
