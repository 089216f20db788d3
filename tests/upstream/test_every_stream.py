"""What must hold for the streams of every kind: nothing cut looks whole, and pieces do not matter."""

import random

import pytest

from model_lineup.upstream.registry import kind_named
from tests.fakes.counts import HARD, count
from tests.fakes.kind_server import KEY, KindServer, essence
from tests.fakes.kind_wire import TEXT, golden
from tests.fakes.provider import CUT, LAST_CHUNK, RESET, Framing, Step, chunked, head, stream


def test_a_stream(kind_server: KindServer) -> None:
    wire = kind_server.wire
    exchange = kind_server.streamed(*golden(wire))
    assert essence(exchange) == ("".join(TEXT), wire.finish_reason, wire.usage, wire.answered, len(TEXT), None)


def test_a_stream_without_usage(kind_server: KindServer) -> None:
    exchange = kind_server.streamed(*golden(kind_server.wire, usage=False))
    assert exchange.succeeded
    assert exchange.usage is None


def test_reasoning_is_content_but_no_text(kind_server: KindServer) -> None:
    exchange = kind_server.streamed(
        *kind_server.wire.opening(), kind_server.wire.thought("hm"), *kind_server.wire.closing()
    )
    assert (len(exchange.content_at), exchange.text, exchange.failure) == (1, "", None)


def test_what_comes_before_the_first_content_is_no_content(kind_server: KindServer) -> None:
    wire = kind_server.wire
    pieces: list[Step] = [*wire.opening(), 0.05, *golden(wire)]
    [exchange] = kind_server.exchanges(stream(pieces, content_type=wire.stream_type))
    assert exchange.head_at is not None
    assert exchange.content_at[0] - exchange.head_at >= 0.04


def test_a_stream_that_only_opens_and_closes_is_empty(kind_server: KindServer) -> None:
    exchange = kind_server.streamed(*kind_server.wire.opening(), *kind_server.wire.closing())
    assert exchange.failure is not None
    assert exchange.failure.stage == "empty"


@pytest.mark.parametrize("framing", ["cut", "orderly"])
def test_a_stream_that_ends_at_any_byte_is_whole_or_a_failure(kind_server: KindServer, framing: str) -> None:
    """`orderly`: as a proxy ends it, that lost its own connection and closes ours as if all were well."""
    wire = kind_server.wire
    start, body = head(200, wire.stream_type, "transfer-encoding: chunked"), b"".join(golden(wire))
    end: Step = CUT if framing == "cut" else LAST_CHUNK
    found = kind_server.exchanges(*([start + chunked(body[:cut]), end] for cut in range(len(body))))
    whole = [cut for cut, one in enumerate(found) if one.succeeded]
    assert {(found[cut].text, found[cut].finish_reason) for cut in whole} <= {("".join(TEXT), wire.finish_reason)}
    if framing == "cut" or kind_named(kind_server.kind).dialect.marks_end:
        assert all(cut >= len(body) - len(wire.closing()[-1]) for cut in whole)


@pytest.mark.hard
@pytest.mark.parametrize("framing", ["chunked", "close"])
@pytest.mark.parametrize("end", [CUT, RESET])
def test_a_long_stream_that_breaks_off_anywhere_never_looks_finished(
    kind_server: KindServer, framing: Framing, end: Step
) -> None:
    """Whatever the last byte was: not even all content and a finish reason make a broken stream a whole one."""
    wire = kind_server.wire
    events = [*wire.opening(), *(wire.piece(f"piece {number} – ") for number in range(20)), *wire.closing()]
    assert len(events) >= 20
    body = b"".join(events)
    cuts = range(len(body)) if HARD else random.Random(11).sample(range(len(body)), 24)
    extra = "transfer-encoding: chunked" if framing == "chunked" else "connection: close"
    start = head(200, wire.stream_type, extra)
    framed = [chunked(body[:cut]) if framing == "chunked" else body[:cut] for cut in cuts]
    found = kind_server.exchanges(*([start + sent, end] for sent in framed))
    assert [cut for cut, one in zip(cuts, found, strict=True) if one.succeeded] == []
    assert {one.failure.stage for one in found if one.failure} == {"protocol"}


@pytest.mark.hard
def test_a_stream_is_the_same_however_it_is_cut_into_pieces(kind_server: KindServer) -> None:
    wire, dice = kind_server.wire, random.Random(7)
    body = b"".join(golden(wire))
    cuts = [sorted(dice.sample(range(1, len(body)), dice.randrange(1, 40))) for _ in range(count(20, 1_000))]
    ways = [[body[a:b] for a, b in zip([0, *at], [*at, len(body)], strict=True)] for at in cuts]
    ways += [[body], [body[at : at + 1] for at in range(len(body))]]
    found = kind_server.exchanges(*(stream(pieces, content_type=wire.stream_type) for pieces in ways))
    assert {essence(one) for one in found} == {essence(kind_server.streamed(*golden(wire)))}


@pytest.mark.parametrize("after", [0, 1, 2])
def test_an_error_in_a_stream_is_a_failure(kind_server: KindServer, after: int) -> None:
    pieces = [kind_server.wire.piece(text) for text in TEXT[:after]]
    exchange = kind_server.streamed(*kind_server.wire.opening(), *pieces, kind_server.wire.error(f"it broke {KEY}"))
    assert exchange.failure is not None
    assert "it broke" in exchange.failure.message
    assert len(exchange.content_at) == after


def test_a_bad_piece_of_a_stream_is_a_failure(kind_server: KindServer) -> None:
    bad = kind_server.wire.piece("x").replace(b'"', b"'")
    exchange = kind_server.streamed(kind_server.wire.piece("Hi"), bad, *kind_server.wire.closing())
    assert exchange.failure is not None
    assert exchange.failure.code == "malformed"
