"""Gemini's generateContent, plain and streamed, and its embeddings.

A stream is one whole answer after the other, each with what is new; there is no closing mark, so the finish reason has
to have come. `usageMetadata` grows from chunk to chunk. A prompt that is blocked gets no candidate at all, only
`promptFeedback`.
Source: the types and requests of the SDK (google-genai 3.4), read 2026-11-23.
"""

from typing import Any
from urllib.parse import quote

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
    Usage,
)
from model_lineup.upstream.parsing import count_or_none, list_or_empty, object_of, object_or_empty, text_or_none
from model_lineup.upstream.sse import EventParser

DEFAULT_VERSION = "v1beta"
_FILTERS = ("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE", "MODEL_ARMOR")
_FINISH_REASONS = {"STOP": "stop", "MAX_TOKENS": "length", **dict.fromkeys(_FILTERS, "content_filter")}
_CONTENT = ("text", "functionCall", "inlineData", "executableCode", "codeExecutionResult")


class GoogleDialect:
    name = "google"
    marks_end = False  # there is none
    parser = EventParser

    def call(self, target: Target, ask: Ask, quirks: Quirks) -> Call:
        if target.task == "embedding":
            return _embedding_call(target, ask)
        body: dict[str, Any] = {"contents": [_turn(m.role, m.content) for m in ask.messages if m.role != "system"]}
        if system := [{"text": message.content} for message in ask.messages if message.role == "system"]:
            body["systemInstruction"] = {"parts": system}
        options = {"maxOutputTokens": ask.max_tokens, "temperature": ask.temperature, "seed": ask.seed}
        if given := {name: value for name, value in options.items() if value is not None}:
            body["generationConfig"] = given
        return msgspec.structs.replace(generation(target, stream=ask.stream), body=msgspec.json.encode(body))

    def answer(self, target: Target, body: bytes) -> Answer:
        value = _read(body)
        if target.task == "embedding":
            return Answer(empty=not _holds_vectors(value.get("embeddings")))
        event = _event(value)
        if not value.keys() & {"candidates", "promptFeedback"}:
            raise MalformedError("the answer holds no candidates")
        return Answer(event.text, not event.content, event.finish_reason, event.usage, event.model)

    def event(self, name: str, data: bytes) -> Event:
        return _event(_read(data, failed=name == "error"))

    def learn(self, status: int, message: str, quirks: Quirks) -> bool:
        return False


def generation(target: Target, *, stream: bool) -> Call:
    """Where a model is asked to generate, without the body."""
    method = "streamGenerateContent" if stream else "generateContent"
    return Call(f"{_path_of(target)}:{method}", query=(("alt", "sse"),) if stream else ())


def _turn(role: str, text: str) -> dict[str, Any]:
    return {"role": "model" if role == "assistant" else "user", "parts": [{"text": text}]}


def _embedding_call(target: Target, ask: Ask) -> Call:
    name = _resource(target.model_id)
    requests = [{"model": name, "content": {"parts": [{"text": message.content}]}} for message in ask.messages]
    return Call(f"{_path_of(target)}:batchEmbedContents", msgspec.json.encode({"requests": requests}))


def _path_of(target: Target) -> str:
    """A model's id may hold anything; in the path it is one segment."""
    version = target.endpoint.api_version or DEFAULT_VERSION
    collection, _, model_id = _resource(target.model_id).partition("/")
    return f"/{quote(version, safe='')}/{collection}/{quote(model_id, safe='')}"


def _resource(model_id: str) -> str:
    """Tuned models are a collection of their own, and named with it."""
    return model_id if model_id.startswith("tunedModels/") else f"models/{model_id}"


def _read(body: bytes, *, failed: bool = False) -> dict[str, Any]:
    """Raises MalformedError when it is no JSON object, ProviderError when it reports an error."""
    value = object_of(body)
    failures.refuse_error(value, failed=failed)
    return value


def _event(value: dict[str, Any]) -> Event:
    """A chunk, or a whole answer, which has the same shape. Of several candidates the first counts."""
    candidate = object_or_empty((list_or_empty(value.get("candidates")) or [None])[0])
    parts = list_or_empty(object_or_empty(candidate.get("content")).get("parts"))
    return Event(
        content=any(_holds_content(part) for part in parts),
        text="".join(_text(part) for part in parts),
        finish_reason=_finish_reason(candidate.get("finishReason")) or _blocked(value.get("promptFeedback")),
        usage=_usage(value.get("usageMetadata")),
        model=text_or_none(value.get("modelVersion")),
    )


def _holds_content(part: Any) -> bool:
    """Text, thoughts, calls, data; a signature of thoughts alone is nothing to read."""
    return isinstance(part, dict) and any(part.get(key) for key in _CONTENT)


def _text(part: Any) -> str:
    """The answer's text; a part with `thought` is reasoning."""
    if not isinstance(part, dict) or part.get("thought"):
        return ""
    return text_or_none(part.get("text")) or ""


def _finish_reason(value: Any) -> str | None:
    reason = text_or_none(value)
    if reason is None or reason == "FINISH_REASON_UNSPECIFIED":
        return None
    return _FINISH_REASONS.get(reason, reason.lower())


def _blocked(feedback: Any) -> str | None:
    return "content_filter" if object_or_empty(feedback).get("blockReason") else None


def _usage(value: Any) -> Usage | None:
    """`promptTokenCount` holds the cached ones; thoughts are output that `candidatesTokenCount` leaves out."""
    if not isinstance(value, dict):
        return None
    answer, thoughts = count_or_none(value.get("candidatesTokenCount")), count_or_none(value.get("thoughtsTokenCount"))
    completion = None if answer is None and thoughts is None else (answer or 0) + (thoughts or 0)
    cached = count_or_none(value.get("cachedContentTokenCount"))
    return Usage(count_or_none(value.get("promptTokenCount")), completion, cached)


def _holds_vectors(embeddings: Any) -> bool:
    vectors = list_or_empty(embeddings)
    return bool(vectors) and all(object_or_empty(vector).get("values") for vector in vectors)
