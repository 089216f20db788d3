"""Writes the stream of an OpenAI chat completion: chunks of one choice, as `data:` lines."""

from typing import Any

from model_lineup.upstream.contract import MalformedError
from model_lineup.upstream.translation.fields import encode
from model_lineup.upstream.translation.shapes import JsonObject


class ChatChunks:
    """One stream's chunks; empty pieces are left out."""

    def __init__(self, name: str, created: int) -> None:
        self._head = {"id": "chatcmpl-unknown", "object": "chat.completion.chunk", "created": created, "model": name}

    def named(self, stream_id: str | None) -> None:
        if stream_id:
            self._head["id"] = stream_id

    def delta(self, delta: JsonObject) -> bytes:
        return self._chunk({"index": 0, "delta": delta, "logprobs": None, "finish_reason": None})

    def text(self, text: Any) -> bytes:
        return self._piece("content", text)

    def thought(self, text: Any) -> bytes:
        return self._piece("reasoning_content", text)

    def call(self, position: int, call_id: Any, name: Any, arguments: str = "", **more: Any) -> bytes:
        """The start of a tool call. Raises MalformedError for one without a name."""
        if not isinstance(call_id, str) or not isinstance(name, str):
            raise MalformedError("a tool call of the stream has no id or no name")
        function = {"name": name, "arguments": arguments}
        return self.delta(
            {"tool_calls": [{"index": position, "id": call_id, "type": "function", "function": function, **more}]}
        )

    def arguments(self, position: int, piece: Any) -> bytes:
        if not isinstance(piece, str) or not piece:
            return b""
        return self.delta({"tool_calls": [{"index": position, "function": {"arguments": piece}}]})

    def finish(self, reason: str) -> bytes:
        return self._chunk({"index": 0, "delta": {}, "logprobs": None, "finish_reason": reason})

    def end(self, usage: JsonObject | None) -> bytes:
        """The usage chunk, where the caller wants one and the provider told it, and the closing mark."""
        told = b"" if usage is None else _line({**self._head, "choices": [], "usage": usage})
        return told + b"data: [DONE]\n\n"

    def error(self, message: str, code: str) -> bytes:
        return _line({"error": {"message": message, "type": "upstream_error", "param": None, "code": code}})

    def _piece(self, field: str, text: Any) -> bytes:
        return self.delta({field: text}) if isinstance(text, str) and text else b""

    def _chunk(self, choice: JsonObject) -> bytes:
        return _line({**self._head, "choices": [choice]})


def _line(value: JsonObject) -> bytes:
    return b"data: " + encode(value) + b"\n\n"
