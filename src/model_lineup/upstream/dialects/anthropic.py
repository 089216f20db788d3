"""Anthropic's messages, plain and streamed. It has no embeddings.

A stream is `message_start`, then blocks (`content_block_start`, `…_delta`, `…_stop`), `message_delta` with the stop
reason and the usage, and `message_stop`; `ping` and kinds of events yet unknown may stand anywhere. Only `message_stop`
ends it well. An `error` event may come after any of them.
Source: https://docs.anthropic.com/en/api/messages-streaming and the types of the SDK (anthropic 2.12), read 2026-11-23.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from model_lineup.upstream import failures
from model_lineup.upstream.contract import (
    Answer,
    Ask,
    Call,
    Event,
    MalformedError,
    Quirks,
    Target,
    UnsupportedError,
    Usage,
)
from model_lineup.upstream.parsing import count_or_none, object_of, object_or_empty, text_or_none
from model_lineup.upstream.sse import EventParser

_MAX_TOKENS = 4096
"""The API wants a limit where the ask names none."""
_FINISH_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}


class AnthropicDialect:
    name = "anthropic"
    marks_end = True
    parser = EventParser

    def call(self, target: Target, ask: Ask, quirks: Quirks) -> Call:
        """Without `seed`, which the API does not know."""
        if target.task == "embedding":
            raise UnsupportedError("Anthropic's API has no embeddings: this model cannot be one for them.")
        system = "\n\n".join(message.content for message in ask.messages if message.role == "system")
        body: dict[str, Any] = {
            "model": target.model_id,
            "max_tokens": ask.max_tokens or _MAX_TOKENS,
            "messages": [message for message in ask.messages if message.role != "system"],
            "stream": ask.stream,
        }
        body |= {"system": system} if system else {}
        body |= {} if ask.temperature is None else {"temperature": ask.temperature}
        return Call("/v1/messages", msgspec.json.encode(body))

    def answer(self, target: Target, body: bytes) -> Answer:
        value = _read(body)
        blocks = value.get("content")
        if not isinstance(blocks, list):
            raise MalformedError("the answer holds no content blocks")
        texts = [text for block in blocks if (text := _text(block, "text"))]
        return Answer(
            text="".join(texts),
            empty=not any(map(_block_holds_content, blocks)),
            finish_reason=_finish_reason(value.get("stop_reason")),
            usage=_usage(value.get("usage")),
            model=text_or_none(value.get("model")),
        )

    def event(self, name: str, data: bytes) -> Event:
        value = _read(data, failed=name == "error")
        read = _EVENTS.get(str(value.get("type")))
        return read(value) if read else Event()

    def learn(self, status: int, message: str, quirks: Quirks) -> bool:
        return False


def _read(body: bytes, *, failed: bool = False) -> dict[str, Any]:
    """Raises MalformedError when it is no JSON object, ProviderError when it reports an error."""
    value = object_of(body)
    failures.refuse_error(value, failed=failed)
    return value


def _started(value: dict[str, Any]) -> Event:
    """The prompt's part of the usage. Its `output_tokens` is a first few, not a count of the answer."""
    message = object_or_empty(value.get("message"))
    usage = _usage(message.get("usage"))
    if usage is not None:
        usage = Usage(usage.prompt_tokens, None, usage.cached_tokens)
    return Event(usage=usage, model=text_or_none(message.get("model")))


def _block_started(value: dict[str, Any]) -> Event:
    block = value.get("content_block")
    return Event(content=_block_holds_content(block), text=_text(block, "text"))


def _block_grew(value: dict[str, Any]) -> Event:
    """Text, thinking or a piece of a tool's input; signatures and citations are nothing to read."""
    delta = value.get("delta")
    text = _text(delta, "text")
    return Event(content=bool(text or _text(delta, "thinking") or _text(delta, "partial_json")), text=text)


def _message_grew(value: dict[str, Any]) -> Event:
    delta = object_or_empty(value.get("delta"))
    return Event(finish_reason=_finish_reason(delta.get("stop_reason")), usage=_usage(value.get("usage")))


_EVENTS: dict[str, Callable[[dict[str, Any]], Event]] = {
    "message_start": _started,
    "content_block_start": _block_started,
    "content_block_delta": _block_grew,
    "message_delta": _message_grew,
    "message_stop": lambda _: Event(done=True),
}


def _block_holds_content(block: Any) -> bool:
    """A tool call announces itself by its name; other blocks start empty in a stream. `data`: reasoning kept secret."""
    if not isinstance(block, dict):
        return False
    return str(block.get("type")).endswith("tool_use") or any(block.get(key) for key in ("text", "thinking", "data"))


def _text(value: Any, key: str) -> str:
    return text_or_none(object_or_empty(value).get(key)) or ""


def _finish_reason(value: Any) -> str | None:
    reason = text_or_none(value)
    return _FINISH_REASONS.get(reason, reason) if reason else None


def _usage(value: Any) -> Usage | None:
    """The prompt's tokens are three counts that do not overlap: fresh, written to the cache, read from it."""
    if not isinstance(value, dict):
        return None
    fresh, written, cached = (
        count_or_none(value.get(key))
        for key in ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    )
    prompt = None if fresh is None else fresh + (written or 0) + (cached or 0)
    return Usage(prompt, count_or_none(value.get("output_tokens")), cached)
