"""How Anthropic's Messages API writes."""

from collections.abc import Mapping, Sequence
from typing import Any

from model_lineup.upstream.contract import Usage
from tests.fakes.kind_wire import ANSWERED, data
from tests.fakes.provider import Answerer

_PROMPT = {"input_tokens": 4, "cache_creation_input_tokens": 1, "cache_read_input_tokens": 4}


def event(kind: str, **more: Any) -> bytes:
    return data({"type": kind, **more}, kind)


def grew(**delta: Any) -> bytes:
    return event("content_block_delta", index=0, delta=delta)


class AnthropicWire:
    base_path = ""
    list_path = "/v1/models"
    key_header = ("x-api-key", "{key}")
    candidates = False
    paged = True
    answered: str | None = ANSWERED
    usage = Usage(9, 3, 4)
    finish_reason = "stop"
    stream_type = "text/event-stream; charset=utf-8"
    embedding_path: str | None = None

    def entry(self, model_id: Any) -> Any:
        return {"type": "model", "id": model_id, "display_name": "A Model", "created_at": "2026-01-01T00:00:00Z"}

    def page(self, entries: Sequence[Any], following: str | None = None) -> Any:
        return {"data": list(entries), "has_more": bool(following), "first_id": None, "last_id": following}

    def more(self) -> Mapping[str, Answerer]:
        return {}

    def chat_path(self, model_id: str, *, stream: bool) -> str:
        return "/v1/messages"

    def plain(self, text: str, *, usage: bool = True) -> Any:
        counted = {"usage": {**_PROMPT, "output_tokens": 3}} if usage else {}
        content = [{"type": "text", "text": text}]
        return {"type": "message", "model": ANSWERED, "content": content, "stop_reason": "end_turn", **counted}

    def opening(self) -> list[bytes]:
        """The usage of the prompt is there from the start; `closing` alone cannot take it away."""
        block = {"type": "text", "text": ""}
        message: dict[str, Any] = {"type": "message", "model": ANSWERED, "content": [], "usage": None}
        return [
            event("message_start", message=message),
            event("ping"),
            event("content_block_start", index=0, content_block=block),
        ]

    def piece(self, text: str) -> bytes:
        return grew(type="text_delta", text=text)

    def thought(self, text: str) -> bytes:
        return grew(type="thinking_delta", thinking=text)

    def closing(self, *, usage: bool = True) -> list[bytes]:
        counted = {"usage": {**_PROMPT, "output_tokens": 3}} if usage else {}
        delta = {"stop_reason": "end_turn", "stop_sequence": None}
        return [
            event("content_block_stop", index=0),
            event("message_delta", delta=delta, **counted),
            event("message_stop"),
        ]

    def error(self, message: str) -> bytes:
        return event("error", error={"type": "overloaded_error", "message": message})

    def embedding(self, vector: Sequence[float]) -> Any:
        return {}


WIRE = AnthropicWire()
