"""OpenAI's wire format as its imitators really send it."""

import json
from typing import Any

import pytest

from model_lineup.upstream.contract import (
    Answer,
    Ask,
    Endpoint,
    Event,
    MalformedError,
    ProviderError,
    Quirks,
    Target,
    Usage,
)
from model_lineup.upstream.dialects.openai import OpenAIDialect
from tests.fakes.provider import delta

DIALECT = OpenAIDialect()
CHAT = Target(Endpoint("openai", "https://example.test/v1"), "m")
EMBEDDING = Target(CHAT.endpoint, "e", "embedding")


def body_of(target: Target, ask: Ask, quirks: Quirks | None = None) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(DIALECT.call(target, ask, quirks or Quirks()).body or b"")
    return body


def event(value: Any, name: str = "message") -> Event:
    return DIALECT.event(name, value if isinstance(value, bytes) else json.dumps(value).encode())


def answer(value: Any, target: Target = CHAT) -> Answer:
    return DIALECT.answer(target, json.dumps(value).encode())


def test_a_streamed_ask() -> None:
    assert body_of(CHAT, Ask.of("hi", max_tokens=9, seed=3)) == {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 9,
        "seed": 3,
    }


def test_an_embedding_ask() -> None:
    assert DIALECT.call(EMBEDDING, Ask.of("hi"), Quirks()).path == "/embeddings"
    assert body_of(EMBEDDING, Ask.of("hi", max_tokens=9)) == {"model": "e", "input": ["hi"]}


@pytest.mark.parametrize(
    ("message", "gone", "there"),
    [
        ("Unrecognized request argument: stream_options", "stream_options", "max_tokens"),
        ("Use 'max_completion_tokens' instead.", "max_tokens", "max_completion_tokens"),
    ],
)
def test_a_refusal_teaches_once(message: str, gone: str, there: str) -> None:
    quirks = Quirks()
    assert DIALECT.learn(400, message, quirks)
    body = body_of(CHAT, Ask.of("hi", max_tokens=9), quirks)
    assert gone not in body
    assert there in body
    assert not DIALECT.learn(400, message, quirks)


def test_other_refusals_teach_nothing() -> None:
    assert not DIALECT.learn(500, "stream_options", Quirks())
    assert not DIALECT.learn(400, "context too long", Quirks())


@pytest.mark.parametrize(
    "change",
    [
        {"content": "x"},
        {"reasoning_content": "x"},
        {"reasoning": "x"},
        {"tool_calls": [{"index": 0, "function": {"arguments": "{"}}]},
        {"refusal": "no"},
        {"content": [{"type": "text", "text": "x"}]},
    ],
)
def test_text_reasoning_and_tool_calls_are_content(change: dict[str, Any]) -> None:
    assert event({"choices": [{"delta": change}]}).content


@pytest.mark.parametrize(
    "value",
    [
        delta(role="assistant", content=""),
        {"choices": [{"delta": {"role": "assistant", "content": None, "tool_calls": []}}]},
        {"choices": [], "prompt_filter_results": [{}]},
        {"choices": None},
        {"choices": [{"finish_reason": None}]},
        {},
    ],
)
def test_an_announcement_is_no_content(value: Any) -> None:
    assert event(value) == Event(model=value.get("model"))


def test_the_end_of_a_stream() -> None:
    assert event(b"[DONE]") == Event(done=True)
    assert event(delta(finish="stop")) == Event(finish_reason="stop", model="m")


@pytest.mark.parametrize(
    ("value", "usage"),
    [
        ({"prompt_tokens": 5, "completion_tokens": 2}, Usage(5, 2, None)),
        ({"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 4}}, Usage(5, None, 4)),
        ({"prompt_tokens": "12", "completion_tokens": -5}, Usage()),
        ({"prompt_tokens": 2**63, "completion_tokens": 1.5}, Usage()),
        ({"prompt_tokens": True, "prompt_tokens_details": []}, Usage()),
        (None, None),
        ("many", None),
    ],
)
def test_impossible_counts_are_unknown_never_zero(value: Any, usage: Usage | None) -> None:
    assert event({"choices": [], "usage": value}).usage == usage


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"NaN",
        b"[]",
        b'"text"',
        b'{"choices": 3}',
        b'{"choices": [{"delta": "x"}]}',
        b'{"choices": [], "usage": NaN}',
        b'{"choices": [{"delta": {"content": "\xff"}}]}',
        b'{"choices": [{"delta": {"content": "\\ud800"}}]}',
        b'{"x": ' + b"[" * 100_000,
    ],
)
def test_what_is_no_chunk_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedError):
        DIALECT.event("message", body)
    with pytest.raises(MalformedError):
        DIALECT.answer(CHAT, body)


@pytest.mark.parametrize(
    "value",
    [
        {"error": {"message": "over", "code": 429}},
        {"error": {"message": "over", "type": "server_error"}, "choices": [{"delta": {"content": ""}}]},
        {"error": "over"},
        {"object": "error", "message": "over", "code": 400},
    ],
)
def test_an_error_is_an_error_whatever_its_shape(value: Any) -> None:
    with pytest.raises(ProviderError, match="over"):
        event(value)
    with pytest.raises(ProviderError, match="over"):
        answer(value)


def test_an_error_event_is_an_error_even_without_a_message() -> None:
    with pytest.raises(ProviderError):
        event({}, name="error")


def test_a_plain_answer() -> None:
    value = {"model": "m-1", "choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}], "timings": {"a": 1}}
    assert answer(value) == Answer("Hi", False, "stop", None, "m-1", {"a": 1})


@pytest.mark.parametrize("choices", [[], [{}], [{"message": {"content": ""}}], [{"message": None}]])
def test_a_plain_answer_without_content_is_empty(choices: list[Any]) -> None:
    assert answer({"choices": choices}).empty


@pytest.mark.parametrize(
    ("data", "empty"),
    [([{"embedding": [0.1]}], False), ([{"embedding": "AAAA"}], False), ([], True), ([{}], True), (None, True)],
)
def test_an_embedding_needs_a_vector(data: Any, empty: bool) -> None:
    assert answer({"data": data, "usage": {"prompt_tokens": 2}}, EMBEDDING).empty == empty
