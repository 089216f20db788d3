"""Events are the same however the network cut them, and never more than were sent."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_lineup.upstream.sse import MAX_LINE, EventParser, EventTooLargeError, ServerSentEvent

GOLDEN = (
    b"\xef\xbb\xbfdata: first\n\n"
    b": a comment\r\n\r\n"
    b'event: delta\r\ndata:{"text": "sm\xc3\xb8rrebr\xc3\xb8d \xf0\x9f\xa5\xaa"}\r\n\r\n'
    b"data: one\rdata: two\r\r"
    b"id: 7\nretry: 10\nevent: empty\n\n"
    b"data: U+2028 \xe2\x80\xa8 and U+0085 \xc2\x85 stay\n\n"
    b"data\n\n"
    b"data: [DONE]\n\n"
)
EVENTS = [
    ServerSentEvent("message", b"first"),
    ServerSentEvent("delta", '{"text": "smørrebrød 🥪"}'.encode()),
    ServerSentEvent("message", b"one\ntwo"),
    ServerSentEvent("message", "U+2028 \u2028 and U+0085 \x85 stay".encode()),
    ServerSentEvent("message", b""),
    ServerSentEvent("message", b"[DONE]"),
]


def parse(*pieces: bytes) -> list[ServerSentEvent]:
    parser = EventParser()
    return [event for piece in pieces for event in parser.feed(piece)]


def test_golden_stream() -> None:
    assert parse(GOLDEN) == EVENTS


def test_several_events_in_one_piece_are_those_of_one_piece_each() -> None:
    parts = [b"data: one\n\n", b"data: \n\n", b"data: data: two\n\n", b"event: x\ndata: three\n\n", b"data: four\n\n\n"]
    for first, last in [(0, 3), (0, 5), (2, 4), (3, 5)]:
        some = parts[first:last]
        assert parse(b"data: before\n\n", b"".join(some)) == parse(b"data: before\n\n", *some)


def test_byte_by_byte() -> None:
    assert parse(*(bytes([byte]) for byte in GOLDEN)) == EVENTS


@given(st.lists(st.integers(0, len(GOLDEN)), max_size=30))
def test_any_cutting_gives_the_same_events(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(GOLDEN)]
    pieces = [GOLDEN[start:end] for start, end in pairwise(edges)]
    assert parse(*pieces) == EVENTS


@pytest.mark.parametrize("line_end", [b"\n", b"\r", b"\r\n"])
@given(
    texts=st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), min_size=1), min_size=1)
)
def test_every_line_end_separates_and_nothing_else(line_end: bytes, texts: list[str]) -> None:
    wire = b"".join(b"data: " + text.encode() + line_end + line_end for text in texts)
    assert [event.data.decode() for event in parse(wire)] == texts


@given(
    st.lists(
        st.sampled_from([b"data: a b\n\n", b"data:c\n\n", b"data: d\r\n\r\n", b"data: e\ndata: f\n\n", b": g\n\n"])
    )
)
def test_events_that_come_one_by_one_are_the_same_as_together(events: list[bytes]) -> None:
    assert parse(b"event: first\n", *events) == parse(b"event: first\n" + b"".join(events))


def test_what_the_end_leaves_incomplete_is_no_event() -> None:
    for length in range(len(GOLDEN)):
        assert parse(GOLDEN[:length]) == EVENTS[: len(parse(GOLDEN[:length]))]
    assert parse(b"data: [DONE]") == []
    assert parse(b"data: [DONE]\n") == []


@pytest.mark.parametrize("piece", [b"x" * 65536, b"data: " + b"x" * 60000 + b"\n"])
def test_an_endless_line_or_event_is_refused(piece: bytes) -> None:
    with pytest.raises(EventTooLargeError):
        parse(*[piece] * (5 * MAX_LINE // len(piece)))
