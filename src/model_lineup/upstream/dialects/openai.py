"""OpenAI's chat completions and embeddings, plain and streamed, as OpenAI and its many imitators speak them.

Read leniently where imitators differ (absent `choices`, repeated usage, `reasoning` for `reasoning_content`), strictly
where a wrong guess would make a false success: what is not JSON, or holds an error, is a failure.
"""

from typing import Any

import msgspec
from msgspec import Struct

from model_lineup.upstream import failures
from model_lineup.upstream.contract import (
    Answer,
    Ask,
    Call,
    Event,
    MalformedError,
    ProviderError,
    Quirks,
    Target,
    Usage,
)
from model_lineup.upstream.parsing import NOT_JSON, count_or_none, json_of, text_or_none
from model_lineup.upstream.sse import EventParser


class _Delta(Struct):
    content: Any = None
    reasoning_content: Any = None
    reasoning: Any = None
    refusal: Any = None
    tool_calls: Any = None
    function_call: Any = None


class _Choice(Struct):
    delta: _Delta | None = None
    message: _Delta | None = None
    finish_reason: Any = None


class _Body(Struct):
    """A chunk or a plain answer. `data` is an embedding's."""

    choices: list[_Choice] | None = None
    usage: Any = None
    model: Any = None
    error: Any = None
    object: Any = None
    timings: Any = None
    data: Any = None


_NO_DELTA, _NO_CHOICE = _Delta(), _Choice()
_decode = msgspec.json.Decoder(_Body).decode


class OpenAIDialect:
    name = "openai"
    marks_end = False  # some imitators leave `[DONE]` out
    parser = EventParser

    def call(self, target: Target, ask: Ask, quirks: Quirks) -> Call:
        if target.task == "embedding":
            inputs = [message.content for message in ask.messages]
            return Call("/embeddings", msgspec.json.encode({"model": target.model_id, "input": inputs}))
        body: dict[str, Any] = {"model": target.model_id, "messages": ask.messages, "stream": ask.stream}
        if ask.stream and quirks.stream_options:
            body["stream_options"] = {"include_usage": True}
        options = {quirks.max_tokens_field: ask.max_tokens, "temperature": ask.temperature, "seed": ask.seed}
        body.update({name: value for name, value in options.items() if value is not None})
        return Call("/chat/completions", msgspec.json.encode(body))

    def answer(self, target: Target, body: bytes) -> Answer:
        read = _read(body)
        if target.task == "embedding":
            model = text_or_none(read.model)
            return Answer(empty=not _holds_vectors(read.data), usage=_usage(read.usage), model=model)
        if read.choices is None:
            _raise_error_of(body)
            raise MalformedError("the answer holds no choices")
        choice = read.choices[0] if read.choices else _NO_CHOICE
        message = choice.message or _NO_DELTA
        return Answer(
            text=_text(message.content),
            empty=not _has_content(message),
            finish_reason=text_or_none(choice.finish_reason),
            usage=_usage(read.usage),
            model=text_or_none(read.model),
            timings=read.timings if isinstance(read.timings, dict) else None,
        )

    def event(self, name: str, data: bytes) -> Event:
        if data.strip() == b"[DONE]":
            return Event(done=True)
        read = _read(data, failed=name == "error")
        choice = read.choices[0] if read.choices else _NO_CHOICE
        delta = choice.delta or _NO_DELTA
        return Event(
            content=_has_content(delta),
            text=_text(delta.content),
            finish_reason=text_or_none(choice.finish_reason),
            usage=_usage(read.usage),
            model=text_or_none(read.model),
            timings=read.timings if isinstance(read.timings, dict) else None,
        )

    def learn(self, status: int, message: str, quirks: Quirks) -> bool:
        """Older servers refuse `stream_options`; OpenAI's reasoning models want `max_completion_tokens`."""
        if status not in (400, 422):
            return False
        if quirks.stream_options and "stream_options" in message:
            quirks.stream_options = False
            return True
        if quirks.max_tokens_field == "max_tokens" and "max_completion_tokens" in message:
            quirks.max_tokens_field = "max_completion_tokens"
            return True
        return False


class _Counted(Struct):
    """All of an embeddings answer but its numbers, which are skipped and not decoded."""

    usage: Any = None
    model: Any = None
    error: Any = None
    object: Any = None


_decode_counted = msgspec.json.Decoder(_Counted).decode


class EmbeddingsReading(OpenAIDialect):
    """An embeddings answer that passes, as far as it tells what was used."""

    def answer(self, target: Target, body: bytes) -> Answer:
        try:
            read = _decode_counted(body)
        except NOT_JSON:
            raise MalformedError("the answer is not valid JSON of this format") from None
        if read.error or read.object == "error":
            _raise_error_of(body)
            raise ProviderError("")
        return Answer(usage=_usage(read.usage), model=text_or_none(read.model))


def _read(body: bytes, *, failed: bool = False) -> _Body:
    """Raises MalformedError when it is no JSON object of this format, ProviderError when it reports an error."""
    try:
        read = _decode(body)
    except NOT_JSON:
        _raise_error_of(body)
        raise MalformedError("the answer is not valid JSON of this format") from None
    if failed or read.error or read.object == "error":
        _raise_error_of(body)
        raise ProviderError("")
    return read


def _raise_error_of(body: bytes) -> None:
    """Looks for an error in other shapes; nothing happens when there is none. Raises MalformedError for no JSON."""
    failures.refuse_error(json_of(body))


def _has_content(delta: _Delta) -> bool:
    """Whether it carries text, reasoning, a refusal or a piece of a tool call; an empty string is nothing."""
    return bool(
        delta.content
        or delta.reasoning_content
        or delta.reasoning
        or delta.tool_calls
        or delta.refusal
        or delta.function_call
    )


def _text(content: Any) -> str:
    """Text, or the text parts of a list of parts (Mistral)."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))
    return ""


def _usage(value: Any) -> Usage | None:
    """Counts that are possible; a string, a negative or an absurd number is unknown, never 0."""
    if not isinstance(value, dict):
        return None
    details = value.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    return Usage(
        count_or_none(value.get("prompt_tokens")), count_or_none(value.get("completion_tokens")), count_or_none(cached)
    )


def _holds_vectors(data: Any) -> bool:
    """Whether there is at least one embedding, as numbers or base64, and none is empty."""
    if not isinstance(data, list) or not data:
        return False
    return all(isinstance(entry, dict) and entry.get("embedding") for entry in data)
