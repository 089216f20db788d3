"""OpenAI's Responses API, as far as an answer that passes is read along: what was used, and whether it is complete.

Nothing is worded in it: callers' own bytes pass. A stream ends with `response.completed`, `response.incomplete` or
`response.failed`; there is no other mark.
Source: https://platform.openai.com/docs/api-reference/responses-streaming
"""

from typing import Any

import msgspec
from msgspec import Struct

from model_lineup.upstream import failures
from model_lineup.upstream.contract import Answer, Event, MalformedError, ProviderError, Target, Usage
from model_lineup.upstream.parsing import NOT_JSON, count_or_none, json_of, text_or_none
from model_lineup.upstream.sse import EventParser


class _Response(Struct):
    usage: Any = None
    model: Any = None
    status: Any = None
    error: Any = None


class _Told(Struct):
    """An event, or an answer that reports nothing but an error."""

    type: Any = None
    delta: Any = None
    response: _Response | None = None
    error: Any = None
    code: Any = None
    message: Any = None


_decode_answer = msgspec.json.Decoder(_Response).decode
_decode_event = msgspec.json.Decoder(_Told).decode
_ENDS = {"response.completed": "stop", "response.incomplete": "length", "response.failed": "failed"}


class ResponsesDialect:
    """Reads; asks nothing."""

    name = "responses"
    marks_end = True
    parser = EventParser

    def answer(self, target: Target, body: bytes) -> Answer:
        """Raises MalformedError, ProviderError."""
        try:
            read = _decode_answer(body)
        except NOT_JSON:
            raise MalformedError("the answer is not valid JSON of this format") from None
        if read.error and read.status is None:
            raise failures.find_error(json_of(body)) or ProviderError("")
        return Answer(usage=_usage(read.usage), model=text_or_none(read.model))

    def event(self, name: str, data: bytes) -> Event:
        """Raises MalformedError, ProviderError. `response.failed` is an end that the caller is told as it is."""
        if data.strip() == b"[DONE]":  # some imitators send it all the same
            return Event()
        try:
            told = _decode_event(data)
        except NOT_JSON:
            raise MalformedError("an event is not valid JSON of this format") from None
        kind = told.type if isinstance(told.type, str) else ""
        if kind.endswith(".delta"):
            return Event(content=bool(told.delta))
        if kind in _ENDS:
            response = told.response or _Response()
            model = text_or_none(response.model)
            return Event(finish_reason=_ENDS[kind], usage=_usage(response.usage), model=model, done=True)
        if kind == "error" or name == "error" or (not kind and told.error):
            raise failures.find_error(json_of(data)) or ProviderError(told.message if told.message else "")
        return Event()


def _usage(value: Any) -> Usage | None:
    if not isinstance(value, dict):
        return None
    details = value.get("input_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    return Usage(
        count_or_none(value.get("input_tokens")), count_or_none(value.get("output_tokens")), count_or_none(cached)
    )
