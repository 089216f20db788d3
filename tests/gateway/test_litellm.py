"""A LiteLLM Proxy as a provider: what it writes, as LiteLLM 1.106.2 wrote it when it was asked on 2026-11-23."""

import json
from typing import Any

import pytest

from model_lineup.upstream.kinds.openai import KIND
from tests.fakes.kind_wire import data
from tests.fakes.provider import FakeProvider, reply, stream
from tests.fakes.v1 import V1

HEAD = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1795420193, "model": "gpt-local"}
LIST = {
    "data": [
        {"id": "gpt-local", "object": "model", "created": 1677610602, "owned_by": "openai"},
        {"id": "openai/*", "object": "model", "created": 1677610602, "owned_by": "openai"},
    ],
    "object": "list",
}
PLAIN = {
    "id": "chatcmpl-1",
    "created": 0,
    "model": "gpt-local",
    "object": "chat.completion",
    "choices": [
        {
            "finish_reason": "stop",
            "index": 0,
            "message": {"content": "hi", "role": "assistant", "provider_specific_fields": {"refusal": None}},
            "provider_specific_fields": {},
        }
    ],
    "usage": {"completion_tokens": 6, "prompt_tokens": 1, "total_tokens": 7},
}
USAGE = {"completion_tokens": 2, "prompt_tokens": 1, "total_tokens": 3, "completion_tokens_details": {"text_tokens": 2}}
STREAMED = [
    {**HEAD, "choices": [{"index": 0, "delta": {"role": "assistant", "content": "hi "}}]},
    {**HEAD, "choices": [{"index": 0, "delta": {"content": "hi "}}]},
    {**HEAD, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    {**HEAD, "choices": [{"index": 0, "delta": {}}], "usage": USAGE},
]
SAID = "/chat/completions: Invalid model name passed in model=nope. Call `/v1/models` to view available models."
ERROR = {
    "error": {
        "message": SAID,
        "type": "invalid_request_error",
        "param": None,
        "code": "400",
        "provider_specific_fields": {"error": SAID},
    }
}


@pytest.fixture
def litellm(v1: V1, provider: FakeProvider) -> FakeProvider:
    v1.desk.model(v1.provider("LiteLLM", provider.base_url, api_key="sk-litellm"), "gpt-local", visible=True)
    return provider


def test_its_list_is_read_with_its_wildcards() -> None:
    assert [model.model_id for model in KIND.page(json.dumps(LIST).encode()).models] == ["gpt-local", "openai/*"]


def test_a_plain_answer_passes_with_fields_of_its_own(v1: V1, litellm: FakeProvider) -> None:
    litellm.answer("/chat/completions", reply(PLAIN))
    assert v1.chat("litellm/gpt-local").json == {**PLAIN, "model": "litellm/gpt-local"}
    assert litellm.requests[-1].header("authorization") == "Bearer sk-litellm"


@pytest.mark.parametrize("asked", [False, True])
def test_a_stream_tells_usage_to_those_who_asked(v1: V1, litellm: FakeProvider, asked: bool) -> None:
    litellm.answer("/chat/completions", stream([*map(data, STREAMED), data("[DONE]")]))
    wish: dict[str, Any] = {"stream_options": {"include_usage": True}} if asked else {}
    got = v1.chat("gpt-local", stream=True, **wish)
    assert got.events == [*(STREAMED if asked else STREAMED[:-1]), "[DONE]"]


def test_its_refusal_is_told_in_its_words(v1: V1, litellm: FakeProvider) -> None:
    litellm.answer("/chat/completions", reply(ERROR, status=400))
    got = v1.chat("gpt-local")
    assert (got.status, got.code) == (400, "upstream_rejected_request")
    assert "Invalid model name passed in" in got.json["error"]["message"]
