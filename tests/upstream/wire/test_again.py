"""The head of an answer that was read before is not read again, and nobody can tell."""

from hypothesis import example, given
from hypothesis import strategies as st

from model_lineup.upstream.wire.reader import HEADS_LEARNT, Reader


def answer(body: bytes = b"hello", *more: bytes, length: bytes | None = None, line: bytes = b"200 OK") -> bytes:
    length = b"%d" % len(body) if length is None else length
    return b"\r\n".join([b"HTTP/1.1 " + line, b"Content-Length: " + length, *more]) + b"\r\n\r\n" + body


ANSWERS = [
    *(answer(body) for body in (b"hello", b"other", b"a longer one", b"\r\ncontent-length: 5\r\n\r\n")),
    *(answer(b"hello", more) for more in (b"Date: today", b"Connection: keep-alive", b"Connection: close")),
    *(answer(length=length) for length in (b"05", b"+5", b"5 ", b"", b"5, 5", b"0", b"4", b"6", b"99999999")),
    *(answer(line=line) for line in (b"201 Created", b"204 No Content", b"304 Not Modified", b"500 No", b"99 No")),
    answer(b"5\r\nhello\r\n0\r\n\r\n", b"Transfer-Encoding: chunked", length=b"15"),
    answer(b"hello", b"Content-Length: 5"),
    b"HTTP/1.1 103 Early Hints\r\n\r\n" + answer(),
    b"HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\nhello" + answer(),
    answer().replace(b"1.1", b"1.0"),
    answer() + b"surplus",
    answer() + answer(),
    answer()[:30],
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
]


def read(reader: Reader, data: bytes) -> tuple[object, ...]:
    """All that is known of a response after these data, as a connection asks for it; the next one is expected."""
    body = reader.feed(data, 1.0)
    found = (body, reader.head, reader.heard, reader.complete, reader.reusable, repr(reader.fault))
    if reader.complete and reader.reusable:
        reader.expect()
    return found


@given(st.lists(st.sampled_from(ANSWERS), max_size=8))
@example([answer(), answer(), answer(b"a longer one"), answer()[:30]])
@example([answer(), answer(length=b"05")])
@example([answer(), answer() + b"surplus"])
def test_it_is_read_as_if_it_were_the_first(sent: list[bytes]) -> None:
    reader = Reader(64 * 1024)
    for data in sent:
        assert read(reader, data) == read(Reader(64 * 1024), data)
        if reader.heard:
            return  # this one is not over, or its connection is not used again


def test_it_is_known_again_and_not_parsed() -> None:
    reader = Reader(64 * 1024)
    read(reader, answer())
    reader.release()  # there is no parser any more
    assert read(reader, answer(b"a longer one"))[0] == b"a longer one"


def test_a_provider_whose_heads_are_all_different_is_soon_left_to_the_parser() -> None:
    reader = Reader(64 * 1024)
    for number in range(HEADS_LEARNT + 1):
        read(reader, answer(b"hello", b"X-Request-Id: %d" % number))
    read(reader, answer())
    assert read(reader, answer(b"hello", b"X-Request-Id: 8"))[0] == b"hello"
    assert reader._known is not None
    assert b"X-Request-Id: %d" % (HEADS_LEARNT - 1) in reader._known[0].behind
