"""`/v1/responses` streamed to OpenAI's SDK, unchanged: from a fake that speaks it, and from the real local model."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from model_lineup.demo.model_server import LocalModel
from tests.fakes.provider import CUT, FakeProvider, Step, event_bytes, reply, stream
from tests.fakes.sdk_stage import UP, Stage, stage
from tests.fakes.server import Server, Workbench, by_id

TEXT = ("Hello ", "wör", "ld")
USED = {
    "input_tokens": 7,
    "input_tokens_details": {"cached_tokens": 2},
    "output_tokens": 3,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 10,
}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "weather", "arguments": '{"town": "Bonn"}'}
WEATHER: Any = [
    {"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {}}, "strict": False}
]


def said(status: str, *output: Any, **more: Any) -> dict[str, Any]:
    """A response as OpenAI words it, at this point of its life."""
    settings = {"tools": [], "tool_choice": "auto", "parallel_tool_calls": True}
    return {
        "id": "r_1",
        "object": "response",
        "created_at": 1,
        "model": UP,
        "status": status,
        "output": list(output),
    } | {
        **settings,
        **more,
    }


def message(text: str) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": []}
    return {"type": "message", "id": "m_1", "role": "assistant", "status": "completed", "content": [part]}


def numbered(*events: dict[str, Any]) -> list[bytes]:
    """As they go over the wire, named and counted."""
    return [
        b"event: %s\n%s" % (event["type"].encode(), event_bytes({**event, "sequence_number": number}))
        for number, event in enumerate(events)
    ]


WHERE = {"item_id": "m_1", "output_index": 0, "content_index": 0}
BEGUN: list[dict[str, Any]] = [
    {"type": "response.created", "response": said("in_progress")},
    {"type": "response.output_item.added", "output_index": 0, "item": {**message(""), "content": []}},
    {"type": "response.content_part.added", **WHERE, "part": {"type": "output_text", "text": "", "annotations": []}},
    *({"type": "response.output_text.delta", **WHERE, "delta": piece, "logprobs": []} for piece in TEXT),
]
"""Until the last words have come."""
ENDED: list[dict[str, Any]] = [
    {"type": "response.output_text.done", **WHERE, "text": "".join(TEXT), "logprobs": []},
    {"type": "response.output_item.done", "output_index": 0, "item": message("".join(TEXT))},
    {"type": "response.completed", "response": said("completed", message("".join(TEXT)), usage=USED)},
]
CALLING: list[dict[str, Any]] = [
    {"type": "response.created", "response": said("in_progress")},
    {"type": "response.output_item.added", "output_index": 0, "item": {**CALL, "arguments": ""}},
    *(
        {"type": "response.function_call_arguments.delta", "item_id": "fc_1", "output_index": 0, "delta": piece}
        for piece in ('{"town": ', '"Bonn"}')
    ),
    {"type": "response.output_item.done", "output_index": 0, "item": CALL},
    {"type": "response.completed", "response": said("completed", CALL, usage=USED)},
]


@pytest.fixture(scope="module")
def on(server: Server, workbench: Workbench) -> Iterator[Stage]:
    with stage(server, workbench) as made:
        yield made


def answering(on: Stage, *pieces: Step) -> FakeProvider:
    fake = on.fakes["openai"]
    fake.requests.clear()
    fake.answer("/responses", stream([*pieces]))
    return fake


def test_events_come_one_by_one_and_make_the_whole_response(on: Stage) -> None:
    fake, name = answering(on, *numbered(*BEGUN, *ENDED)), on.name("openai")
    with on.of_openai().responses.stream(model=name, input="Say hello.", instructions="Be kind.") as events:
        deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
        whole = events.get_final_response()
    assert tuple(deltas) == TEXT
    assert (whole.output_text, whole.status, whole.model) == ("".join(TEXT), "completed", name)
    assert whole.usage is not None
    assert (whole.usage.input_tokens, whole.usage.output_tokens) == (7, 3)
    assert fake.requests[-1].json == {"model": UP, "input": "Say hello.", "instructions": "Be kind.", "stream": True}


def test_a_call_of_a_tool_comes_in_pieces(on: Stage) -> None:
    answering(on, *numbered(*CALLING))

    async def ask() -> Any:
        async with (
            on.of_async_openai() as client,
            client.responses.stream(model=on.name("openai"), input="Weather?", tools=WEATHER) as events,
        ):
            return await events.get_final_response()

    [call] = asyncio.run(ask()).output
    assert (call.name, call.call_id, call.arguments) == ("weather", "call_1", '{"town": "Bonn"}')


@pytest.mark.parametrize("how", ["cut", "ends too early"])
def test_a_stream_that_breaks_off_raises_and_gives_no_response(on: Stage, how: str) -> None:
    answering(on, *numbered(*BEGUN), *([CUT] if how == "cut" else []))
    came = []
    with (
        pytest.raises(openai.APIError, match=r"broke off|without"),
        on.of_openai().responses.create(model=on.another("openai"), input="x", stream=True) as events,
    ):
        came += [event.type for event in events]
    assert "response.completed" not in came


def test_a_response_that_failed_or_was_cut_short_says_so_itself(on: Stage) -> None:
    for status, end in (("failed", "response.failed"), ("incomplete", "response.incomplete")):
        answering(on, *numbered(*BEGUN, {"type": end, "response": said(status, usage=USED)}))
        events = list(on.of_openai().responses.create(model=on.another("openai"), input="x", stream=True))
        assert (events[-1].type, events[-1].response.status) == (end, status)  # type: ignore[union-attr]


def test_what_the_provider_refuses_is_a_typed_exception(on: Stage) -> None:
    on.fakes["openai"].answer("/responses", reply({"error": {"message": "no such tool"}}, status=400))
    with pytest.raises(openai.BadRequestError, match="no such tool"):
        on.of_openai().responses.create(model=on.name("openai"), input="x", stream=True)
    with pytest.raises(openai.BadRequestError) as refused:
        on.of_openai().responses.create(model=on.name("anthropic"), input="x", stream=True)
    assert refused.value.code == "unsupported_by_provider"


def test_the_real_model_streams_a_response(on: Stage, workbench: Workbench, local_model: LocalModel) -> None:
    """Event by event: the SDK's `responses.stream` wants `content_index`, which llama.cpp leaves out (2026-11-23)."""
    row = workbench.provider(local_model.base_url)
    workbench.model(row["id"], local_model.model_id, visible=True)
    alias = workbench.name("responses-real")
    path = by_id(local_model.model_id, "/aliases", provider_id=row["id"])
    workbench.admin.must("POST", path, {"alias": alias})
    events = list(on.of_openai().responses.create(model=alias, input="Say hello.", max_output_tokens=8, stream=True))
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    end = events[-1]
    assert end.type == "response.completed"
    assert text
    assert (end.response.output_text, end.response.model) == (text, alias)
    assert end.response.usage is not None
    assert 0 < end.response.usage.output_tokens <= 8
    used: list[dict[str, Any]] = []
    deadline = time.monotonic() + 60
    while not used and time.monotonic() < deadline:  # the ledger is written a moment after the answer
        used = workbench.admin.must("GET", f"/api/admin/usage/requests?name={alias}")["requests"]
    assert [(one["surface"], one["outcome"], one["token_source"]) for one in used] == [
        ("responses", "completed", "provider")
    ]
