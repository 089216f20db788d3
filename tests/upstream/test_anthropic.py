"""What is Anthropic's own."""

import json
from typing import Any

import pytest

from model_lineup.demo.model_server import MODEL_ID, LocalModel
from model_lineup.upstream.contract import Ask, Endpoint, MalformedError, Message, Quirks, Target, Usage
from model_lineup.upstream.exchange import converse, list_models
from model_lineup.upstream.kinds.anthropic import KIND
from tests.fakes.anthropic_wire import WIRE, event, grew
from tests.fakes.kind_server import KindServer
from tests.fakes.provider import fake_provider, reply
from tests.fakes.running import with_client

TARGET = Target(Endpoint("anthropic", "https://example.test"), "m")


def page_of(value: Any) -> Any:
    return KIND.page(json.dumps(value).encode())


def facts_of(**entry: Any) -> dict[str, Any]:
    [model] = page_of({"data": [{"id": "m", **entry}]}).models
    facts: dict[str, Any] = model.facts
    return facts


def exchange_of(*events: bytes) -> Any:
    with fake_provider() as provider:
        return KindServer("anthropic", provider).streamed(*events)


def test_what_an_entry_tells() -> None:
    assert facts_of(
        display_name="Claude",
        max_input_tokens=200_000,
        max_tokens=64_000,
        created_at="2026-02-03T00:00:00Z",
        capabilities={
            "image_input": {"supported": True},
            "batch": {"supported": False},
            "pdf_input": {"supported": True},
            "thinking": {"supported": True},
            "structured_outputs": {"supported": False},
            "citations": {"supported": True},
            "odd": {"supported": "yes"},
        },
        lifecycle="deprecated",
        deprecated_at="2026-10-01T00:00:00Z",
        retires_at="2027-01-01T00:00:00Z",
    ) == {
        "display_name": "Claude",
        "context_length": 200_000,
        "max_output_tokens": 64_000,
        "supports_vision": True,
        "task": "chat",
        "released_on": "2026-02-03",
        "supports_pdf": True,
        "supports_reasoning": True,
        "supports_structured_output": False,
        "capabilities": ["citations"],
        "lifecycle": {
            "state": "deprecated",
            "deprecated_at": "2026-10-01T00:00:00Z",
            "retires_at": "2027-01-01T00:00:00Z",
        },
    }


def test_what_an_entry_does_not_tell_is_unknown() -> None:
    odd = {"max_tokens": 0, "max_input_tokens": "many", "capabilities": {"image_input": True}, "retires_at": None}
    assert facts_of(**odd) == {"task": "chat"}


def test_more_without_a_place_to_go_on_is_malformed() -> None:
    with pytest.raises(MalformedError):
        page_of({"data": [{"id": "m"}], "has_more": True})


def test_the_largest_pages_are_asked_for_in_the_version_that_was_set() -> None:
    with fake_provider() as provider:
        server = KindServer("anthropic", provider)
        server.answer("/v1/models", reply(WIRE.page([WIRE.entry("a")], "x")), reply(WIRE.page([WIRE.entry("b")])))
        endpoint = Endpoint("anthropic", server.endpoint().base_url, "k", "loopback", api_version="2030-01-01")
        with_client(lambda client: list_models(client, endpoint))
    first, second = provider.requests
    assert (first.target, second.target) == ("/v1/models?limit=1000", "/v1/models?limit=1000&after_id=x")
    assert first.header("anthropic-version") == "2030-01-01"
    assert KIND.auth(TARGET.endpoint) == {"anthropic-version": "2023-06-01"}


def test_an_ask_always_has_a_limit_and_its_system_apart() -> None:
    ask = Ask((Message("system", "Be brief."), Message("user", "hi")), seed=3, temperature=0.5)
    call = KIND.dialect.call(TARGET, ask, Quirks())
    assert call.path == "/v1/messages"
    assert json.loads(call.body or b"") == {
        "model": "m",
        "max_tokens": 4096,
        "system": "Be brief.",
        "messages": [{"role": "user", "content": "hi"}],
        "stream": True,
        "temperature": 0.5,
    }


def test_the_prompts_usage_comes_first_and_the_answers_last() -> None:
    usage = {"input_tokens": 5, "cache_creation_input_tokens": 2, "cache_read_input_tokens": 3, "output_tokens": 1}
    start = event("message_start", message={"model": "m", "usage": usage})
    text = grew(type="text_delta", text="x")
    end = event("message_delta", delta={"stop_reason": "max_tokens"}, usage={"output_tokens": 7})
    whole = exchange_of(start, text, end, event("message_stop"))
    assert (whole.usage, whole.finish_reason) == (Usage(10, 7, 3), "length")
    cut = exchange_of(start, text)
    assert (cut.usage, cut.failure.code) == (Usage(10, None, 3), "truncated")


@pytest.mark.parametrize(
    ("event_", "content"),
    [
        (grew(type="input_json_delta", partial_json='{"a'), True),
        (grew(type="input_json_delta", partial_json=""), False),
        (grew(type="signature_delta", signature="abc"), False),
        (event("content_block_start", content_block={"type": "tool_use", "name": "f", "input": {}}), True),
        (event("content_block_start", content_block={"type": "redacted_thinking", "data": "x"}), True),
        (event("content_block_start", content_block={"type": "thinking", "thinking": ""}), False),
        (event("an_event_of_tomorrow", delta={"text": "x"}), False),
    ],
)
def test_what_counts_as_content(event_: bytes, content: bool) -> None:
    [(name, data)] = KIND.dialect.parser().feed(event_)
    assert KIND.dialect.event(name, data).content == content


@pytest.mark.parametrize(
    ("kind", "stage", "code"),
    [
        ("overloaded_error", "quota", "overloaded"),
        ("rate_limit_error", "quota", "quota"),
        ("billing_error", "quota", "quota"),
        ("authentication_error", "auth", "auth"),
        ("permission_error", "auth", "auth"),
        ("not_found_error", "model", "model"),
        ("timeout_error", "timeout", "timeout"),
        ("api_error", "protocol", "server_error"),
        ("invalid_request_error", "protocol", "upstream_error"),
    ],
)
def test_an_error_event_has_its_stage(kind: str, stage: str, code: str) -> None:
    failure = exchange_of(event("error", error={"type": kind, "message": "no"})).failure
    assert (failure.stage, failure.code, failure.message) == (stage, code, "no")


def test_an_error_event_is_one_even_without_words() -> None:
    assert exchange_of(b"event: error\ndata: {}\n\n").failure.code == "upstream_error"


@pytest.mark.parametrize("streamed", [True, False])
def test_a_server_that_we_did_not_write_is_understood(local_model: LocalModel, streamed: bool) -> None:
    """llama.cpp speaks the Messages API too."""
    endpoint = Endpoint("anthropic", local_model.base_url.removesuffix("/v1"), network_scope="loopback")
    ask = Ask.of("Say hello.", max_tokens=16, stream=streamed)
    listing = with_client(lambda client: list_models(client, endpoint))
    exchange = with_client(lambda client: converse(client, Target(endpoint, MODEL_ID), ask))
    assert [model.model_id for model in listing.models] == [MODEL_ID]
    assert exchange.failure is None
    assert exchange.finish_reason in ("stop", "length")
    assert exchange.usage is not None
    assert 0 < (exchange.usage.completion_tokens or 0) <= 16
    assert exchange.usage.prompt_tokens != 0  # None where llama.cpp had it all in its cache and counted nothing
    assert bool(exchange.content_at) == streamed
