"""Official SDKs before a running Lineup, and behind it one fake provider for each wire format, which answers as told.

A scene is what a provider says in its own words: `CALLED` is a call of the tool `weather` for Bonn, plain and streamed.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

import anthropic
import openai

from tests.fakes.anthropic_wire import event
from tests.fakes.google_wire import chunk as candidate
from tests.fakes.kind_wire import data, wire_of
from tests.fakes.provider import Answer, FakeProvider, delta, fake_provider, reply, stream
from tests.fakes.server import Server, Workbench

T = TypeVar("T")
DIALECTS = ("openai", "anthropic", "google")
TOWN = {"town": "Bonn"}
SCHEMA = {"type": "object", "properties": {"town": {"type": "string"}}, "required": ["town"]}
PIXEL = "iVBORw0KGgo="
UP = "up"
_USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
_CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": json.dumps(TOWN)}}
_PLAIN: dict[str, Any] = {
    "openai": {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": UP,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": None, "tool_calls": [_CALL]},
                "finish_reason": "tool_calls",
            }
        ],
        "usage": _USAGE,
    },
    "anthropic": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": UP,
        "content": [{"type": "tool_use", "id": "toolu_1", "name": "weather", "input": TOWN}],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {"input_tokens": 9, "output_tokens": 3},
    },
    "google": candidate(
        {"functionCall": {"name": "weather", "args": TOWN}},
        finish="STOP",
        usageMetadata={"promptTokenCount": 9, "candidatesTokenCount": 3},
    ),
}


def _grown(arguments: str, **start: Any) -> dict[str, Any]:
    call = {"index": 0, **start, "function": {**start.pop("function", {}), "arguments": arguments}}
    return delta(tool_calls=[call])


_STREAMED: dict[str, Sequence[bytes]] = {
    "openai": [
        data(delta(role="assistant", content=None)),
        data(_grown("", id="call_1", type="function", function={"name": "weather"})),
        data(_grown('{"to')),
        data(_grown('wn": "Bonn"}')),
        data(delta(finish="tool_calls")),
        data({"id": "c", "object": "chat.completion.chunk", "model": UP, "choices": [], "usage": _USAGE}),
        data("[DONE]"),
    ],
    "anthropic": [
        event(
            "message_start",
            message={**_PLAIN["anthropic"], "content": [], "stop_reason": None, "usage": {"input_tokens": 9}},
        ),
        event(
            "content_block_start",
            index=0,
            content_block={"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {}},
        ),
        event("content_block_delta", index=0, delta={"type": "input_json_delta", "partial_json": '{"to'}),
        event("content_block_delta", index=0, delta={"type": "input_json_delta", "partial_json": 'wn": "Bonn"}'}),
        event("content_block_stop", index=0),
        event("message_delta", delta={"stop_reason": "tool_use", "stop_sequence": None}, usage={"output_tokens": 3}),
        event("message_stop"),
    ],
    "google": [data(_PLAIN["google"])],
}


def called(dialect: str, *, streamed: bool) -> Answer:
    """A call of the tool, as a server of this format writes it."""
    wire = wire_of(dialect)
    return stream(list(_STREAMED[dialect]), content_type=wire.stream_type) if streamed else reply(_PLAIN[dialect])


class Stage:
    """`name(dialect)`: the alias under which the fake of this wire format is called."""

    def __init__(self, server: Server, workbench: Workbench, fakes: dict[str, FakeProvider]) -> None:
        self.fakes = fakes
        self.base_url = f"http://127.0.0.1:{server.port}"
        self.key, self.agent_key = workbench.key("user")["key"], workbench.key("agent")["key"]
        self._workbench = workbench
        self._clients: dict[Any, Any] = {}
        self._aliases = {dialect: self.another(dialect) for dialect in fakes}

    def name(self, dialect: str) -> str:
        return self._aliases[dialect]

    def another(self, dialect: str) -> str:
        """A name of a provider of its own with the same fake: what went wrong at others is not counted against it."""
        base_url = f"http://127.0.0.1:{self.fakes[dialect].port}{wire_of(dialect).base_path}"
        row = self._workbench.provider(base_url, type=dialect, api_key="sk-not-looked-at")
        self._workbench.model(row["id"], UP, visible=True, agents_enabled=dialect == "openai")
        alias = self._workbench.name(f"stage-{dialect}")
        path = f"/api/admin/models/by-id/aliases?model_id={UP}&provider_id={row['id']}"
        self._workbench.admin.must("POST", path, {"alias": alias})
        return alias

    def answers(self, dialect: str, answer: Answer, *, streamed: bool = False) -> FakeProvider:
        """From now on; forgets what came until now."""
        fake = self.fakes[dialect]
        fake.requests.clear()
        fake.answer(wire_of(dialect).chat_path(UP, stream=streamed).removeprefix("/v1"), answer)
        return fake

    def of_openai(self, **more: Any) -> openai.OpenAI:
        return self._kept(openai.OpenAI, self._openai(more))

    def of_async_openai(self, **more: Any) -> openai.AsyncOpenAI:
        return openai.AsyncOpenAI(**self._openai(more))

    def of_anthropic(self, **more: Any) -> anthropic.Anthropic:
        return self._kept(anthropic.Anthropic, self._anthropic(more))

    def of_async_anthropic(self, **more: Any) -> anthropic.AsyncAnthropic:
        return anthropic.AsyncAnthropic(**self._anthropic(more))

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def _kept(self, sort: type[T], fields: dict[str, Any]) -> T:
        """Making one reads all certificates of the machine."""
        key = (sort, tuple(fields.items()))
        if key not in self._clients:
            self._clients[key] = sort(**fields)
        found: T = self._clients[key]
        return found

    def _openai(self, more: dict[str, Any]) -> dict[str, Any]:
        return {"base_url": f"{self.base_url}/v1", "api_key": self.key, "max_retries": 0, **more}

    def _anthropic(self, more: dict[str, Any]) -> dict[str, Any]:
        return {"base_url": self.base_url, "api_key": self.key, "max_retries": 0, **more}


@contextmanager
def stage(server: Server, workbench: Workbench) -> Iterator[Stage]:
    with ExitStack() as running:
        made = Stage(server, workbench, {name: running.enter_context(fake_provider()) for name in DIALECTS})
        running.callback(made.close)
        yield made
