"""A caller who speaks Anthropic's Messages format, a provider who speaks OpenAI's."""

from typing import Any

import msgspec
import pytest

from model_lineup.upstream.contract import MalformedError, ProviderError
from tests.upstream.translation.chats import CREATED, PIXEL, answer, left_out, refusal, request, stream, translation

ASK: dict[str, Any] = {"max_tokens": 10, "messages": [{"role": "user", "content": "Hello"}]}
SCHEMA = {"type": "object", "properties": {"town": {"type": "string"}}}


def asked(**fields: Any) -> dict[str, Any]:
    return request("anthropic", "openai", {**ASK, **fields})


def refused(**fields: Any) -> str:
    return refusal("anthropic", "openai", {**ASK, **fields})


def test_a_plain_question_passes() -> None:
    assert asked() == {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 10}


def test_the_system_prompt_becomes_the_first_message() -> None:
    blocks = [
        {"type": "text", "text": "Be short.", "cache_control": {"type": "ephemeral"}},
        {"type": "text", "text": "Be kind."},
    ]
    assert asked(system=blocks)["messages"][0] == {"role": "system", "content": "Be short.\n\nBe kind."}
    assert asked(system="Be short.")["messages"][0]["content"] == "Be short."


def test_settings_are_translated_by_meaning() -> None:
    body = asked(
        stream=True,
        temperature=0.1,
        stop_sequences=["END"],
        metadata={"user_id": "u1"},
        output_config={"effort": "high", "format": {"type": "json_schema", "schema": SCHEMA}},
        thinking={"type": "disabled"},
    )
    assert body["stream_options"] == {"include_usage": True}
    assert (body["temperature"], body["stop"], body["user"], body["reasoning_effort"]) == (0.1, ["END"], "u1", "high")
    assert body["response_format"]["json_schema"]["schema"] == SCHEMA


def test_tools_calls_and_results_keep_their_ids() -> None:
    body = asked(
        tools=[{"name": "weather", "description": "d", "input_schema": SCHEMA, "cache_control": {"type": "ephemeral"}}],
        tool_choice={"type": "any", "disable_parallel_tool_use": True},
        messages=[
            {"role": "user", "content": "Weather?"},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "s"},
                    {"type": "text", "text": "I look."},
                    {"type": "tool_use", "id": "t1", "name": "weather", "input": {"town": "Bonn"}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "rain"}]},
                    {"type": "tool_result", "tool_use_id": "t2", "content": "sun", "is_error": True},
                    {"type": "text", "text": "And now?"},
                ],
            },
        ],
    )
    assert body["tools"] == [
        {"type": "function", "function": {"name": "weather", "description": "d", "parameters": SCHEMA}}
    ]
    assert (body["tool_choice"], body["parallel_tool_calls"]) == ("required", False)
    assert body["messages"][1] == {
        "role": "assistant",
        "content": "I look.",
        "tool_calls": [
            {"id": "t1", "type": "function", "function": {"name": "weather", "arguments": '{"town":"Bonn"}'}}
        ],
    }
    assert body["messages"][2:] == [
        {"role": "tool", "tool_call_id": "t1", "content": "rain"},
        {"role": "tool", "tool_call_id": "t2", "content": "sun"},
        {"role": "user", "content": "And now?"},
    ]


def test_images_and_documents_become_parts() -> None:
    content = [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}},
        {"type": "image", "source": {"type": "url", "url": "https://example.com/cat.png"}},
        {
            "type": "document",
            "title": "a.pdf",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "x"},
        },
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "words"}},
    ]
    parts = asked(messages=[{"role": "user", "content": content}])["messages"][0]["content"]
    assert parts[0]["image_url"]["url"] == f"data:image/png;base64,{PIXEL}"
    assert parts[1]["image_url"]["url"] == "https://example.com/cat.png"
    assert parts[2]["file"] == {"filename": "a.pdf", "file_data": "data:application/pdf;base64,x"}
    assert parts[3] == {"type": "text", "text": "words"}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"max_tokens": None}, "max_tokens"),
        ({"top_k": 5}, "top_k"),
        ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, "thinking"),
        ({"container": "c"}, "container"),
        ({"mcp_servers": []}, "mcp_servers"),
        ({"service_tier": "priority"}, "service_tier"),
        ({"tools": [{"type": "web_search_20260209", "name": "web_search"}]}, "tools[0].type"),
        ({"tools": [{"name": "f"}]}, "tools[0].input_schema"),
        ({"tool_choice": {"type": "maybe"}}, "tool_choice.type"),
        ({"system": [{"type": "image"}]}, "system[0].type"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 1}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"type": "search_result"}]}]}, "messages[0].content[0].type"),
        (
            {"messages": [{"role": "assistant", "content": [{"type": "server_tool_use"}]}]},
            "messages[0].content[0].type",
        ),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "text", "text": "x"}, {"type": "tool_result", "tool_use_id": "t"}],
                    }
                ]
            },
            "messages[0].content[1].type",
        ),
    ],
)
def test_what_has_no_counterpart_is_refused_by_name(fields: dict[str, Any], field: str) -> None:
    assert refused(**fields) == field


def test_hints_that_change_no_answer_are_left_out_and_told_once() -> None:
    marked = {"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}
    told = left_out(
        "anthropic",
        "openai",
        {**ASK, "thinking": {"type": "adaptive"}, "messages": [{"role": "user", "content": [marked, marked]}]},
    )
    assert told == ("messages.content.cache_control", "thinking")


def test_an_answer_comes_back_as_a_message() -> None:
    got = answer(
        "anthropic",
        "openai",
        {
            "id": "c1",
            "choices": [
                {
                    "finish_reason": "tool_calls",
                    "message": {
                        "content": "I look.",
                        "reasoning_content": "hm",
                        "tool_calls": [{"id": "t1", "function": {"name": "weather", "arguments": '{"town":"Bonn"}'}}],
                    },
                }
            ],
            "usage": {"prompt_tokens": 10, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 4}},
        },
    )
    assert (got["type"], got["role"], got["model"], got["stop_reason"]) == (
        "message",
        "assistant",
        "house/best",
        "tool_use",
    )
    assert [block["type"] for block in got["content"]] == ["thinking", "text", "tool_use"]
    assert got["content"][2]["input"] == {"town": "Bonn"}
    assert got["usage"] == {"input_tokens": 6, "cache_read_input_tokens": 4, "output_tokens": 3}


def test_an_error_or_nonsense_is_no_answer() -> None:
    with pytest.raises(ProviderError):
        answer("anthropic", "openai", {"error": {"message": "no"}})
    with pytest.raises(MalformedError):
        answer("anthropic", "openai", {"choices": []})
    broken = {"function": {"name": "f", "arguments": "[1]"}}
    with pytest.raises(MalformedError):
        answer("anthropic", "openai", {"choices": [{"message": {"tool_calls": [broken]}}]})


def chunk(delta: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    reason = fields.pop("finish_reason", None)
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": reason}]
    return {"id": "c1", "object": "chat.completion.chunk", "choices": choices, **fields}


def piece(index: int, arguments: str, **start: Any) -> dict[str, Any]:
    call_id, name = start.get("id"), start.get("name")
    named = {"id": call_id, "type": "function"} if call_id else {}
    function = {"arguments": arguments, **({"name": name} if name else {})}
    return chunk({"tool_calls": [{"index": index, **named, "function": function}]})


CHUNKS: list[Any] = [
    chunk({"role": "assistant", "content": ""}),
    chunk({"reasoning_content": "hm"}),
    chunk({"content": "Hel"}),
    chunk({"content": "lo"}),
    piece(0, "", id="t1", name="weather"),
    piece(1, "", id="t2", name="time"),
    piece(0, '{"town":'),
    piece(1, "{}"),
    piece(0, '"Bonn"}'),
    chunk({}, finish_reason="tool_calls"),
    chunk(None, usage={"prompt_tokens": 4, "completion_tokens": 9}),
    b"[DONE]",
]


def test_a_stream_comes_back_as_blocks_that_begin_grow_and_end() -> None:
    events = stream("anthropic", "openai", CHUNKS)
    assert [event["type"] for event in events[:2]] == ["message_start", "content_block_start"]
    assert [event["type"] for event in events[-2:]] == ["message_delta", "message_stop"]
    starts = {event["index"]: event["content_block"] for event in events if event["type"] == "content_block_start"}
    assert [starts[index]["type"] for index in sorted(starts)] == ["thinking", "text", "tool_use", "tool_use"]
    stops = [event["index"] for event in events if event["type"] == "content_block_stop"]
    assert sorted(stops) == sorted(starts)
    arguments: dict[int, str] = {}
    for event in events:
        if event["type"] == "content_block_delta" and event["delta"]["type"] == "input_json_delta":
            arguments[event["index"]] = arguments.get(event["index"], "") + event["delta"]["partial_json"]
    assert arguments == {2: '{"town":"Bonn"}', 3: "{}"}
    assert events[-2]["delta"]["stop_reason"] == "tool_use"
    assert events[-2]["usage"]["output_tokens"] == 9


def test_pieces_grow_only_blocks_that_are_open() -> None:
    open_blocks: set[int] = set()
    for event in stream("anthropic", "openai", CHUNKS):
        if event["type"] == "content_block_start":
            assert event["index"] not in open_blocks
            open_blocks.add(event["index"])
        elif event["type"] == "content_block_delta":
            assert event["index"] in open_blocks
        elif event["type"] == "content_block_stop":
            open_blocks.remove(event["index"])
    assert not open_blocks


def test_calls_without_a_place_are_told_apart_by_their_names() -> None:
    chunks = [
        chunk({"tool_calls": [{"id": "t1", "function": {"name": "a", "arguments": "{}"}}]}),
        chunk({"tool_calls": [{"id": "t2", "function": {"name": "b", "arguments": '{"x":'}}]}),
        chunk({"tool_calls": [{"function": {"arguments": "1}"}}]}, finish_reason="tool_calls"),
    ]
    events = stream("anthropic", "openai", chunks)
    pieces = [
        (event["index"], event["delta"]["partial_json"]) for event in events if "delta" in event and "index" in event
    ]
    assert pieces == [(0, "{}"), (1, '{"x":'), (1, "1}")]


@pytest.mark.parametrize("events", range(1, 9))
def test_a_cut_stream_is_not_finished(events: int) -> None:
    translator = translation("anthropic", "openai").stream(name="n", created=CREATED, usage=True)
    for event in CHUNKS[:events]:
        translator.feed("message", msgspec.json.encode(event))
    assert not translator.finished


def test_an_error_in_the_stream_is_raised_and_can_be_told() -> None:
    translator = translation("anthropic", "openai").stream(name="n", created=CREATED, usage=True)
    with pytest.raises(ProviderError):
        translator.feed("message", b'{"error":{"message":"busy"}}')
    assert translator.error("broke", "c").startswith(b"event: error\n")
