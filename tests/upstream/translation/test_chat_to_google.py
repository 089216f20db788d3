"""A caller who speaks OpenAI's chat format (or Anthropic's, through it), a provider who speaks Gemini's."""

from typing import Any

import msgspec
import pytest

from model_lineup.upstream.contract import MalformedError, ProviderError
from tests.upstream.translation.chats import CREATED, PIXEL, TOOL, answer, refusal, request, stream, translation

ASK: dict[str, Any] = {"messages": [{"role": "user", "content": "Hello"}]}
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"town":"Bonn"}'}}


def asked(**fields: Any) -> dict[str, Any]:
    return request("openai", "google", {**ASK, **fields})


def refused(**fields: Any) -> str:
    return refusal("openai", "google", {**ASK, **fields})


def test_a_plain_question_becomes_contents() -> None:
    assert asked() == {"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]}


def test_settings_stand_in_the_generation_config() -> None:
    body = asked(max_tokens=5, temperature=1.5, top_p=0.5, seed=3, stop=["A"], presence_penalty=0.1)
    assert body["generationConfig"] == {
        "maxOutputTokens": 5,
        "temperature": 1.5,
        "topP": 0.5,
        "seed": 3,
        "stopSequences": ["A"],
        "presencePenalty": 0.1,
    }


def test_a_schema_and_json_mode_are_translated() -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}
    config = asked(response_format=wanted)["generationConfig"]
    assert config == {"responseMimeType": "application/json", "responseJsonSchema": {"type": "object"}}
    assert asked(response_format={"type": "json_object"})["generationConfig"] == {
        "responseMimeType": "application/json"
    }


def test_results_name_the_function_that_was_called_and_signatures_go_back() -> None:
    signed = {**CALL, "extra_content": {"google": {"thought_signature": "c2ln"}}}
    body = asked(
        tools=[TOOL],
        tool_choice={"type": "function", "function": {"name": "weather"}},
        messages=[
            {"role": "system", "content": "Be short."},
            {"role": "user", "content": "Weather?"},
            {"role": "assistant", "content": None, "tool_calls": [signed]},
            {"role": "tool", "tool_call_id": "call_1", "content": '{"sky":"grey"}'},
        ],
    )
    assert body["systemInstruction"] == {"parts": [{"text": "Be short."}]}
    assert body["toolConfig"]["functionCallingConfig"] == {"mode": "ANY", "allowedFunctionNames": ["weather"]}
    declared = body["tools"][0]["functionDeclarations"][0]
    assert declared["parametersJsonSchema"]["required"] == ["town"]
    model, result = body["contents"][1:]
    assert model["parts"] == [
        {"functionCall": {"name": "weather", "args": {"town": "Bonn"}}, "thoughtSignature": "c2ln"}
    ]
    assert result == {
        "role": "user",
        "parts": [{"functionResponse": {"name": "weather", "response": {"sky": "grey"}}}],
    }


def test_a_result_that_is_no_object_is_wrapped() -> None:
    body = asked(
        messages=[
            {"role": "assistant", "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "call_1", "content": "rain"},
        ]
    )
    assert body["contents"][1]["parts"][0]["functionResponse"]["response"] == {"result": "rain"}


def test_images_travel_inside_the_request() -> None:
    part = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
    body = asked(messages=[{"role": "user", "content": [part]}])
    assert body["contents"][0]["parts"] == [{"inlineData": {"mimeType": "image/png", "data": PIXEL}}]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"n": 2}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"parallel_tool_calls": False}, "parallel_tool_calls"),
        ({"reasoning_effort": "low"}, "reasoning_effort"),
        ({"stop": 3}, "stop"),
        ({"tool_choice": "maybe"}, "tool_choice"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "tool", "tool_call_id": "x", "content": "y"}]}, "messages[0].tool_call_id"),
        (
            {"messages": [{"role": "user", "content": "x"}, {"role": "system", "content": "y"}]},
            "messages[1].role",
        ),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}],
                    }
                ]
            },
            "messages[0].content[0].image_url.url",
        ),
    ],
)
def test_what_has_no_counterpart_is_refused_by_name(fields: dict[str, Any], field: str) -> None:
    assert refused(**fields) == field


def candidate(*parts: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"content": {"role": "model", "parts": list(parts)}}
    return {"responseId": "r1", "candidates": [{**found, "finishReason": reason} if reason else found]}


USAGE = {"promptTokenCount": 4, "candidatesTokenCount": 2, "thoughtsTokenCount": 3, "cachedContentTokenCount": 1}
CALLED = {"functionCall": {"name": "weather", "args": {"town": "Bonn"}}, "thoughtSignature": "c2ln"}


def test_an_answer_comes_back_with_text_thoughts_calls_and_usage() -> None:
    got = answer(
        "openai",
        "google",
        {**candidate({"text": "hm", "thought": True}, {"text": "Hi"}, CALLED, reason="STOP"), "usageMetadata": USAGE},
    )
    message = got["choices"][0]["message"]
    assert (message["content"], message["reasoning_content"]) == ("Hi", "hm")
    call = message["tool_calls"][0]
    assert call["id"] == "call_r1_0"
    assert call["extra_content"] == {"google": {"thought_signature": "c2ln"}}
    assert got["choices"][0]["finish_reason"] == "tool_calls"
    assert (got["usage"]["prompt_tokens"], got["usage"]["completion_tokens"]) == (4, 5)


@pytest.mark.parametrize(
    ("reason", "said"),
    [("STOP", "stop"), ("MAX_TOKENS", "length"), ("SAFETY", "content_filter"), ("RECITATION", "content_filter")],
)
def test_the_reason_to_stop_is_translated(reason: str, said: str) -> None:
    assert answer("openai", "google", candidate({"text": "x"}, reason=reason))["choices"][0]["finish_reason"] == said


def test_a_blocked_prompt_is_a_content_filter() -> None:
    got = answer("openai", "google", {"promptFeedback": {"blockReason": "SAFETY"}})
    assert got["choices"][0]["finish_reason"] == "content_filter"


@pytest.mark.parametrize(
    "broken",
    [
        {},
        candidate({"inlineData": {"mimeType": "image/png", "data": "x"}}, reason="STOP"),
        candidate({"functionCall": {}}, reason="STOP"),
        candidate({"text": ""}, reason="MALFORMED_FUNCTION_CALL"),
    ],
)
def test_what_a_chat_completion_cannot_hold_is_malformed(broken: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        answer("openai", "google", broken)


def test_an_error_is_no_answer() -> None:
    with pytest.raises(ProviderError):
        answer("openai", "google", {"error": {"code": 429, "message": "slow down"}})


EVENTS = [
    candidate({"text": "hm", "thought": True}),
    candidate({"text": "Hel"}),
    candidate({"text": "lo"}),
    candidate(CALLED),
    {**candidate({"text": ""}, reason="STOP"), "usageMetadata": USAGE},
]


def test_a_stream_comes_back_as_chunks() -> None:
    chunks = stream("openai", "google", EVENTS)
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"]]
    assert "".join(delta.get("content") or "" for delta in deltas) == "Hello"
    assert next(delta["tool_calls"][0] for delta in deltas if "tool_calls" in delta)["function"] == {
        "name": "weather",
        "arguments": '{"town":"Bonn"}',
    }
    assert chunks[-2]["choices"][0]["finish_reason"] == "tool_calls"
    assert chunks[-1]["usage"]["total_tokens"] == 9


@pytest.mark.parametrize("events", range(1, len(EVENTS)))
def test_a_cut_stream_is_not_finished(events: int) -> None:
    translator = translation("openai", "google").stream(name="n", created=CREATED, usage=True)
    for event in EVENTS[:events]:
        translator.feed("message", msgspec.json.encode(event))
    assert not translator.finished


def test_a_caller_of_anthropics_format_reaches_gemini_through_the_chat_format() -> None:
    body = request("anthropic", "google", {"max_tokens": 9, "system": "Be short.", "messages": ASK["messages"]})
    assert body["generationConfig"] == {"maxOutputTokens": 9}
    events = stream("anthropic", "google", EVENTS)
    assert [event["type"] for event in events[-2:]] == ["message_delta", "message_stop"]
    assert events[-2]["delta"]["stop_reason"] == "tool_use"
    assert events[-2]["usage"]["output_tokens"] == 5
    texts = [event["delta"]["text"] for event in events if event.get("delta", {}).get("type") == "text_delta"]
    assert "".join(texts) == "Hello"
