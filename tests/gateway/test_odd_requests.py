"""Requests that are JSON and make no sense: whatever stands where, in whichever format it is to be put, a caller gets
an answer or is told which field is wrong. Never a 500, and never a request that takes for ever.
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model_lineup.gateway.face import SURFACES
from model_lineup.shell import Shell
from tests.fakes.counts import count
from tests.fakes.provider import FakeProvider, reply
from tests.fakes.v1 import CHAT, MESSAGES, V1, Line
from tests.upstream.test_every_oddity import oddities

SORTS = ("openai", "anthropic", "google")
NUMBERS = (b"1e999", b"-1e999", b"9" * 5_000, b"1." + b"0" * 5_000, b"1e-9999", b"18446744073709551616", b"-0", b"0.5")
IMAGE = "iVBORw0KGgo="
CHAT_REQUEST: dict[str, Any] = {
    "messages": [
        {"role": "system", "content": "be kind"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "hi"},
                {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{IMAGE}"}},
            ],
        },
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "4"},
    ],
    "tools": [{"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}],
    "tool_choice": {"type": "function", "function": {"name": "f"}},
    "max_tokens": 5,
    "temperature": 0.5,
    "stop": ["x"],
    "stream": False,
}
MESSAGES_REQUEST: dict[str, Any] = {
    "max_tokens": 5,
    "system": [{"type": "text", "text": "be kind", "cache_control": {"type": "ephemeral"}}],
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "hi"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": IMAGE}},
            ],
        },
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}}]},
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "4"}]}],
        },
    ],
    "tools": [{"name": "f", "description": "d", "input_schema": {"type": "object"}}],
    "tool_choice": {"type": "tool", "name": "f"},
    "temperature": 0.5,
    "stop_sequences": ["x"],
    "stream": False,
}
TRANSLATED = ((CHAT, CHAT_REQUEST, "anthropic"), (CHAT, CHAT_REQUEST, "google"), (MESSAGES, MESSAGES_REQUEST, "openai"))
EVERY = count(23, 1)
ANSWER = {
    "openai": {"model": "m", "choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]},
    "anthropic": {"content": [{"type": "text", "text": "Hi"}], "stop_reason": "end_turn"},
    "google": {"candidates": [{"content": {"parts": [{"text": "Hi"}]}, "finishReason": "STOP"}]},
}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
_KEYS = st.sampled_from(sorted({*CHAT_REQUEST, *MESSAGES_REQUEST, "model", "Model", "stream_options", "api_base", "n"}))
_REQUESTS = st.builds(
    lambda base, more, sort: {**base, "model": sort, **more},
    st.sampled_from([CHAT_REQUEST, MESSAGES_REQUEST]),
    st.dictionaries(_KEYS, _JSON, max_size=3),
    st.sampled_from([*SORTS, "nobody"]),
)


def _cut(request: Any, at: int, put: bytes, skip: int) -> bytes:
    """The request with some of its bytes replaced by others."""
    body = json.dumps(request, ensure_ascii=False).encode("utf-8", "surrogatepass")
    at %= len(body) + 1
    return body[:at] + put + body[at + skip :]


_PIECES = st.sampled_from(
    [b"", b'"', b"{", b"}", b"[", b",", b":", b"\\", b"\\u", b"\x00", b"\xff", b"null,", b"1e999"]
)
BODIES = st.binary(max_size=200) | st.builds(_cut, _REQUESTS, st.integers(0, 2_000), _PIECES, st.integers(0, 3))


@pytest.fixture
def there(v1: V1, provider: FakeProvider) -> FakeProvider:
    """A model at a provider of each sort, named like the sort; all of them answer everything."""
    for sort in SORTS:
        base_url = f"http://127.0.0.1:{provider.port}" + ("/v1" if sort == "openai" else "")
        row = v1.provider(sort, base_url, type=sort, api_key="sk-upstream-1")
        v1.desk.model(row, sort, visible=True)

    def answer(got: Any) -> Any:
        sort = "google" if "generate" in got.path.lower() else "anthropic" if "messages" in got.path else "openai"
        return reply(ANSWER[sort])

    provider.next_answer = answer  # type: ignore[method-assign]
    return provider


@pytest.mark.hard
@pytest.mark.timeout(900)
def test_no_odd_value_in_a_request_makes_a_translation_fall_over(
    v1: V1, there: FakeProvider, did: Callable[[str], None]
) -> None:
    """Every node of a rich request is replaced by null, numbers out of range, text, lists and objects in turn."""

    async def statuses(shell: Shell) -> dict[str, int]:
        found: dict[str, int] = {}
        for path, request, sort in TRANSLATED:
            assert (await v1.on(Line(shell), path, {**request, "model": sort})).status == 200
            for number, odd in enumerate(oddities(request)):
                if number % EVERY == 0 and isinstance(odd, dict):
                    got = await v1.on(Line(shell), path, {**odd, "model": sort})
                    said = f"{got.status} {got.code}"
                    found[said] = found.get(said, 0) + 1
                    assert got.status in (200, 400, 502), (path, sort, odd, got)
        return found

    found = v1.run(statuses)
    assert set(found) <= {
        *("200 None", "400 untranslatable_field", "400 invalid_field", "502 upstream_not_streamed"),
        "400 invalid_model",
    }
    did(f"{sum(found.values())} odd requests to be translated: {found}")


def test_a_number_that_nobody_can_hold_is_named(v1: V1, there: FakeProvider) -> None:
    """Where bytes pass it is the provider's to judge; where they are read, the caller is told which field it is."""

    async def answers(shell: Shell) -> None:
        for number in NUMBERS:
            raw = b'{"model":"%s","max_tokens":5,"messages":[{"role":"user","content":"x"}],"temperature":%s}'
            assert (await v1.on(Line(shell), CHAT, raw=raw % (b"openai", number))).status == 200
            assert number in there.requests[-1].body
            got = await v1.on(Line(shell), CHAT, raw=raw % (b"anthropic", number))
            if got.status != 200:
                assert got.code in ("invalid_field", "untranslatable_field")
                assert got.json["error"]["param"] == "temperature"
            else:
                assert 0 <= float(there.requests[-1].json["temperature"]) < 2**65

    v1.run(answers)


@pytest.mark.hard
@pytest.mark.timeout(900)
def test_no_bytes_at_all_make_a_surface_fall_over(v1: V1, there: FakeProvider, did: Callable[[str], None]) -> None:
    """Bytes that hypothesis thinks of, requests that it cuts and crosses, keys that it doubles; on every surface."""
    tries = count(8, 4_000)
    with ExitStack() as stack:
        runner = stack.enter_context(asyncio.Runner())
        shell = v1.shell()

        @settings(max_examples=tries, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.sampled_from(sorted(SURFACES)), BODIES)
        def throw(path: str, body: bytes) -> None:
            got = runner.run(v1.on(Line(shell), path, raw=body, method="POST"))
            assert got.status in (200, 400, 404, 502), (path, body, got)
            assert got.code != "internal_error"

        throw()
        runner.run(v1.rooms.upstream.close())
    did(f"{tries} bodies that hypothesis made up: none a 500")
