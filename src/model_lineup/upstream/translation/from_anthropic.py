"""Answers of Anthropic's Messages API as OpenAI's chat completions, plain and streamed.

Thoughts come back as `reasoning_content`, the field that most OpenAI-compatible servers use for them.
"""

from typing import Any

from model_lineup.upstream import failures
from model_lineup.upstream.contract import MalformedError
from model_lineup.upstream.parsing import count_or_none, object_of, object_or_empty, text_or_none
from model_lineup.upstream.translation.chat_chunks import ChatChunks
from model_lineup.upstream.translation.fields import encode
from model_lineup.upstream.translation.shapes import JsonObject

_FINISH_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}


def answer(body: bytes, *, name: str, created: int) -> bytes:
    """Raises MalformedError, ProviderError."""
    value = _read(body)
    if not isinstance(value.get("content"), list):
        raise MalformedError("the answer holds no content")
    blocks = [object_or_empty(block) for block in value["content"]]
    message = {
        "role": "assistant",
        "content": _joined(blocks, "text", "text"),
        "refusal": None,
        **({"reasoning_content": thoughts} if (thoughts := _joined(blocks, "thinking", "thinking")) else {}),
        **({"tool_calls": calls} if (calls := [_call(block) for block in blocks if _is(block, "tool_use")]) else {}),
    }
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason(value)}
    return encode(
        {
            "id": text_or_none(value.get("id")) or "chatcmpl-unknown",
            "object": "chat.completion",
            "created": created,
            "model": name,
            "choices": [choice],
            "usage": usage_of(object_or_empty(value.get("usage"))),
        }
    )


class Stream:
    """One Messages stream as chat completion chunks; a `StreamTranslator`."""

    def __init__(self, *, name: str, created: int, usage: bool) -> None:
        self._chunks = ChatChunks(name, created)
        self._wants_usage = usage
        self._usage: JsonObject = {}
        self._calls: dict[int, int] = {}
        self.finished = False

    def feed(self, name: str, data: bytes) -> bytes:
        value = _read(data, failed=name == "error")
        match value.get("type"):
            case "message_start":
                message = object_or_empty(value.get("message"))
                self._usage.update(object_or_empty(message.get("usage")))
                self._chunks.named(text_or_none(message.get("id")))
                return self._chunks.delta({"role": "assistant", "content": ""})
            case "content_block_start":
                return self._block_start(value)
            case "content_block_delta":
                return self._block_delta(value)
            case "message_delta":
                self._usage.update(object_or_empty(value.get("usage")))
                reason = finish_reason(object_or_empty(value.get("delta")))
                return self._chunks.finish(reason) if reason else b""
            case "message_stop":
                self.finished = True
        return b""

    def end(self) -> bytes:
        return self._chunks.end(usage_of(self._usage) if self._wants_usage else None)

    def error(self, message: str, code: str) -> bytes:
        return self._chunks.error(message, code)

    def _block_start(self, value: JsonObject) -> bytes:
        block = object_or_empty(value.get("content_block"))
        if _is(block, "text"):
            return self._chunks.text(block.get("text"))
        if _is(block, "thinking"):
            return self._chunks.thought(block.get("thinking"))
        if not _is(block, "tool_use"):
            return b""
        position = self._calls[_index(value)] = len(self._calls)
        return self._chunks.call(position, block.get("id"), block.get("name"))

    def _block_delta(self, value: JsonObject) -> bytes:
        delta = object_or_empty(value.get("delta"))
        match delta.get("type"):
            case "text_delta":
                return self._chunks.text(delta.get("text"))
            case "thinking_delta":
                return self._chunks.thought(delta.get("thinking"))
            case "input_json_delta":
                position = self._calls.get(_index(value))
                if position is None:
                    raise MalformedError("the stream continues a tool call that never began")
                return self._chunks.arguments(position, delta.get("partial_json"))
        return b""  # signatures and citations have no place in a chat completion


def finish_reason(value: JsonObject) -> str | None:
    """Of a message, or of the delta that ends one."""
    reason = text_or_none(value.get("stop_reason"))
    return None if reason is None else _FINISH_REASONS.get(reason, "stop")


def usage_of(value: JsonObject) -> JsonObject | None:
    """`prompt_tokens` count all that was read, from caches too. What was not told is `null`, never 0."""
    fresh, output = count_or_none(value.get("input_tokens")), count_or_none(value.get("output_tokens"))
    if fresh is None and output is None:
        return None
    cached = count_or_none(value.get("cache_read_input_tokens"))
    prompt = None if fresh is None else fresh + (cached or 0) + _cache_writes(value)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": output,
        "total_tokens": None if prompt is None or output is None else prompt + output,
        "prompt_tokens_details": {"cached_tokens": cached},
    }


def _cache_writes(value: JsonObject) -> int:
    return count_or_none(value.get("cache_creation_input_tokens")) or 0


def _read(body: bytes, *, failed: bool = False) -> JsonObject:
    value = object_of(body)
    failures.refuse_error(value, failed=failed)
    return value


def _is(block: JsonObject, kind: str) -> bool:
    return block.get("type") == kind


def _joined(blocks: list[JsonObject], kind: str, field: str) -> str | None:
    texts = [block[field] for block in blocks if _is(block, kind) and isinstance(block.get(field), str)]
    return "".join(texts) if texts else None


def _call(block: JsonObject) -> JsonObject:
    arguments = encode(object_or_empty(block.get("input"))).decode()
    function = {"name": text_or_none(block.get("name")) or "", "arguments": arguments}
    return {"id": text_or_none(block.get("id")) or "", "type": "function", "function": function}


def _index(value: JsonObject) -> int:
    index: Any = value.get("index")
    if type(index) is not int:
        raise MalformedError("a block of the stream has no index")
    return index
