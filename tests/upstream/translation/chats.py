"""What the tests of translations share: asking for one, and reading the streams that come out."""

from typing import Any

import msgspec
import pytest

from model_lineup.upstream.translation import Translation, UntranslatableError, between
from model_lineup.upstream.translation.shapes import events_of

CREATED = 1_795_000_000
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a town.",
        "parameters": {"type": "object", "properties": {"town": {"type": "string"}}, "required": ["town"]},
    },
}
PIXEL = "iVBORw0KGgo="


def request(caller: str, provider: str, body: dict[str, Any], max_tokens: int | None = None) -> dict[str, Any]:
    return translation(caller, provider).request(body, max_tokens=max_tokens).body


def left_out(caller: str, provider: str, body: dict[str, Any]) -> tuple[str, ...]:
    return translation(caller, provider).request(body, max_tokens=None).left_out


def refusal(caller: str, provider: str, body: dict[str, Any]) -> str:
    """The field that was refused."""
    with pytest.raises(UntranslatableError) as refused:
        request(caller, provider, body)
    assert refused.value.message
    return refused.value.field


def answer(caller: str, provider: str, value: Any) -> dict[str, Any]:
    out = translation(caller, provider).answer(msgspec.json.encode(value), name="house/best", created=CREATED)
    decoded = msgspec.json.decode(out)
    assert isinstance(decoded, dict)
    return decoded


def stream(caller: str, provider: str, events: list[Any], *, usage: bool = True) -> list[dict[str, Any]]:
    """The caller's events of a whole stream, without the closing mark, which must be there once and last."""
    out = stream_bytes(caller, provider, events, usage=usage)
    told = events_of(out)
    if caller == "openai":
        assert [data for _, data in told].count(b"[DONE]") == 1
        assert told[-1][1] == b"[DONE]"
        told = told[:-1]
    return [msgspec.json.decode(data) for _, data in told]


def stream_bytes(caller: str, provider: str, events: list[Any], *, usage: bool = True) -> bytes:
    translator = translation(caller, provider).stream(name="house/best", created=CREATED, usage=usage)
    out = b""
    for event in events:
        name = event.get("type", "message") if isinstance(event, dict) else "message"
        out += translator.feed(name, event if isinstance(event, bytes) else msgspec.json.encode(event))
    assert translator.finished
    return out + translator.end()


def translation(caller: str, provider: str) -> Translation:
    found = between(caller, provider)
    assert found is not None
    return found
