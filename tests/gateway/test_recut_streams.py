"""However the network cuts a provider's stream into pieces, a caller gets the same bytes: on every surface, from every
format, passed or translated, with each sort of line end.

The streams hold what has broken others: calls of tools whose arguments come in pieces, interleaved and without an
index, code points of several bytes, U+2028 and U+0085 inside of texts, comments, empty pieces, names of models in them.
"""

import itertools
import json
import random
import re
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, NamedTuple

import pytest

from model_lineup.shell import Shell
from model_lineup.upstream.wire import Client
from model_lineup.upstream.wire.shapes import Piece
from tests.fakes.anthropic_wire import event
from tests.fakes.counts import HARD, SEED, count
from tests.fakes.google_wire import chunk as gemini
from tests.fakes.kind_wire import data
from tests.fakes.v1 import CHAT, HELLO, MESSAGES, V1, Line

UP = "up/stream"
ODD = 'é ☃ \u2028\u0085 😀 "model":"no" \\n '
CREATED = re.compile(rb'"created":\d+')


def openai(**delta: Any) -> bytes:
    finish = delta.pop("finish", None)
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return data({"id": "c1", "object": "chat.completion.chunk", "created": 7, "model": UP, "choices": [choice]})


def call(index: int | None, call_id: str | None = None, name: str | None = None, arguments: str = "") -> dict[str, Any]:
    """A piece of a call of a tool."""
    function = {**({"name": name} if name else {}), "arguments": arguments}
    place = {} if index is None else {"index": index}
    return {**place, **({"id": call_id, "type": "function"} if call_id else {}), "function": function}


OPENAI_USAGE = data({"id": "c1", "model": UP, "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 9}})
OPENAI = [
    b": a comment\n\n",
    openai(role="assistant", content=""),
    *(openai(content=piece) for piece in (ODD, "", "b", "😀")),
    openai(tool_calls=[call(0, "t0", "weather", "")]),
    openai(tool_calls=[call(0, arguments='{"ci')]),
    openai(tool_calls=[call(1, "t1", "weather", '{"city":')]),
    openai(tool_calls=[call(0, arguments='ty":"Zür')]),
    openai(tool_calls=[call(1, arguments='"Köln"}')]),
    openai(tool_calls=[call(0, arguments='ich"}')]),
    openai(finish="tool_calls"),
    OPENAI_USAGE,
    data("[DONE]"),
]
WITHOUT_INDEX = [
    openai(role="assistant", content=None),
    openai(tool_calls=[call(None, "t0", "weather", "")]),
    openai(tool_calls=[call(None, arguments='{"a":'), call(None, arguments="1}")]),
    openai(finish="tool_calls"),
    data("[DONE]"),
]
ONE_AFTER_ANOTHER = [
    openai(role="assistant", content=ODD),
    openai(tool_calls=[call(0, "t0", "weather", '{"ci')]),
    openai(tool_calls=[call(0, arguments='ty":"Zürich"}')]),
    openai(tool_calls=[call(1, "t1", "weather", '{"city":"Köln"}')]),
    openai(finish="tool_calls"),
    OPENAI_USAGE,
    data("[DONE]"),
]


def _json_piece(index: int, text: str) -> bytes:
    return event("content_block_delta", index=index, delta={"type": "input_json_delta", "partial_json": text})


MESSAGE = {"id": "m1", "type": "message", "role": "assistant", "model": UP, "content": [], "usage": {"input_tokens": 3}}
ANTHROPIC = [
    event("message_start", message=MESSAGE),
    event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
    event("ping"),
    *(event("content_block_delta", index=0, delta={"type": "text_delta", "text": text}) for text in (ODD, "b", "😀")),
    event("content_block_stop", index=0),
    event(
        "content_block_start", index=1, content_block={"type": "tool_use", "id": "t0", "name": "weather", "input": {}}
    ),
    _json_piece(1, ""),
    _json_piece(1, '{"city":"Zür'),
    _json_piece(1, 'ich"}'),
    event("content_block_stop", index=1),
    event("message_delta", delta={"stop_reason": "tool_use", "stop_sequence": None}, usage={"output_tokens": 9}),
    event("message_stop"),
]
GEMINI = [
    data(gemini({"text": ODD}, responseId="r1")),
    data(gemini({"text": "hm", "thought": True})),
    data(gemini({"functionCall": {"name": "weather", "args": {"city": "Zürich"}}})),
    data(gemini({"text": "😀"}, finish="STOP", usageMetadata={"promptTokenCount": 3, "candidatesTokenCount": 9})),
]
RESPONSES = [
    data({"type": "response.created", "response": {"id": "r", "model": UP}}, "response.created"),
    data({"type": "response.output_text.delta", "delta": ODD}, "response.output_text.delta"),
    data({"type": "response.completed", "response": {"id": "r", "model": UP, "output": []}}, "response.completed"),
]


class Case(NamedTuple):
    """A surface, the sort of provider behind it, and what that says."""

    label: str
    path: str
    sort: str
    events: list[bytes]
    passes: bool
    fields: dict[str, Any] = {}  # noqa: RUF012


USAGE = {"stream_options": {"include_usage": True}}
CASES = [
    Case("chat passed", CHAT, "openai", OPENAI, True, USAGE),
    Case("chat passed, the usage taken out", CHAT, "openai", OPENAI, False),
    Case("chat passed, calls without index", CHAT, "openai", WITHOUT_INDEX, True, USAGE),
    Case("chat at Azure", CHAT, "azure", OPENAI, True, USAGE),
    Case("chat at Anthropic", CHAT, "anthropic", ANTHROPIC, False, USAGE),
    Case("chat at Google", CHAT, "google", GEMINI, False, USAGE),
    Case("messages passed", MESSAGES, "anthropic", ANTHROPIC, True),
    Case("messages at OpenAI", MESSAGES, "openai", ONE_AFTER_ANOTHER, False),
    Case("messages at Google", MESSAGES, "google", GEMINI, False),
    Case("responses passed", "/v1/responses", "openai", RESPONSES, True),
]
AFTER = [b": a comment after the end\n\n", data(openai(content="somebody else's").decode()[6:-2]), data("[DONE]")]
"""What a provider that mixes up its answers may say behind a closing mark."""
LINE_ENDS = {"LF": b"\n", "CRLF": b"\r\n", "CR": b"\r"}


class Said:
    """An answer that comes in just these pieces; what the gateway reads of a response."""

    status = 200
    ended_by_close = False
    reused = False
    sent_at = head_at = 0.0
    headers = (("content-type", "text/event-stream"),)

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = iter(pieces)

    def header(self, name: str) -> str | None:
        return dict(self.headers).get(name)

    def pieces(self) -> "AsyncIterator[Piece]":
        return self

    def __aiter__(self) -> "Said":
        return self

    async def __anext__(self) -> Piece:
        for piece in self._pieces:
            return Piece(piece, 0.0)
        raise StopAsyncIteration

    def close(self) -> None:
        pass


@pytest.mark.hard
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("end", LINE_ENDS)
def test_the_cuts_of_the_network_are_not_seen(
    v1: V1, monkeypatch: pytest.MonkeyPatch, end: str, did: Callable[[str], None]
) -> None:
    rng, next_pieces, cuttings = random.Random(SEED), list[bytes](), 0

    async def send(*_: object, **__: object) -> Said:
        return Said(next_pieces)

    monkeypatch.setattr(Client, "send_prepared", send)
    for sort in {case.sort for case in CASES}:
        row = v1.provider(sort, "http://127.0.0.1:9", type=sort, api_key="sk-upstream-1")
        v1.desk.model(row, UP, visible=True)

    async def all_of_them(shell: Shell) -> None:
        nonlocal cuttings
        for case in CASES:
            body = b"".join(case.events).replace(b"\n", LINE_ENDS[end])
            ask = {"model": f"{case.sort}/{UP}", "max_tokens": 9, "messages": HELLO, "stream": True, **case.fields}

            async def told(pieces: Sequence[bytes], path: str, ask: dict[str, Any]) -> bytes:
                next_pieces[:] = pieces
                got = await v1.on(Line(shell), path, ask)
                assert got.status == 200, got
                return CREATED.sub(b'"created":7', got.body)

            whole = await told([body], case.path, ask)
            check(case, whole, body)
            events = [*case.events, *AFTER]
            if case.sort == "google":  # its streams have no closing mark: what follows would be theirs
                events = case.events
            body = b"".join(events).replace(b"\n", LINE_ENDS[end])
            for pieces in cuttings_of(body, events, LINE_ENDS[end], rng):
                cuttings += 1
                assert await told(pieces, case.path, ask) == whole, (case.label, pieces)

    v1.run(all_of_them)
    did(f"{end}: {len(CASES)} streams in {cuttings} cuttings: the same bytes")


def check(case: Case, whole: bytes, body: bytes) -> None:
    """That the whole is what it should be, so that there is something to be equal to."""
    name = f'"model":"{case.sort}/{UP}"'.encode()
    if case.passes:
        assert whole == body.replace(b'"model": "up/stream"', name.replace(b":", b": ", 1))
    texts = [json.dumps(text, ensure_ascii=False)[1:-1].encode() for text in (ODD, "Zür", "weather")]
    missing = [text for text in texts if text in body.replace(b"\\u", b"") and text not in whole]
    assert missing == [], (case.label, whole)
    assert b"error" not in whole, (case.label, whole)
    assert name.replace(b" ", b"") in whole.replace(b": ", b":")


def cuttings_of(
    body: bytes, events: Sequence[bytes], end: bytes, rng: random.Random
) -> "itertools.chain[Sequence[bytes]]":
    """Byte by byte, event by event, everywhere in two (in full), and at random places, with empty pieces."""
    single = [body[at : at + 1] for at in range(len(body))]
    by_event = [one.replace(b"\n", end) for one in events]
    places = range(1, len(body)) if HARD else rng.sample(range(1, len(body)), 3)
    halves = ([body[:at], body[at:]] for at in places)

    def at_random() -> Sequence[bytes]:
        cuts = sorted(rng.choices(range(len(body) + 1), k=rng.randrange(1, 60)))
        return [body[a:b] for a, b in itertools.pairwise([0, *cuts, len(body)])]

    return itertools.chain([single, by_event], halves, (at_random() for _ in range(count(3, 400))))
