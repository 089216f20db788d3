"""Answers of Google's Gemini API as OpenAI's chat completions, plain and streamed.

Thoughts come back as `reasoning_content`; the signature of a call's thoughts as `extra_content.google`.
"""

from collections.abc import Callable
from typing import Any

from model_lineup.upstream import failures
from model_lineup.upstream.contract import MalformedError
from model_lineup.upstream.parsing import count_or_none, list_or_empty, object_of, object_or_empty, text_or_none
from model_lineup.upstream.translation.chat_chunks import ChatChunks
from model_lineup.upstream.translation.fields import encode
from model_lineup.upstream.translation.shapes import JsonObject

_LENGTH = {"MAX_TOKENS"}
_FAILED = {"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MALFORMED_RESPONSE", "TOO_MANY_TOOL_CALLS"}


def answer(body: bytes, *, name: str, created: int) -> bytes:
    """Raises MalformedError, ProviderError."""
    value = _read(body)
    candidate = _candidate(value)
    if not candidate and not value.get("promptFeedback"):
        raise MalformedError("the answer holds no candidates")
    response_id = text_or_none(value.get("responseId"))
    parts = _parts(candidate)
    calls = [_call(part, response_id, at) for at, part in enumerate(filter(_is_call, parts))]
    message: JsonObject = {"role": "assistant", "content": _joined(parts, _is_text), "refusal": None}
    if thoughts := _joined(parts, _is_thought):
        message["reasoning_content"] = thoughts
    if calls:
        message["tool_calls"] = calls
    reason = _finish_reason(value, candidate, called=bool(calls))
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason}
    return encode(
        {
            "id": response_id or "chatcmpl-unknown",
            "object": "chat.completion",
            "created": created,
            "model": name,
            "choices": [choice],
            "usage": usage_of(value.get("usageMetadata")),
        }
    )


class Stream:
    """One Gemini stream as chat completion chunks; a `StreamTranslator`. There is no closing mark: a reason ends it."""

    def __init__(self, *, name: str, created: int, usage: bool) -> None:
        self._chunks = ChatChunks(name, created)
        self._wants_usage = usage
        self._usage: Any = None
        self._id: str | None = None
        self._begun = False
        self._calls = 0
        self._reason: str | None = None

    @property
    def finished(self) -> bool:
        return self._reason is not None

    def feed(self, name: str, data: bytes) -> bytes:
        value = _read(data, failed=name == "error")
        self._usage = value.get("usageMetadata") or self._usage
        candidate = _candidate(value)
        out = self._begin(value) + b"".join(map(self._part, _parts(candidate)))
        reason = _finish_reason(value, candidate, called=self._calls > 0)
        if reason is not None and self._reason is None:
            self._reason = reason
        return out

    def end(self) -> bytes:
        finish = self._chunks.finish(self._reason or "stop")
        return finish + self._chunks.end(usage_of(self._usage) if self._wants_usage else None)

    def error(self, message: str, code: str) -> bytes:
        return self._chunks.error(message, code)

    def _begin(self, value: JsonObject) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        self._id = text_or_none(value.get("responseId"))
        self._chunks.named(self._id)
        return self._chunks.delta({"role": "assistant", "content": ""})

    def _part(self, part: JsonObject) -> bytes:
        if _is_call(part):
            call = _call(part, self._id, self._calls)
            function = call.pop("function")
            self._calls += 1
            more = {name: found for name, found in call.items() if name == "extra_content"}
            return self._chunks.call(self._calls - 1, call["id"], function["name"], function["arguments"], **more)
        return self._chunks.thought(part.get("text")) if _is_thought(part) else self._chunks.text(part.get("text"))


def usage_of(value: Any) -> JsonObject | None:
    """Thoughts are output that Gemini counts apart. What was not told is `null`, never 0."""
    if not isinstance(value, dict):
        return None
    prompt, told = count_or_none(value.get("promptTokenCount")), count_or_none(value.get("candidatesTokenCount"))
    thoughts = count_or_none(value.get("thoughtsTokenCount"))
    output = None if told is None and thoughts is None else (told or 0) + (thoughts or 0)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": output,
        "total_tokens": None if prompt is None or output is None else prompt + output,
        "prompt_tokens_details": {"cached_tokens": count_or_none(value.get("cachedContentTokenCount"))},
        "completion_tokens_details": {"reasoning_tokens": thoughts},
    }


def _read(body: bytes, *, failed: bool = False) -> JsonObject:
    value = object_of(body)
    failures.refuse_error(value, failed=failed)
    return value


def _candidate(value: JsonObject) -> JsonObject:
    return object_or_empty((list_or_empty(value.get("candidates")) or [None])[0])


def _parts(candidate: JsonObject) -> list[JsonObject]:
    """Raises MalformedError for what a chat completion cannot hold."""
    parts = [object_or_empty(part) for part in list_or_empty(object_or_empty(candidate.get("content")).get("parts"))]
    if any(part.keys() & {"inlineData", "executableCode", "codeExecutionResult", "fileData"} for part in parts):
        raise MalformedError("the answer holds data that a chat completion cannot carry")
    return parts


def _is_call(part: JsonObject) -> bool:
    return isinstance(part.get("functionCall"), dict)


def _is_thought(part: JsonObject) -> bool:
    return part.get("thought") is True


def _is_text(part: JsonObject) -> bool:
    return not _is_thought(part)


def _joined(parts: list[JsonObject], wanted: Callable[[JsonObject], bool]) -> str | None:
    texts = [part["text"] for part in parts if wanted(part) and isinstance(part.get("text"), str)]
    return "".join(texts) if texts else None


def _call(part: JsonObject, response_id: str | None, position: int) -> JsonObject:
    """Gemini may give a call no id; one is made of the answer's own and the call's place."""
    call = object_or_empty(part.get("functionCall"))
    name = text_or_none(call.get("name"))
    if name is None:
        raise MalformedError("a function call has no name")
    function = {"name": name, "arguments": encode(object_or_empty(call.get("args"))).decode()}
    made = {
        "id": text_or_none(call.get("id")) or f"call_{response_id or 'unknown'}_{position}",
        "type": "function",
        "function": function,
    }
    signature = text_or_none(part.get("thoughtSignature"))
    return {**made, "extra_content": {"google": {"thought_signature": signature}}} if signature else made


def _finish_reason(value: JsonObject, candidate: JsonObject, *, called: bool) -> str | None:
    """Raises MalformedError where Gemini says that its own answer is broken."""
    reason = text_or_none(candidate.get("finishReason"))
    if reason in _FAILED:
        raise MalformedError("the model's function call is broken, says the provider")
    if reason is None or reason == "FINISH_REASON_UNSPECIFIED":
        return "content_filter" if object_or_empty(value.get("promptFeedback")).get("blockReason") else None
    if reason == "STOP":
        return "tool_calls" if called else "stop"
    return "length" if reason in _LENGTH else "content_filter"
