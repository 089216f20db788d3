"""What is Gemini's own."""

import json
from typing import Any

import pytest

from model_lineup.upstream.contract import Ask, Endpoint, Exchange, Message, Quirks, Target, Usage
from model_lineup.upstream.exchange import list_models
from model_lineup.upstream.kinds.google import KIND
from tests.fakes.google_wire import WIRE, chunk
from tests.fakes.kind_server import KindServer
from tests.fakes.kind_wire import data
from tests.fakes.provider import Answer, fake_provider, reply, stream
from tests.fakes.running import with_client

TARGET = Target(Endpoint("google", "https://example.test"), "gem")


def page_of(value: Any) -> Any:
    return KIND.page(json.dumps(value).encode())


def exchange_of(answer: Answer, *, streamed: bool = True) -> Exchange:
    with fake_provider() as provider:
        [exchange] = KindServer("google", provider).exchanges(answer, streamed=streamed)
        return exchange


def test_what_an_entry_tells() -> None:
    entry = {
        "name": "models/gem-pro",
        "displayName": "Gem Pro",
        "description": "Good.",
        "version": "1",
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": ["countTokens", "generateContent"],
        "thinking": True,
        "baseModelId": "gem",
        "temperature": 1,
        "topP": 0.95,
        "topK": 64,
        "maxTemperature": 2,
    }
    [model] = page_of({"models": [entry]}).models
    assert model.model_id == "gem-pro"
    assert model.facts == {
        "display_name": "Gem Pro",
        "description": "Good.",
        "context_length": 1_048_576,
        "max_output_tokens": 65_536,
        "task": "chat",
        "supports_reasoning": True,
        "methods": ["countTokens", "generateContent"],
        "base_model": "gem",
        "model_version": "1",
        "default_parameters": ["temperature=1", "top_k=64", "top_p=0.95"],
    }


@pytest.mark.parametrize(
    ("methods", "task"),
    [
        (["generateContent", "embedContent"], "chat"),
        (["embedContent"], "embedding"),
        (["batchEmbedContents"], "embedding"),
        (["predict"], None),
        (["bidiGenerateContent"], None),
        ([], None),
        ("generateContent", None),
    ],
)
def test_only_what_generates_or_embeds_is_listed(methods: Any, task: str | None) -> None:
    models = page_of({"models": [{"name": "models/m", "supportedGenerationMethods": methods}]}).models
    assert [model.facts["task"] for model in models] == ([task] if task else [])


def test_a_page_of_models_for_nothing_here_is_no_end() -> None:
    other = {"name": "models/video", "supportedGenerationMethods": ["predictLongRunning"]}
    with fake_provider() as provider:
        server = KindServer("google", provider)
        server.pages(WIRE.page([other], "x"), WIRE.page([other], "y"), WIRE.page([WIRE.entry("a")]))
        assert server.ids() == ["a"]
    targets = [got.target for got in provider.requests]
    assert targets[:2] == ["/v1beta/models?pageSize=1000", "/v1beta/models?pageSize=1000&pageToken=x"]


def test_the_version_that_was_set_is_asked_in() -> None:
    with fake_provider() as provider:
        server = KindServer("google", provider)
        server.answer("/v1/models", reply(WIRE.page([WIRE.entry("a")])))
        endpoint = Endpoint("google", server.endpoint().base_url, "k", "loopback", api_version="v1")
        with_client(lambda client: list_models(client, endpoint))
    call = KIND.dialect.call(Target(endpoint, "a"), Ask.of("hi"), Quirks())
    assert (call.path, call.query) == ("/v1/models/a:streamGenerateContent", (("alt", "sse"),))


def test_an_ask_in_its_words() -> None:
    turns = (Message("system", "Be brief."), Message("user", "hi"), Message("assistant", "yes?"), Message("user", "x"))
    call = KIND.dialect.call(TARGET, Ask(turns, max_tokens=9, stream=False, temperature=0.0, seed=3), Quirks())
    assert (call.path, call.query) == ("/v1beta/models/gem:generateContent", ())
    assert json.loads(call.body or b"") == {
        "contents": [
            {"role": "user", "parts": [{"text": "hi"}]},
            {"role": "model", "parts": [{"text": "yes?"}]},
            {"role": "user", "parts": [{"text": "x"}]},
        ],
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "generationConfig": {"maxOutputTokens": 9, "temperature": 0.0, "seed": 3},
    }


def test_a_tuned_model_is_asked_in_its_own_collection() -> None:
    call = KIND.dialect.call(Target(TARGET.endpoint, "tunedModels/a b"), Ask.of("hi"), Quirks())
    assert call.path == "/v1beta/tunedModels/a%20b:streamGenerateContent"


def test_an_embedding_names_its_model_twice() -> None:
    call = KIND.dialect.call(Target(TARGET.endpoint, "emb", "embedding"), Ask.of("hi"), Quirks())
    assert call.path == "/v1beta/models/emb:batchEmbedContents"
    assert json.loads(call.body or b"") == {
        "requests": [{"model": "models/emb", "content": {"parts": [{"text": "hi"}]}}]
    }


@pytest.mark.parametrize("streamed", [True, False])
def test_a_blocked_prompt_is_empty_and_says_so(streamed: bool) -> None:
    value = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 3}}
    exchange = exchange_of(stream([data(value)]) if streamed else reply(value), streamed=streamed)
    assert exchange.failure is not None
    assert exchange.failure.stage == "empty"
    assert "filter" in exchange.failure.message
    assert exchange.usage == Usage(3)


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ("MAX_TOKENS", "length"),
        ("SAFETY", "content_filter"),
        ("MALFORMED_FUNCTION_CALL", "malformed_function_call"),
    ],
)
def test_finish_reasons_in_common_words(told: str, reason: str) -> None:
    exchange = exchange_of(stream([data(chunk({"text": "x"})), data(chunk(finish=told))]))
    assert (exchange.finish_reason, exchange.text, exchange.failure) == (reason, "x", None)


def test_usage_grows_and_the_last_counts() -> None:
    first = chunk({"text": "x"}, usageMetadata={"promptTokenCount": 5, "candidatesTokenCount": 1})
    last = chunk(finish="STOP", usageMetadata={"promptTokenCount": 5, "candidatesTokenCount": 7})
    assert exchange_of(stream([data(first), data(last)])).usage == Usage(5, 7, None)


@pytest.mark.parametrize("part", [{"functionCall": {"name": "f", "args": {}}}, {"inlineData": {"data": "AAAA"}}])
def test_calls_and_data_are_content(part: Any) -> None:
    exchange = exchange_of(stream([data(chunk(part)), data(chunk(finish="STOP"))]))
    assert (len(exchange.content_at), exchange.text, exchange.failure) == (1, "", None)


BAD_KEY = {"code": 400, "message": "API key not valid. Please pass a valid API key.", "status": "INVALID_ARGUMENT"}


@pytest.mark.parametrize("body", [{"error": BAD_KEY}, [{"error": BAD_KEY}]], ids=["object", "list"])
def test_a_bad_key_is_an_auth_failure_although_it_is_a_400(body: Any) -> None:
    failure = exchange_of(reply(body, status=400)).failure
    assert failure is not None
    assert (failure.stage, failure.http_status, failure.message) == ("auth", 400, BAD_KEY["message"])
