"""A caller who speaks OpenAI's chat format, a provider who speaks Anthropic's."""

from typing import Any

import msgspec
import pytest

from model_lineup.upstream.contract import MalformedError, ProviderError
from tests.upstream.translation.chats import (
    CREATED,
    PIXEL,
    TOOL,
    answer,
    left_out,
    refusal,
    request,
    stream,
    translation,
)

ASK: dict[str, Any] = {"model": "x", "messages": [{"role": "user", "content": "Hello"}]}
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"town":"Bonn"}'}}


def asked(**fields: Any) -> dict[str, Any]:
    return request("openai", "anthropic", {**ASK, **fields})


def refused(**fields: Any) -> str:
    return refusal("openai", "anthropic", {**ASK, **fields})


def turns(*messages: dict[str, Any]) -> dict[str, Any]:
    return request("openai", "anthropic", {"messages": list(messages)})


def test_a_plain_question_becomes_one_user_turn() -> None:
    assert asked() == {
        "max_tokens": 4096,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}],
    }


def test_the_bound_is_the_callers_or_else_what_the_model_can_give() -> None:
    assert asked(max_tokens=7)["max_tokens"] == 7
    assert asked(max_completion_tokens=9, max_tokens=7)["max_tokens"] == 9
    assert request("openai", "anthropic", ASK, max_tokens=64000)["max_tokens"] == 64000


def test_instructions_before_the_first_turn_are_the_system_prompt_and_later_ones_stay_in_place() -> None:
    body = turns(
        {"role": "developer", "content": "Be short."},
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hi"},
        {"role": "system", "content": "Now in French."},
    )
    assert [block["text"] for block in body["system"]] == ["Be short.", "Be kind."]
    assert [turn["role"] for turn in body["messages"]] == ["user", "system"]


def test_settings_are_translated_by_meaning() -> None:
    body = asked(temperature=0.5, top_p=0.9, stop="END", user="u1", stream=True, reasoning_effort="low")
    assert body["temperature"] == 0.5
    assert body["top_p"] == 0.9
    assert body["stop_sequences"] == ["END"]
    assert body["metadata"] == {"user_id": "u1"}
    assert body["stream"] is True
    assert body["output_config"] == {"effort": "low"}


def test_tools_calls_and_results_keep_their_ids_and_results_stand_together() -> None:
    body = request(
        "openai",
        "anthropic",
        {
            "tools": [TOOL],
            "tool_choice": "required",
            "parallel_tool_calls": False,
            "messages": [
                {"role": "user", "content": "Weather?"},
                {"role": "assistant", "content": None, "tool_calls": [CALL, {**CALL, "id": "call_2"}]},
                {"role": "tool", "tool_call_id": "call_1", "content": "rain"},
                {"role": "tool", "tool_call_id": "call_2", "content": [{"type": "text", "text": "sun"}]},
                {"role": "user", "content": "Thanks"},
            ],
        },
    )
    assert body["tools"] == [
        {
            "name": "weather",
            "description": "The weather in a town.",
            "input_schema": TOOL["function"]["parameters"],  # type: ignore[index]
        }
    ]
    assert body["tool_choice"] == {"type": "any", "disable_parallel_tool_use": True}
    calls, results = body["messages"][1]["content"], body["messages"][2]["content"]
    assert calls[0] == {"type": "tool_use", "id": "call_1", "name": "weather", "input": {"town": "Bonn"}}
    assert [block["type"] for block in results] == ["tool_result", "tool_result", "text"]
    assert results[0] == {"type": "tool_result", "tool_use_id": "call_1", "content": [{"type": "text", "text": "rain"}]}


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ("auto", {"type": "auto"}),
        ("none", {"type": "none"}),
        ({"type": "function", "function": {"name": "weather"}}, {"type": "tool", "name": "weather"}),
    ],
)
def test_the_choice_of_a_tool_is_translated(choice: Any, said: Any) -> None:
    assert asked(tools=[TOOL], tool_choice=choice)["tool_choice"] == said


def test_images_travel_inside_the_request_or_by_address() -> None:
    parts = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": f"data:image/PNG;base64,{PIXEL}"}},
        {"type": "image_url", "image_url": {"url": "https://example.com/cat.png", "detail": "auto"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PIXEL}"}},
    ]
    blocks = turns({"role": "user", "content": parts})["messages"][0]["content"]
    assert blocks[1]["source"] == {"type": "base64", "media_type": "image/png", "data": PIXEL}
    assert blocks[2]["source"] == {"type": "url", "url": "https://example.com/cat.png"}
    assert (blocks[3]["type"], blocks[3]["title"]) == ("document", "a.pdf")


def test_a_schema_for_the_answer_is_passed_on() -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "n", "strict": True, "schema": {"type": "object"}}}
    assert asked(response_format=wanted)["output_config"]["format"]["schema"] == {"type": "object"}
    assert "output_config" not in asked(response_format={"type": "text"})


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"n": 2}, "n"),
        ({"seed": 1}, "seed"),
        ({"logprobs": True}, "logprobs"),
        ({"temperature": 1.5}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"frequency_penalty": 0.5}, "frequency_penalty"),
        ({"logit_bias": {"1": 2}}, "logit_bias"),
        ({"response_format": {"type": "json_object"}}, "response_format.type"),
        ({"reasoning_effort": "minimal"}, "reasoning_effort"),
        ({"functions": []}, "functions"),
        ({"audio": {}}, "audio"),
        ({"max_tokens": "9"}, "max_tokens"),
        ({"stop": 3}, "stop"),
        ({"tools": [{"type": "custom"}]}, "tools[0].type"),
        ({"tools": ["x"]}, "tools[0]"),
        ({"tools": {}}, "tools"),
        ({"tool_choice": "maybe"}, "tool_choice"),
        ({"an_invention": 1}, "an_invention"),
        ({"messages": []}, "messages"),
        ({"messages": [{"content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "narrator", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": "x", "name": "Ann"}]}, "messages[0].name"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "messages[0].content[0].type"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:x"}}]}]},
            "messages[0].content[0].image_url.url",
        ),
        (
            {
                "messages": [
                    {"role": "assistant", "tool_calls": [{**CALL, "function": {"name": "f", "arguments": "["}}]}
                ]
            },
            "messages[0].tool_calls[0].function.arguments",
        ),
    ],
)
def test_what_has_no_counterpart_is_refused_by_name(fields: dict[str, Any], field: str) -> None:
    assert refused(**fields) == field


def test_hints_that_change_no_answer_are_left_out_and_told() -> None:
    told = left_out(
        "openai",
        "anthropic",
        {
            "prompt_cache_key": "k",
            "stream_options": {"include_usage": True},
            "messages": [
                {"role": "user", "content": "a"},
                {"role": "assistant", "content": "b", "reasoning_content": "hm"},
                {"role": "user", "content": "c"},
                {"role": "assistant", "content": "d", "reasoning_content": "hm"},
            ],
        },
    )
    assert told == ("messages.reasoning_content", "prompt_cache_key")


def test_null_is_absent() -> None:
    assert asked(temperature=None, tools=None, response_format=None) == asked()


def test_an_answer_comes_back_with_text_thoughts_calls_and_usage() -> None:
    got = answer(
        "openai",
        "anthropic",
        {
            "id": "msg_1",
            "model": "claude",
            "stop_reason": "tool_use",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": "s"},
                {"type": "text", "text": "Let me "},
                {"type": "text", "text": "see."},
                {"type": "tool_use", "id": "t1", "name": "weather", "input": {"town": "Bonn"}},
            ],
            "usage": {"input_tokens": 10, "cache_read_input_tokens": 5, "output_tokens": 3},
        },
    )
    assert (got["object"], got["model"], got["created"]) == ("chat.completion", "house/best", CREATED)
    choice = got["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] == "Let me see."
    assert choice["message"]["reasoning_content"] == "hm"
    assert choice["message"]["tool_calls"] == [
        {"id": "t1", "type": "function", "function": {"name": "weather", "arguments": '{"town":"Bonn"}'}}
    ]
    assert got["usage"]["prompt_tokens"] == 15
    assert got["usage"]["total_tokens"] == 18
    assert got["usage"]["prompt_tokens_details"] == {"cached_tokens": 5}


@pytest.mark.parametrize(
    ("said", "reason"),
    [("end_turn", "stop"), ("max_tokens", "length"), ("refusal", "content_filter"), ("stop_sequence", "stop")],
)
def test_the_reason_to_stop_is_translated(said: str, reason: str) -> None:
    got = answer("openai", "anthropic", {"content": [], "stop_reason": said})
    assert got["choices"][0]["finish_reason"] == reason
    assert got["usage"] is None


def test_an_error_or_nonsense_is_no_answer() -> None:
    with pytest.raises(ProviderError):
        answer("openai", "anthropic", {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}})
    with pytest.raises(MalformedError):
        answer("openai", "anthropic", {"id": "x"})


EVENTS: list[dict[str, Any]] = [
    {"type": "message_start", "message": {"id": "msg_1", "usage": {"input_tokens": 4, "output_tokens": 1}}},
    {"type": "ping"},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "s"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Hel"}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "lo"}},
    {"type": "content_block_stop", "index": 1},
    {"type": "content_block_start", "index": 2, "content_block": {"type": "tool_use", "id": "t1", "name": "weather"}},
    {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": '{"town":'}},
    {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": '"Bonn"}'}},
    {"type": "content_block_stop", "index": 2},
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 9}},
    {"type": "message_stop"},
]


def test_a_stream_comes_back_as_chunks() -> None:
    chunks = stream("openai", "anthropic", EVENTS)
    assert {chunk["id"] for chunk in chunks} == {"msg_1"}
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"]]
    assert deltas[0] == {"role": "assistant", "content": ""}
    assert "".join(delta.get("content") or "" for delta in deltas) == "Hello"
    assert "".join(delta.get("reasoning_content", "") for delta in deltas) == "hm"
    calls = [delta["tool_calls"][0] for delta in deltas if "tool_calls" in delta]
    assert (calls[0]["id"], calls[0]["index"], calls[0]["function"]["name"]) == ("t1", 0, "weather")
    assert "".join(call["function"]["arguments"] for call in calls) == '{"town":"Bonn"}'
    assert chunks[-2]["choices"][0]["finish_reason"] == "tool_calls"
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["total_tokens"] == 13


def test_usage_is_told_only_to_callers_who_want_it() -> None:
    assert all(chunk["choices"] for chunk in stream("openai", "anthropic", EVENTS, usage=False))


@pytest.mark.parametrize("events", range(1, len(EVENTS)))
def test_a_cut_stream_is_not_finished(events: int) -> None:
    translator = translation("openai", "anthropic").stream(name="n", created=CREATED, usage=True)
    for event in EVENTS[:events]:
        translator.feed(event["type"], msgspec.json.encode(event))
    assert not translator.finished


def test_an_error_in_the_stream_is_raised_and_can_be_told() -> None:
    translator = translation("openai", "anthropic").stream(name="n", created=CREATED, usage=True)
    with pytest.raises(ProviderError):
        translator.feed("error", b'{"type":"error","error":{"type":"overloaded_error","message":"busy"}}')
    assert b'"message":"broke"' in translator.error("broke", "upstream_error")
    assert b"[DONE]" not in translator.error("broke", "upstream_error")


def test_a_piece_of_a_call_that_never_began_is_malformed() -> None:
    translator = translation("openai", "anthropic").stream(name="n", created=CREATED, usage=True)
    with pytest.raises(MalformedError):
        translator.feed("content_block_delta", msgspec.json.encode(EVENTS[11]))
