"""Answers of OpenAI's chat completions as messages of Anthropic's API, plain and streamed.

Of several choices the first counts. `reasoning_content` (or `reasoning`) becomes a thinking block without a signature.
"""

from typing import Any

import msgspec

from model_lineup.upstream import failures
from model_lineup.upstream.contract import MalformedError, ProviderError
from model_lineup.upstream.parsing import count_or_none, list_or_empty, object_of, object_or_empty, text_or_none
from model_lineup.upstream.translation.fields import encode
from model_lineup.upstream.translation.message_events import MessageEvents
from model_lineup.upstream.translation.shapes import JsonObject

_STOP_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}


def answer(body: bytes, *, name: str, created: int) -> bytes:
    """`created` has no place here. Raises MalformedError, ProviderError."""
    value = _read(body)
    choices = list_or_empty(value.get("choices"))
    if not choices:
        raise MalformedError("the answer holds no choices")
    choice = object_or_empty(choices[0])
    message = object_or_empty(choice.get("message"))
    content: list[JsonObject] = []
    if thought := _thought(message):
        content.append({"type": "thinking", "thinking": thought, "signature": ""})
    if text := _text(message.get("content")) or text_or_none(message.get("refusal")):
        content.append({"type": "text", "text": text})
    content += [_tool_use(object_or_empty(call)) for call in list_or_empty(message.get("tool_calls"))]
    return encode(
        {
            "id": text_or_none(value.get("id")) or "msg_unknown",
            "type": "message",
            "role": "assistant",
            "model": name,
            "content": content,
            "stop_reason": stop_reason(choice.get("finish_reason")),
            "stop_sequence": None,
            "usage": usage_of(value.get("usage")),
        }
    )


class Stream:
    """One stream of chat completion chunks as message events; a `StreamTranslator`.

    OpenAI's stream has a closing mark of its own, and its finish reason and usage come apart: both are held back until
    the end, because Anthropic tells them together.
    """

    def __init__(self, *, name: str, created: int, usage: bool) -> None:
        self._events = MessageEvents(name)
        self._stop_reason: str | None = None
        self._usage: Any = None
        self._marked = False

    @property
    def finished(self) -> bool:
        """Some servers leave out the closing mark; then the finish reason and the end of the body have to do."""
        return self._marked or self._stop_reason is not None

    def feed(self, name: str, data: bytes) -> bytes:
        if data.strip() == b"[DONE]":
            self._marked = True
            return b""
        value = _read(data, failed=name == "error")
        if isinstance(value.get("usage"), dict):
            self._usage = value["usage"]
        out = self._events.begin(text_or_none(value.get("id")), self._usage and usage_of(self._usage))
        choice = object_or_empty((list_or_empty(value.get("choices")) or [None])[0])
        out += self._delta(object_or_empty(choice.get("delta")))
        self._stop_reason = stop_reason(choice.get("finish_reason")) or self._stop_reason
        return out

    def end(self) -> bytes:
        return self._events.end(self._stop_reason or "end_turn", usage_of(self._usage))

    def error(self, message: str, code: str) -> bytes:
        return self._events.error(message)

    def _delta(self, delta: JsonObject) -> bytes:
        out = self._events.thought(_thought(delta))
        out += self._events.text(_text(delta.get("content")) or text_or_none(delta.get("refusal")))
        for call in map(object_or_empty, list_or_empty(delta.get("tool_calls"))):
            out += self._call(call)
        return out

    def _call(self, call: JsonObject) -> bytes:
        function = object_or_empty(call.get("function"))
        position = call.get("index")
        return self._events.call(
            position if type(position) is int else None,
            text_or_none(call.get("id")),
            text_or_none(function.get("name")),
            text_or_none(function.get("arguments")),
        )


def stop_reason(value: Any) -> str | None:
    reason = text_or_none(value)
    return None if reason is None else _STOP_REASONS.get(reason, "end_turn")


def usage_of(value: Any) -> JsonObject:
    """Anthropic counts apart what came from a cache. What was not told is `null`, never 0."""
    told = object_or_empty(value)
    prompt, output = count_or_none(told.get("prompt_tokens")), count_or_none(told.get("completion_tokens"))
    cached = count_or_none(object_or_empty(told.get("prompt_tokens_details")).get("cached_tokens"))
    fresh = None if prompt is None else max(0, prompt - (cached or 0))
    return {"input_tokens": fresh, "cache_read_input_tokens": cached, "output_tokens": output}


def _read(body: bytes, *, failed: bool = False) -> JsonObject:
    value = object_of(body)
    error = failures.find_error(value)
    if error is not None or failed:
        raise error or ProviderError("")
    return value


def _thought(message: JsonObject) -> str | None:
    return text_or_none(message.get("reasoning_content")) or text_or_none(message.get("reasoning"))


def _text(content: Any) -> str | None:
    """Text, or the text parts of a list of parts (Mistral)."""
    if isinstance(content, list):
        parts = (object_or_empty(part).get("text") for part in content)
        return "".join(part for part in parts if isinstance(part, str)) or None
    return text_or_none(content)


def _tool_use(call: JsonObject) -> JsonObject:
    """Raises MalformedError when the arguments are no JSON object."""
    function = object_or_empty(call.get("function"))
    try:
        arguments = msgspec.json.decode(text_or_none(function.get("arguments")) or "{}", type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise MalformedError("the arguments of a tool call are no JSON object") from None
    block = {"type": "tool_use", "id": text_or_none(call.get("id")) or ""}
    return {**block, "name": text_or_none(function.get("name")) or "", "input": arguments}
