"""Both official SDKs against providers of every wire format: the typed objects that come out, and what was sent on."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.provider import reply
from tests.fakes.sdk_stage import DIALECTS, PIXEL, SCHEMA, TOWN, Stage, called, stage
from tests.fakes.server import Server, Workbench

HELLO: Any = [{"role": "user", "content": "Weather in Bonn?"}]
FUNCTION: Any = [{"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}]
TOOL: Any = [{"name": "weather", "input_schema": SCHEMA}]


@pytest.fixture(scope="module")
def on(server: Server, workbench: Workbench) -> Iterator[Stage]:
    with stage(server, workbench) as made:
        yield made


@pytest.mark.parametrize("dialect", DIALECTS)
class TestOpenAI:
    def test_a_call_of_a_tool(self, on: Stage, dialect: str) -> None:
        on.answers(dialect, called(dialect, streamed=False))
        answer = on.of_openai().chat.completions.create(model=on.name(dialect), messages=HELLO, tools=FUNCTION)
        [choice] = answer.choices
        assert (answer.object, answer.model, choice.finish_reason) == (
            "chat.completion",
            on.name(dialect),
            "tool_calls",
        )
        [call] = choice.message.tool_calls or []
        assert call.type == "function"
        assert (call.function.name, json.loads(call.function.arguments)) == ("weather", TOWN)
        assert call.id
        assert answer.usage is not None
        assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (9, 3, 12)

    def test_a_call_of_a_tool_in_pieces(self, on: Stage, dialect: str) -> None:
        on.answers(dialect, called(dialect, streamed=True), streamed=True)
        chat = on.of_openai().chat.completions
        with chat.stream(
            model=on.name(dialect), messages=HELLO, tools=FUNCTION, stream_options={"include_usage": True}
        ) as pieces:
            kinds = [piece.type for piece in pieces]
            whole = pieces.get_final_completion()
        assert "tool_calls.function.arguments.done" in kinds
        [choice] = whole.choices
        [call] = choice.message.tool_calls or []
        assert (choice.finish_reason, call.function.name) == ("tool_calls", "weather")
        assert json.loads(call.function.arguments) == TOWN
        assert whole.usage is not None
        assert (whole.usage.prompt_tokens, whole.usage.completion_tokens) == (9, 3)

    def test_the_result_of_a_tool_goes_back(self, on: Stage, dialect: str) -> None:
        fake = on.answers(dialect, called(dialect, streamed=False))
        chat = on.of_openai().chat.completions
        first = chat.create(model=on.name(dialect), messages=HELLO, tools=FUNCTION)
        message = first.choices[0].message
        assert message.tool_calls
        result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": '{"sky": "blue"}'}
        turns: Any = [*HELLO, message, result]
        chat.create(model=on.name(dialect), messages=turns, tools=FUNCTION)
        assert _result(dialect, fake.requests[-1].json) == {"sky": "blue"}

    def test_an_image_arrives(self, on: Stage, dialect: str) -> None:
        fake = on.answers(dialect, called(dialect, streamed=False))
        url = {"url": f"data:image/png;base64,{PIXEL}"}
        content: Any = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": url}]
        on.of_openai().chat.completions.create(model=on.name(dialect), messages=[{"role": "user", "content": content}])
        assert _image(dialect, fake.requests[-1].json) == PIXEL

    def test_an_asynchronous_client(self, on: Stage, dialect: str) -> None:
        on.answers(dialect, called(dialect, streamed=True), streamed=True)

        async def ask() -> list[Any]:
            async with on.of_async_openai() as client:
                chunks = await client.chat.completions.create(
                    model=on.name(dialect), messages=HELLO, tools=FUNCTION, stream=True
                )
                return [chunk async for chunk in chunks]

        chunks = asyncio.run(ask())
        assert {chunk.model for chunk in chunks} == {on.name(dialect)}
        assert chunks[-1].choices[0].finish_reason == "tool_calls"
        assert all(chunk.usage is None for chunk in chunks)


@pytest.mark.parametrize("dialect", DIALECTS)
class TestAnthropic:
    def test_a_call_of_a_tool(self, on: Stage, dialect: str) -> None:
        on.answers(dialect, called(dialect, streamed=False))
        answer = on.of_anthropic().messages.create(model=on.name(dialect), max_tokens=99, messages=HELLO, tools=TOOL)
        assert (answer.type, answer.role, answer.model, answer.stop_reason) == (
            "message",
            "assistant",
            on.name(dialect),
            "tool_use",
        )
        [block] = answer.content
        assert block.type == "tool_use"
        assert (block.name, block.input) == ("weather", TOWN)
        assert (answer.usage.input_tokens, answer.usage.output_tokens) == (9, 3)
        assert answer._request_id

    def test_a_call_of_a_tool_in_pieces(self, on: Stage, dialect: str) -> None:
        on.answers(dialect, called(dialect, streamed=True), streamed=True)
        with on.of_anthropic().messages.stream(
            model=on.name(dialect), max_tokens=99, messages=HELLO, tools=TOOL
        ) as pieces:
            kinds = [piece.type for piece in pieces]
            whole = pieces.get_final_message()
        assert (kinds[0], kinds[-1]) == ("message_start", "message_stop")
        assert "input_json" in kinds
        [block] = whole.content
        assert block.type == "tool_use"
        assert (block.name, block.input, whole.stop_reason) == ("weather", TOWN, "tool_use")
        assert (whole.usage.input_tokens, whole.usage.output_tokens) == (9, 3)

    def test_the_result_of_a_tool_goes_back(self, on: Stage, dialect: str) -> None:
        fake = on.answers(dialect, called(dialect, streamed=False))
        messages = on.of_anthropic().messages
        first = messages.create(model=on.name(dialect), max_tokens=99, messages=HELLO, tools=TOOL)
        [block] = first.content
        assert block.type == "tool_use"
        result = {"type": "tool_result", "tool_use_id": block.id, "content": '{"sky": "blue"}'}
        turns: Any = [
            *HELLO,
            {"role": "assistant", "content": first.content},
            {"role": "user", "content": [result]},
        ]
        messages.create(model=on.name(dialect), max_tokens=99, messages=turns, tools=TOOL)
        assert _result(dialect, fake.requests[-1].json) == {"sky": "blue"}

    def test_an_image_arrives(self, on: Stage, dialect: str) -> None:
        fake = on.answers(dialect, called(dialect, streamed=False))
        source = {"type": "base64", "media_type": "image/png", "data": PIXEL}
        content: Any = [{"type": "text", "text": "What is it?"}, {"type": "image", "source": source}]
        on.of_anthropic().messages.create(
            model=on.name(dialect), max_tokens=99, messages=[{"role": "user", "content": content}]
        )
        assert _image(dialect, fake.requests[-1].json) == PIXEL

    def test_an_asynchronous_client(self, on: Stage, dialect: str) -> None:
        on.answers(dialect, called(dialect, streamed=True), streamed=True)

        async def ask() -> Any:
            async with (
                on.of_async_anthropic() as client,
                client.messages.stream(model=on.name(dialect), max_tokens=99, messages=HELLO, tools=TOOL) as pieces,
            ):
                return await pieces.get_final_message()

        assert asyncio.run(ask()).content[0].input == TOWN


def test_embeddings_in_the_form_that_the_sdk_asks_for(on: Stage) -> None:
    fake = on.fakes["openai"]
    packed = "AACAPwAAAEA="  # 1.0 and 2.0 as little-endian floats
    entry = {"object": "embedding", "index": 0, "embedding": packed}
    usage = {"prompt_tokens": 2, "total_tokens": 2}
    fake.answer("/embeddings", reply({"object": "list", "model": "up", "data": [entry], "usage": usage}))
    answer = on.of_openai().embeddings.create(model=on.name("openai"), input="Hello")
    assert (answer.data[0].embedding, answer.model, answer.usage.total_tokens) == ([1.0, 2.0], on.name("openai"), 2)
    assert fake.requests[-1].json == {"input": "Hello", "model": "up", "encoding_format": "base64"}


def test_tokens_are_counted(on: Stage) -> None:
    on.fakes["anthropic"].answer("/messages/count_tokens", reply({"input_tokens": 7}))
    counted = on.of_anthropic().messages.count_tokens(model=on.name("anthropic"), messages=HELLO, tools=TOOL)
    assert counted.input_tokens == 7


def test_the_list_page_by_page_is_the_list(on: Stage) -> None:
    """Anthropic's SDK follows the pages by itself."""
    whole = [model.id for model in on.of_openai().models.list()]
    assert [model.id for model in on.of_anthropic().models.list(limit=2)] == whole
    first = on.of_anthropic().models.list(limit=2)
    assert (len(first.data), first.has_next_page()) == (2, True)
    assert on.of_anthropic().models.retrieve(on.name("google")).display_name == "up"
    assert on.of_openai().models.retrieve(on.name("google")).id == on.name("google")


def _result(dialect: str, sent: Any) -> Any:
    """What the tool said, as the provider got it."""
    if dialect == "openai":
        said = sent["messages"][-1]
        assert (said["role"], said["tool_call_id"]) == ("tool", sent["messages"][-2]["tool_calls"][0]["id"])
        return json.loads(said["content"])
    if dialect == "anthropic":
        [block] = sent["messages"][-1]["content"]
        assert (block["type"], block["tool_use_id"]) == ("tool_result", sent["messages"][-2]["content"][0]["id"])
        said = block["content"]
        return json.loads(said if isinstance(said, str) else said[0]["text"])
    [part] = sent["contents"][-1]["parts"]
    assert part["functionResponse"]["name"] == "weather"
    return part["functionResponse"]["response"]


def _image(dialect: str, sent: Any) -> Any:
    """The image's data, as the provider got it."""
    if dialect == "openai":
        return sent["messages"][-1]["content"][1]["image_url"]["url"].removeprefix("data:image/png;base64,")
    if dialect == "anthropic":
        return sent["messages"][-1]["content"][1]["source"]["data"]
    return sent["contents"][-1]["parts"][1]["inlineData"]["data"]
