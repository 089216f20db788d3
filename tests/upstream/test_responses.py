"""Reading along in OpenAI's Responses API, and in embeddings."""

import json
from typing import Any

import pytest

from model_lineup.upstream.contract import Endpoint, Event, MalformedError, ProviderError, Target, Usage
from model_lineup.upstream.dialects.openai import EmbeddingsReading
from model_lineup.upstream.dialects.responses import ResponsesDialect

TARGET = Target(Endpoint("openai", "http://127.0.0.1/v1"), "m")
USED = {"input_tokens": 7, "output_tokens": 3, "input_tokens_details": {"cached_tokens": 2}, "total_tokens": 10}


def event(kind: str, **more: Any) -> Event:
    return ResponsesDialect().event(kind, json.dumps({"type": kind, **more}).encode())


def test_the_three_ends_are_ends_and_tell_what_was_used() -> None:
    for kind, reason in (("completed", "stop"), ("incomplete", "length"), ("failed", "failed")):
        read = event(f"response.{kind}", response={"model": "m", "usage": USED, "output": [{"x": 1}]})
        assert (read.done, read.finish_reason, read.usage) == (True, reason, Usage(7, 3, 2))


@pytest.mark.parametrize("kind", ["output_text", "reasoning_summary_text", "function_call_arguments", "refusal"])
def test_a_delta_with_something_in_it_is_content(kind: str) -> None:
    assert event(f"response.{kind}.delta", delta="x").content
    assert not event(f"response.{kind}.delta", delta="").content


def test_other_events_and_a_mark_of_another_format_say_nothing() -> None:
    assert event("response.created", response={"model": "m", "usage": None}) == Event()
    assert event("response.brand_new_thing") == Event()
    assert ResponsesDialect().event("message", b"[DONE]") == Event()


@pytest.mark.parametrize(
    "data",
    [
        {"type": "error", "code": "server_error", "message": "no"},
        {"error": {"message": "no", "code": 500}},
    ],
)
def test_an_error_is_one(data: dict[str, Any]) -> None:
    with pytest.raises(ProviderError, match="no"):
        ResponsesDialect().event("message", json.dumps(data).encode())


def test_what_is_no_event_is_malformed() -> None:
    for data in (b"", b"[]", b"5", b'{"type":', b"\xff"):
        with pytest.raises(MalformedError):
            ResponsesDialect().event("message", data)


def test_a_plain_answer_tells_what_was_used_also_where_it_failed() -> None:
    for status in ("completed", "failed"):
        body = {"model": "m", "status": status, "error": {"message": "x"} if status == "failed" else None}
        read = ResponsesDialect().answer(TARGET, json.dumps({**body, "usage": USED}).encode())
        assert read.usage == Usage(7, 3, 2)
    with pytest.raises(ProviderError, match="gone"):
        ResponsesDialect().answer(TARGET, b'{"error": {"message": "gone"}}')
    with pytest.raises(MalformedError):
        ResponsesDialect().answer(TARGET, b"<html>")


def test_embeddings_tell_what_was_used_and_their_numbers_are_not_looked_at() -> None:
    body = {"data": [{"embedding": "not looked at"}], "model": "m", "usage": {"prompt_tokens": 5, "total_tokens": 5}}
    assert EmbeddingsReading().answer(TARGET, json.dumps(body).encode()).usage == Usage(5, None, None)
    with pytest.raises(ProviderError, match="gone"):
        EmbeddingsReading().answer(TARGET, b'{"error": {"message": "gone"}}')
    with pytest.raises(MalformedError):
        EmbeddingsReading().answer(TARGET, b"[")
