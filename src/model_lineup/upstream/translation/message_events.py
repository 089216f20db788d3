"""Writes the stream of an Anthropic message: blocks that begin, grow and end, each event with its name."""

from typing import Any

from model_lineup.upstream.contract import MalformedError
from model_lineup.upstream.translation.fields import encode
from model_lineup.upstream.translation.shapes import JsonObject


class MessageEvents:
    """One stream's events. A block of text or thoughts ends where another block begins; calls end with the message,
    because pieces of several may come in turn."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._begun = False
        self._blocks = 0
        self._growing: tuple[str, int] | None = None
        self._calls: dict[int, int] = {}

    def begin(self, message_id: str | None, usage: JsonObject | None) -> bytes:
        """Once; later calls give nothing."""
        if self._begun:
            return b""
        self._begun = True
        known = usage or {"input_tokens": None, "cache_read_input_tokens": None, "output_tokens": None}
        message: JsonObject = {
            "id": message_id or "msg_unknown",
            "type": "message",
            "role": "assistant",
            "model": self._name,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": known,
        }
        return _event("message_start", {"message": message})

    def text(self, text: str | None) -> bytes:
        if not text:
            return b""
        begun = self._grow("text", {"type": "text", "text": ""})
        return begun + self._delta({"type": "text_delta", "text": text})

    def thought(self, thought: str | None) -> bytes:
        if not thought:
            return b""
        begun = self._grow("thinking", {"type": "thinking", "thinking": "", "signature": ""})
        return begun + self._delta({"type": "thinking_delta", "thinking": thought})

    def call(self, position: int | None, call_id: str | None, name: str | None, arguments: str | None) -> bytes:
        """A piece of a tool call: its start names it, later ones continue it. Some servers give no `position`.

        Raises MalformedError for a piece of a call that never began.
        """
        out = b""
        known = max(self._calls, default=0) if position is None and not name else position
        if known is None:
            known = max(self._calls, default=-1) + 1
        if known not in self._calls:
            if not name:
                raise MalformedError("the stream continues a tool call that never began")
            out = self._stop_growing()
            self._calls[known] = self._blocks
            block = {"type": "tool_use", "id": call_id or f"call_{known}", "name": name, "input": {}}
            out += self._start(block)
        if arguments:
            delta = {"type": "input_json_delta", "partial_json": arguments}
            out += _event("content_block_delta", {"index": self._calls[known], "delta": delta})
        return out

    def end(self, stop_reason: str, usage: JsonObject) -> bytes:
        stops = [_event("content_block_stop", {"index": index}) for index in self._calls.values()]
        delta = {"stop_reason": stop_reason, "stop_sequence": None}
        return (
            self.begin(None, None)
            + self._stop_growing()
            + b"".join(stops)
            + _event("message_delta", {"delta": delta, "usage": usage})
            + _event("message_stop", {})
        )

    def error(self, message: str) -> bytes:
        return _event("error", {"error": {"type": "api_error", "message": message}})

    def _grow(self, kind: str, block: JsonObject) -> bytes:
        if self._growing is not None and self._growing[0] == kind:
            return b""
        stopped = self._stop_growing()
        self._growing = (kind, self._blocks)
        return stopped + self._start(block)

    def _start(self, block: JsonObject) -> bytes:
        index, self._blocks = self._blocks, self._blocks + 1
        return _event("content_block_start", {"index": index, "content_block": block})

    def _delta(self, delta: JsonObject) -> bytes:
        assert self._growing is not None
        return _event("content_block_delta", {"index": self._growing[1], "delta": delta})

    def _stop_growing(self) -> bytes:
        growing, self._growing = self._growing, None
        return b"" if growing is None else _event("content_block_stop", {"index": growing[1]})


def _event(name: str, fields: dict[str, Any]) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), encode({"type": name, **fields}))
