"""A chunk that is like the one before is passed on unread, and nobody can tell."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from model_lineup.gateway import relay
from model_lineup.gateway.likeness import Likeness, likeness
from model_lineup.gateway.meter import Meter
from model_lineup.gateway.wording import DIALECTS
from model_lineup.upstream.contract import MalformedError, ProviderError
from tests.fakes.counts import count

READING = DIALECTS["chat"]
assert READING is not None


def chunk(delta: dict[str, Any], **more: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": more.pop("finish_reason", None)}
    body = {"id": "c", "model": more.pop("model", "up/stream"), "choices": [choice], **more}
    return b"data: " + json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


def text(said: str) -> bytes:
    return chunk({"content": said})


def late(said: str, model: str = "up/stream") -> bytes:
    """As llama.cpp writes it: the model stands behind the text."""
    choice = {"finish_reason": None, "index": 0, "delta": {"content": said}}
    body = json.dumps({"choices": [choice], "id": "c", "model": model}, separators=(",", ":"))
    return f"data: {body}\n\n".encode()


ODD = [
    *(late("x", model) for model in ("up/stream", "up/other")),
    *(text(said) for said in ("Hi", " there", 'say "model":"up/stream"', "\n", "☃", "\u2028", "", "[DONE]", "\\u00e9")),
    *(chunk({"content": "x"}, model=model) for model in ("up/other", 'a"b')),
    *(chunk({"content": "x"}, created=created) for created in (1, 2)),
    chunk({"role": "assistant", "content": ""}),
    chunk({"reasoning_content": "so"}),
    chunk({"content": "x", "x": {"content": "y"}}),
    chunk({}, finish_reason="stop"),
    chunk({"content": "x"}, usage={"prompt_tokens": 1, "completion_tokens": 2}),
    chunk({"content": "x"}, error={"message": "no"}),
    text("Hi").replace(b"\n", b"\r\n"),
    text("Hi").replace(b"data: ", b"data:"),
    text("Hi").replace(b'"Hi"', b'"H\x01i"'),
    text("Hi").replace(b'"Hi"', b'"\xff"'),
    text("Hi").replace(b'"Hi"', b'"\\q"'),
    text("Hi").replace(b'"Hi"', b'"Hi","content":"Ho"'),
    text("Hi")[:-1],
    text("Hi")[:-2] + b"\ndata: {}\n\n",
    *(b": still here\n\n", b"event: error\n", b"\n", b"data: \n\n", b"data: [DONE]\n\n", b"data: \xef\xbb\xbf{}\n\n"),
    b'data: {"choices":[],"usage":{"prompt_tokens":9}}\n\n',
]


def passed(pieces: list[bytes], *, compares: bool, name: str = "house/☃") -> tuple[Any, ...]:
    """What came out, and what the meter knows; and how it failed."""
    way, meter, out, failure = relay._Passing("chat", name, drop_usage=True), Meter(READING), [], None
    if not compares:
        way._compares = 0
    try:
        for at, piece in enumerate(pieces):
            out.append(way.feed(piece, float(at), meter))
            if meter.marked:
                break
        out.append(way.end())
    except (MalformedError, ProviderError) as error:
        failure = type(error)
    known = meter.contents, meter.first_content_at, meter.usage, meter.marked, meter.finished(orderly=False)
    return b"".join(out), known, failure


@pytest.mark.hard
@settings(max_examples=count(40, 3_000), deadline=None)
@given(
    st.lists(st.sampled_from([text("Hi"), text(" there"), late("Hi"), late(" there"), *ODD]), max_size=12),
    st.lists(st.integers(0, 3000), max_size=6),
    st.sampled_from(["house/☃", "up/stream"]),
)
@example([late("Hi"), late(" there"), late("Hi")], [], "house/☃")
@example([text("Hi"), b"event: error\n", text("Hi"), text("Hi")], [], "house/☃")
@example([text("Hi"), text("Hi")[:-1], text("Hi")], [], "house/☃")
def test_nobody_can_tell_which_chunks_were_read(chunks: list[bytes], cuts: list[int], name: str) -> None:
    stream = b"".join(chunks)
    ends = list(itertools.accumulate(map(len, chunks)))
    edges = sorted({0, len(stream), *ends, *(cut % (len(stream) + 1) for cut in cuts)})
    for kept in (edges, [0, *edges[2::2], len(stream)]):
        pieces = [stream[start:end] for start, end in itertools.pairwise(kept)]
        assert passed(pieces, compares=True, name=name) == passed(pieces, compares=False, name=name)


KEYS = st.sampled_from(["content", "text", "model", "error", "usage", "choices", "delta", "finish_reason", "reasoning"])
LEAVES = st.sampled_from(
    [None, "x", "stop", "", "up/stream", '"content":"x"', 1, {"prompt_tokens": 3}, {"message": "no"}]
)
NESTED = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3))
SAID = [
    *("Hi", " there", "\\\\", '\\"', "\\n", "\\u0022", "é", "x" * 3_000, "Hi\n\ndata: [DONE]", "data: [DONE]", "\\"),
    *('","error":{"message":"no"},"x":"', '"},"finish_reason":"stop","x":{"y":"', '","content":"', '"}}]}'),
]
"""Put between the quotes as they are."""


@pytest.mark.hard
@settings(max_examples=count(40, 3_000), deadline=None)
@given(NESTED, NESTED, st.lists(st.sampled_from(SAID), min_size=2, max_size=6), st.booleans())
@example(None, None, ["Hi", '","error":{"message":"no"},"x":"', "Hi"], True)
@example({"content": "x"}, None, ["Hi", " there", '"}}]}'], False)
def test_nor_where_the_text_stands_among_anything_else(inner: Any, outer: Any, said: list[str], together: bool) -> None:
    """A chunk made at random, sent again with another text in it, which may end its string and go on."""
    delta = {"content": "@TEXT@", **(inner if isinstance(inner, dict) and "content" not in inner else {"more": inner})}
    body = {"model": "up/stream", "choices": [{"index": 0, "delta": delta, "finish_reason": None}], "more": outer}
    frame = json.dumps(body, separators=(",", ":"))
    chunks = [f"data: {frame.replace('@TEXT@', one)}\n\n".encode() for one in said]
    pieces = [chunks[0], b"".join(chunks[1:])] if together else chunks
    assert passed(pieces, compares=True) == passed(pieces, compares=False)


def alike() -> Likeness:
    found = likeness(text("Hi"), text("Hi").replace(b"up/stream", b"house"), READING)
    assert found is not None
    return found


@pytest.mark.parametrize("said", ["there", " x ", "né ☃", 'a \\ and a "quote"', "line\nline"])
def test_chunks_of_text_are_alike_one_or_several_at_a_time(said: str) -> None:
    one = text(said).replace(b"up/stream", b"house")
    assert alike().of(text(said)) == (one, 1)
    assert alike().of(text(said) * 3) == (one * 3, 3)


def test_a_model_that_stands_behind_the_text_is_named_too() -> None:
    found = likeness(late("Hi"), late("Hi", "house"), READING)
    assert found is not None
    assert found.of(late("Ho")) == (late("Ho", "house"), 1)
    assert found.of(late("Ho") * 2) == (late("Ho", "house") * 2, 2)


@pytest.mark.parametrize("number", range(len(ODD)))
def test_what_has_something_else_in_it_is_read(number: int) -> None:
    odd = ODD[number]
    found = alike().of(odd)
    assert (found is not None) == (
        odd in {text(said) for said in ("Hi", " there", 'say "model":"up/stream"', "\n", "☃", "[DONE]", "\\u00e9")}
    )
    assert found is not None or alike().of(text("Hi") + odd) is None


@pytest.mark.parametrize(
    "odd", [chunk({}, finish_reason="stop"), chunk({"content": "x"}, usage={"prompt_tokens": 1}), b"data: [DONE]\n\n"]
)
def test_nothing_is_learnt_from_what_says_more_than_text(odd: bytes) -> None:
    assert likeness(odd, odd, READING) is None


def test_where_no_two_chunks_are_alike_it_is_soon_given_up() -> None:
    way, meter = relay._Passing("chat", "up/stream", drop_usage=False), Meter(READING)
    for number in range(20):
        way.feed(chunk({"content": "x"}, obfuscation=str(number)), 0.0, meter)
    assert way._compares == 0
    assert meter.contents == 20
