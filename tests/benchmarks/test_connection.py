"""The connection test: one request, and an answer an admin can use."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from model_lineup.benchmarks.connection import ConnectionResult, test_connection
from model_lineup.upstream.contract import Endpoint, Target, Timeouts
from tests.fakes.provider import FakeProvider, delta, fake_provider, hello, reply, sse
from tests.fakes.running import with_client


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with fake_provider() as running:
        yield running


def result(provider: FakeProvider, task: Any = "chat", model_id: str = "m", **changes: Any) -> ConnectionResult:
    facts = {"base_url": provider.base_url, "network_scope": "loopback", **changes}
    target = Target(Endpoint("openai", **facts), model_id, task)
    return with_client(lambda client: test_connection(client, target))


def test_a_model_that_answers(provider: FakeProvider) -> None:
    provider.answer("/chat/completions", hello())
    found = result(provider)
    assert (found.passed, found.stage, found.http_status, found.answered_model) == (True, None, 200, "m")
    assert found.ttft_ms is not None
    assert found.latency_ms is not None
    assert 0 < found.ttft_ms <= found.latency_ms
    assert (found.message, found.hint, found.cold) == ("The model answered.", "", True)


@pytest.mark.parametrize("task", ["chat", "unknown", "other"])
def test_one_streamed_request_of_at_most_16_tokens(provider: FakeProvider, task: str) -> None:
    provider.answer("/chat/completions", hello())
    assert result(provider, task).passed
    [request] = provider.requests
    assert (request.json["max_tokens"], request.json["stream"]) == (16, True)


def test_an_embedding_model_is_asked_for_an_embedding(provider: FakeProvider) -> None:
    provider.answer("/embeddings", reply({"data": [{"embedding": [1.0]}]}))
    found = result(provider, "embedding")
    assert (found.passed, found.ttft_ms, found.message) == (True, None, "The model returned an embedding.")


def test_a_warm_connection_is_not_called_cold(provider: FakeProvider) -> None:
    provider.answer("/chat/completions", hello())
    target = Target(Endpoint("openai", provider.base_url, network_scope="loopback"), "m")

    async def twice(client: Any) -> list[bool | None]:
        return [(await test_connection(client, target)).cold for _ in range(2)]

    assert with_client(twice) == [True, False]


def test_another_name_in_the_answer_is_noted(provider: FakeProvider) -> None:
    provider.answer("/chat/completions", sse(delta("x", model="m-2026-01-01"), "[DONE]"))
    found = result(provider)
    assert found.passed
    assert found.answered_model == "m-2026-01-01"
    assert "m-2026-01-01" in found.hint


def test_an_answer_in_one_piece_is_noted(provider: FakeProvider) -> None:
    provider.answer("/chat/completions", reply({"choices": [{"message": {"content": "OK"}}]}))
    found = result(provider)
    assert (found.passed, found.ttft_ms) == (True, None)
    assert "one piece" in found.hint


def test_a_wrong_key(provider: FakeProvider) -> None:
    provider.answer("/chat/completions", reply({"error": {"message": "Incorrect API key"}}, status=401))
    found = result(provider, api_key="wrong-key")
    assert (found.passed, found.stage, found.http_status, found.message) == (False, "auth", 401, "Incorrect API key")
    assert "key" in found.hint
    assert found.ttft_ms is None


def test_tokens_spent_before_any_content(provider: FakeProvider) -> None:
    provider.answer("/chat/completions", sse(delta(finish="length"), "[DONE]"))
    found = result(provider)
    assert (found.passed, found.stage) == (False, "empty")
    assert "token limit" in found.message


def test_nobody_there(provider: FakeProvider) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        found = result(provider, base_url=f"http://127.0.0.1:{unused.getsockname()[1]}")
    assert (found.passed, found.stage, found.http_status, found.cold) == (False, "connect", None, None)
    assert (found.latency_ms, found.ttft_ms) == (None, None)


def test_the_test_has_a_deadline_of_its_own(provider: FakeProvider) -> None:
    provider.answer("/chat/completions", ["hang"])
    assert result(provider, timeouts=Timeouts(test_s=0.2)).stage == "timeout"
