"""Servers of Anthropic's and Google's own formats that can do what probes ask, or lie about it in their own shapes."""

import json
import re
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from tests.fakes.anthropic_wire import event
from tests.fakes.google_wire import chunk
from tests.fakes.honest import NUMBERS, seen_number
from tests.fakes.kind_wire import data
from tests.fakes.provider import Answer, Got, reply, stream


class Asked(Struct, kw_only=True):
    """What a native request wants."""

    prompt: str
    system: str
    stream: bool
    tools: list[str]
    picture: str
    stop: list[str]
    schema: dict[str, Any] | None
    most: int

    @property
    def arguments(self) -> dict[str, Any]:
        found = re.search(r"record that '(\w+)' was chosen (\d+) times", self.prompt)
        assert found is not None
        return {"choice": found[1], "count": int(found[2])}

    @property
    def number(self) -> int:
        url = {"url": f"data:image/png;base64,{self.picture}"}
        return seen_number({"messages": [{"content": [{}, {"image_url": url}]}]})


class Anthropic:
    """The Messages API."""

    def read(self, got: Got) -> Asked:
        body = got.json
        blocks = [block for message in body["messages"] for block in message["content"]]
        pictures = [block["source"]["data"] for block in blocks if block["type"] == "image"]
        return Asked(
            prompt=" ".join(block["text"] for block in blocks if block["type"] == "text"),
            system=" ".join(block["text"] for block in body.get("system", [])),
            stream=body.get("stream", False),
            tools=[tool["name"] for tool in body.get("tools", []) if tool["input_schema"]["required"]],
            picture=pictures[0] if pictures else "",
            stop=body.get("stop_sequences", []),
            schema=body.get("output_config", {}).get("format", {}).get("schema"),
            most=body["max_tokens"],
        )

    def says(self, text: str, reason: str = "end_turn", tokens: int = 8) -> Answer:
        return self._message([{"type": "text", "text": text}] if text else [], reason, tokens)

    def calls(self, name: str, arguments: Any) -> Answer:
        block = {"type": "tool_use", "id": "toolu_1", "name": name, "input": arguments}
        return self._message([{"type": "text", "text": "Yes."}, block], "tool_use", 20)

    def streams(self, pieces: list[str]) -> Answer:
        block = event("content_block_start", index=0, content_block={"type": "text", "text": ""})
        grown = [event("content_block_delta", index=0, delta={"type": "text_delta", "text": one}) for one in pieces]
        return self._stream([block, *_spread(grown), event("content_block_stop", index=0)], "end_turn")

    def streams_call(self, name: str, pieces: list[str]) -> Answer:
        block = {"type": "tool_use", "id": "toolu_1", "name": name, "input": {}}
        parts = [{"type": "input_json_delta", "partial_json": one} for one in pieces]
        grown = [event("content_block_delta", index=0, delta=part) for part in parts]
        begin = event("content_block_start", index=0, content_block=block)
        return self._stream([begin, *grown, event("content_block_stop", index=0)], "tool_use")

    def refuses(self, message: str, status: int = 400) -> Answer:
        return reply({"type": "error", "error": {"type": "invalid_request_error", "message": message}}, status=status)

    def cut(self) -> str:
        return "max_tokens"

    def _message(self, content: list[Any], reason: str, tokens: int) -> Answer:
        usage = {"input_tokens": 20, "output_tokens": tokens}
        told = {"type": "message", "id": "msg_1", "role": "assistant", "model": "m", "stop_sequence": None}
        return reply({**told, "content": content, "stop_reason": reason, "usage": usage})

    def _stream(self, steps: list[Any], reason: str) -> Answer:
        message = {"type": "message", "id": "msg_1", "role": "assistant", "model": "m", "content": []}
        begin = event("message_start", message={**message, "usage": {"input_tokens": 20, "output_tokens": 1}})
        end = event("message_delta", delta={"stop_reason": reason}, usage={"output_tokens": 8})
        return stream([begin, event("ping"), *steps, end, event("message_stop")])


class Google:
    """The Gemini API."""

    def read(self, got: Got) -> Asked:
        body = got.json
        parts = [part for content in body["contents"] for part in content["parts"]]
        settings = body.get("generationConfig", {})
        pictures = [part["inlineData"]["data"] for part in parts if "inlineData" in part]
        functions = [one for tool in body.get("tools", []) for one in tool["functionDeclarations"]]
        return Asked(
            prompt=" ".join(part["text"] for part in parts if "text" in part),
            system=" ".join(part["text"] for part in body.get("systemInstruction", {}).get("parts", [])),
            stream=":stream" in got.path,
            tools=[one["name"] for one in functions if one["parametersJsonSchema"]["required"]],
            picture=pictures[0] if pictures else "",
            stop=settings.get("stopSequences", []),
            schema=settings.get("responseJsonSchema"),
            most=settings["maxOutputTokens"],
        )

    def says(self, text: str, reason: str = "STOP", tokens: int = 8) -> Answer:
        return reply(self._chunk({"text": text}, reason=reason, tokens=tokens))

    def calls(self, name: str, arguments: Any) -> Answer:
        return reply(self._chunk({"functionCall": {"name": name, "args": arguments}}, reason="STOP", tokens=20))

    def streams(self, pieces: list[str]) -> Answer:
        grown = [data(chunk({"text": one}, modelVersion="m")) for one in pieces]
        return stream([*_spread(grown), data(self._chunk({"text": ""}, reason="STOP", tokens=8))])

    def streams_call(self, name: str, pieces: list[str]) -> Answer:
        """A call comes whole here; pieces that are no JSON together never come from a server of this format."""
        called = {"functionCall": {"name": name, "args": json.loads("".join(pieces))}}
        return stream([data(chunk(called, modelVersion="m")), data(self._chunk({"text": ""}, reason="STOP", tokens=8))])

    def refuses(self, message: str, status: int = 400) -> Answer:
        return reply({"error": {"code": status, "message": message, "status": "INVALID_ARGUMENT"}}, status=status)

    def cut(self) -> str:
        return "MAX_TOKENS"

    def _chunk(self, part: Any, *, reason: str, tokens: int) -> Any:
        usage = {"promptTokenCount": 20, "candidatesTokenCount": tokens, "totalTokenCount": 20 + tokens}
        return chunk(part, finish=reason, modelVersion="m", usageMetadata=usage)


Native = Anthropic | Google
Answering = Callable[[Native, Asked], Answer]
NATIVE: dict[str, Native] = {"anthropic": Anthropic(), "google": Google()}


def able(native: Native, asked: Asked) -> Answer:
    """What a server of this format answers that can do all of it."""
    if asked.tools:
        text = json.dumps(asked.arguments)
        tool = asked.tools[0]
        return native.streams_call(tool, [text[:9], text[9:]]) if asked.stream else native.calls(tool, asked.arguments)
    if asked.stream:
        return native.streams([f"{number} " for number in range(2, 14)])
    if asked.picture:
        return native.says(str(asked.number))
    if asked.schema is not None:
        fields = asked.schema["properties"].items()
        return native.says(json.dumps({key: one["enum"][0] if "enum" in one else True for key, one in fields}))
    if asked.stop:
        return native.says(NUMBERS.partition(asked.stop[0])[0])
    if found := re.search(r"single word (\w+)", asked.system):
        return native.says(found[1])
    if found := re.search(r'"mark" is "(\w+)"', asked.prompt):
        return native.says(json.dumps({"sea": "wide", "mark": found[1]}))
    return native.says("100 101 102 103 104", native.cut(), asked.most)


def _called(change: Callable[[dict[str, Any]], dict[str, Any]], name: str = "record_choice") -> Answering:
    def answer(native: Native, asked: Asked) -> Answer:
        arguments = change(asked.arguments)
        if asked.stream:
            return native.streams_call(name, [json.dumps(arguments)])
        return native.calls(name, arguments)

    return answer


def _written(text: Callable[[str], str]) -> Answering:
    def answer(native: Native, asked: Asked) -> Answer:
        said = text(json.dumps(asked.arguments))
        return native.streams([said[:7], said[7:]]) if asked.stream else native.says(said)

    return answer


_OF_TOOLS: dict[str, tuple[Answering, str]] = {
    "writes a tag": (_written(lambda said: f"<tool_call>{said}</tool_call>"), "no"),
    "writes a function": (_written(lambda said: f"record_choice({said})"), "no"),
    "answers in prose": (_written(lambda said: "The sea is wide, and deep."), "undecided"),
    "wrong types": (_called(lambda asked: {**asked, "count": str(asked["count"])}), "no"),
    "another word": (_called(lambda asked: {**asked, "choice": "none"}), "no"),
    "one too many": (_called(lambda asked: {**asked, "more": 1}), "no"),
    "no arguments": (_called(lambda asked: {}), "no"),
    "another tool": (_called(lambda asked: asked, "answer"), "no"),
    "refuses tools": (lambda native, asked: native.refuses("This model does not support tools."), "no"),
    "has no quota": (lambda native, asked: native.refuses("tools are limited for now", 429), "undecided"),
}
LIES: dict[str, dict[str, tuple[Answering, str]]] = {
    "tools": _OF_TOOLS,
    "streamed_tools": {
        **_OF_TOOLS,
        "no stream": (lambda native, asked: native.calls("record_choice", asked.arguments), "no"),
    },
    "vision": {
        "always the same": (lambda native, asked: native.says("57"), "undecided"),
        "all numbers": (lambda native, asked: native.says(" ".join(map(str, range(10, 100)))), "undecided"),
        "prose": (lambda native, asked: native.says("A nice picture."), "undecided"),
        "swaps the digits": (lambda native, asked: native.says(str(asked.number)[::-1] + "1"), "undecided"),
        "refuses images": (lambda native, asked: native.refuses("Image input is not supported."), "no"),
        "is overloaded": (lambda native, asked: native.refuses("images are overloaded", 529), "undecided"),
    },
}


def _spread(pieces: list[bytes]) -> list[Any]:
    """With a moment before each."""
    return [step for piece in pieces for step in (0.004, piece)]
