"""Ollama's own chat and embeddings, plain and streamed as lines of JSON.

Its own rather than the OpenAI surface that it has too, because this one tells where the time went (loading weights,
reading the prompt, writing), why it stopped, and what was thought. The last line has `done`; an error is a line too.
Source: the SDK (ollama 0.6.3), and https://docs.ollama.com/api/streaming as others retell it, read 2026-11-23.
"""

from typing import Any

import msgspec

from model_lineup.upstream import failures
from model_lineup.upstream.contract import Answer, Ask, Call, Event, MalformedError, Quirks, Target, Usage
from model_lineup.upstream.parsing import count_or_none, list_or_empty, object_of, object_or_empty, text_or_none
from model_lineup.upstream.sse import MAX_LINE, EventTooLargeError

_TIMINGS = ("total_duration", "load_duration", "prompt_eval_duration", "eval_duration")
"""Nanoseconds, as Ollama gives them."""


class LineParser:
    """One event per line; what the stream's end leaves without a line end is no event."""

    def __init__(self) -> None:
        self._partial = bytearray()

    def feed(self, piece: bytes) -> list[tuple[str, bytes]]:
        """Raises EventTooLargeError."""
        *lines, rest = piece.split(b"\n")
        if lines:
            lines[0] = bytes(self._partial) + lines[0]
            self._partial.clear()
        self._partial += rest
        if max(map(len, (*lines, self._partial))) > MAX_LINE:
            raise EventTooLargeError("a line of the stream is too long")
        return [("message", line) for line in lines if line.strip()]


class OllamaDialect:
    name = "ollama"
    marks_end = True
    parser = LineParser

    def call(self, target: Target, ask: Ask, quirks: Quirks) -> Call:
        if target.task == "embedding":
            inputs = [message.content for message in ask.messages]
            return Call("/api/embed", msgspec.json.encode({"model": target.model_id, "input": inputs}))
        body: dict[str, Any] = {"model": target.model_id, "messages": ask.messages, "stream": ask.stream}
        options = {"num_predict": ask.max_tokens, "temperature": ask.temperature, "seed": ask.seed}
        if given := {name: value for name, value in options.items() if value is not None}:
            body["options"] = given
        return Call("/api/chat", msgspec.json.encode(body))

    def answer(self, target: Target, body: bytes) -> Answer:
        value = _read(body)
        if target.task == "embedding":
            vectors = list_or_empty(value.get("embeddings"))
            usage, model = _usage(value), text_or_none(value.get("model"))
            return Answer(empty=not vectors or not all(vectors), usage=usage, model=model)
        event = _event(value)
        if not event.done or not isinstance(value.get("message"), dict):
            raise MalformedError("the answer is not a finished message")
        return Answer(event.text, not event.content, event.finish_reason, event.usage, event.model, event.timings)

    def event(self, name: str, data: bytes) -> Event:
        return _event(_read(data))

    def learn(self, status: int, message: str, quirks: Quirks) -> bool:
        return False


def _read(body: bytes) -> dict[str, Any]:
    """Raises MalformedError when it is no JSON object, ProviderError when it reports an error."""
    value = object_of(body)
    failures.refuse_error(value)
    return value


def _event(value: dict[str, Any]) -> Event:
    """A line, or a plain answer, which is one line that says all."""
    message = object_or_empty(value.get("message"))
    done = value.get("done") is True
    text = text_or_none(message.get("content")) or ""
    return Event(
        content=bool(text or message.get("thinking") or message.get("tool_calls")),
        text=text,
        finish_reason=text_or_none(value.get("done_reason")) if done else None,
        usage=_usage(value) if done else None,
        model=text_or_none(value.get("model")),
        done=done,
        timings=_timings(value) if done else None,
    )


def _usage(value: dict[str, Any]) -> Usage | None:
    """Ollama leaves out a count that is 0; nothing at all is unknown."""
    prompt, completion = count_or_none(value.get("prompt_eval_count")), count_or_none(value.get("eval_count"))
    return None if prompt is None and completion is None else Usage(prompt, completion)


def _timings(value: dict[str, Any]) -> dict[str, Any] | None:
    told = {name: count_or_none(value.get(name)) for name in _TIMINGS}
    return {name: nanoseconds for name, nanoseconds in told.items() if nanoseconds is not None} or None
