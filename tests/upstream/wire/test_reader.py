"""What counts as a response, and where it ends; docs/decisions/0003-own-http-client.md has the list."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_lineup.upstream.wire import HeadTooLarge, ProtocolBroken
from model_lineup.upstream.wire.reader import Reader

OK = b"HTTP/1.1 200 OK\r\n"
HI = b"Content-Length: 2\r\n\r\nhi"
CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n"


def read(*segments: bytes) -> tuple[Reader, bytes]:
    """Feed until the response is complete or broken; the reader is given nothing after that, as in a connection."""
    reader, body = Reader(2000), b""
    for segment in segments:
        body += reader.feed(segment, 1.0)
        if reader.complete or reader.fault:
            break
    return reader, body


REFUSED = {
    "length and chunks": OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": OK + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two equal lengths": OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
    "two lengths in one": OK + b"Content-Length: 2, 2\r\n\r\nhi",
    "a signed length": OK + b"Content-Length: +2\r\n\r\nhi",
    "a negative length": OK + b"Content-Length: -2\r\n\r\nhi",
    "a hexadecimal length": OK + b"Content-Length: 0x2\r\n\r\nhi",
    "an empty length": OK + b"Content-Length:\r\n\r\nhi",
    "a length beyond 64 bits": OK + b"Content-Length: 18446744073709551616\r\n\r\nhi",
    "gzip then chunked": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunked then identity": OK + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "chunked twice": OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "identity as transfer encoding": OK + b"Transfer-Encoding: identity\r\n\r\nhi",
    "an unknown transfer encoding": OK + b"Transfer-Encoding: xchunked\r\n\r\nhi",
    "chunks in HTTP/1.0": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a compressed body": OK + b"Content-Encoding: br\r\nContent-Length: 2\r\n\r\nhi",
    "a folded header": OK + b"X: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    "a folded transfer encoding": OK + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": OK + b"Content-Length : 0\r\n\r\n",
    "a bare LF": OK + b"A: b\nContent-Length: 0\r\n\r\n",
    "a bare CR": OK + b"A: b\rContent-Length: 0\r\n\r\n",
    "a NUL in a value": OK + b"A: b\0\r\nContent-Length: 0\r\n\r\n",
    "a line without colon": OK + b"Content-Length\r\n\r\n",
    "a chunk size with 0x": CHUNKED + b"0x2\r\nhi\r\n0\r\n\r\n",
    "a chunk size with a space": CHUNKED + b"2 \r\nhi\r\n0\r\n\r\n",
    "a chunk size with a bare LF": CHUNKED + b"2\nhi\r\n0\r\n\r\n",
    "a chunk size beyond 64 bits": CHUNKED + b"fffffffffffffffff\r\nhi\r\n0\r\n\r\n",
    "a negative chunk size": CHUNKED + b"-2\r\nhi\r\n0\r\n\r\n",
    "a chunk longer than its size": CHUNKED + b"2\r\nhiho\r\n0\r\n\r\n",
    "a length in the trailer": CHUNKED + b"2\r\nhi\r\n0\r\nContent-Length: 7\r\n\r\n",
    "a switch of protocols": b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\nxx",
    "a bare 101": b"HTTP/1.1 101 Switching\r\n\r\n",
    "status 099": b"HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n",
    "status 600": b"HTTP/1.1 600 High\r\nContent-Length: 0\r\n\r\n",
    "status 20": b"HTTP/1.1 20 Short\r\nContent-Length: 0\r\n\r\n",
    "HTTP/0.9": b"HTTP/0.9 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/2.0": b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "RTSP": b"RTSP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "leading line ends": b"\r\n" + OK + b"Content-Length: 0\r\n\r\n",
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n",
    "a request": b"GET / HTTP/1.1\r\n\r\n",
}


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED.keys())
def test_what_two_readers_could_read_differently_is_refused(raw: bytes) -> None:
    for segments in ([raw], [raw[i : i + 1] for i in range(len(raw))]):
        reader, _ = read(*segments)
        assert isinstance(reader.fault, ProtocolBroken)
        assert not reader.complete
        assert not reader.reusable


ACCEPTED = {
    "a length": (OK + HI, b"hi", True),
    "a length in spaces": (OK + b"Content-Length:  2 \r\n\r\nhi", b"hi", True),
    "no body": (OK + b"Content-Length: 0\r\n\r\n", b"", True),
    "chunks": (CHUNKED + b"2\r\nhi\r\nA;x=1\r\n0123456789\r\n0\r\n\r\n", b"hi0123456789", True),
    "chunks and trailers": (CHUNKED + b"2\r\nhi\r\n00\r\nX-T: 1\r\nEmpty:\r\n\r\n", b"hi", True),
    "no chunks": (CHUNKED + b"0\r\n\r\n", b"", True),
    "204": (b"HTTP/1.1 204 No\r\n\r\n", b"", True),
    "204 with length 0": (b"HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n", b"", True),
    "304 with the length it would have": (b"HTTP/1.1 304 No\r\nContent-Length: 7\r\n\r\n", b"", True),
    "interim answers before": (b"HTTP/1.1 100 Go\r\nX: 1\r\n\r\nHTTP/1.1 103 H\r\n\r\n" + OK + HI, b"hi", True),
    "no reason": (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", b"", True),
    "an upgrade that is only offered": (OK + b"Connection: upgrade\r\nUpgrade: h2c\r\n" + HI, b"hi", True),
    "a goodbye": (OK + b"Connection: close\r\nContent-Length: 2\r\n\r\nhi", b"hi", False),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi", b"hi", False),
    "204 with chunks": (b"HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n", b"", False),
    "204 with a length": (b"HTTP/1.1 204 No\r\nContent-Length: 3\r\n\r\n", b"", False),
    "body of line ends": (OK + b"Content-Length: 4\r\n\r\n\r\n\r\n", b"\r\n\r\n", True),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "body", "reusable"), ACCEPTED.values(), ids=ACCEPTED.keys())
def test_a_response_is_read_to_its_end(raw: bytes, body: bytes, reusable: bool) -> None:
    for cut in range(len(raw)):
        reader, got = read(raw[:cut] or raw, raw[cut:])
        assert reader.fault is None
        assert (got, reader.complete, reader.reusable) == (body, True, reusable)
        if cut:
            reader, _ = read(raw[:cut])
            assert not reader.complete


@pytest.mark.parametrize("surplus", [b"x", b"\r\n", b"\n", b"\r", b"\r\n\r\n", OK + b"Content-Length: 0\r\n\r\n"])
@pytest.mark.parametrize("name", [name for name, case in ACCEPTED.items() if case[2]])
def test_surplus_bytes_make_a_connection_useless(name: str, surplus: bytes) -> None:
    raw, body, _ = ACCEPTED[name]
    for cut in range(len(raw)):
        reader, got = read(raw[:cut] or raw + surplus, raw[cut:] + surplus)
        assert (got, reader.complete, reader.reusable) == (body, True, False)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.lists(st.binary(min_size=1, max_size=40), max_size=6))
def test_chunks_survive_every_segmentation(data: st.DataObject, chunks: list[bytes]) -> None:
    raw = CHUNKED + b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    cuts = sorted(data.draw(st.sets(st.integers(1, len(raw) - 1), max_size=12)))
    segments = [raw[start:end] for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    reader, body = read(*segments)
    assert (body, reader.complete, reader.reusable) == (b"".join(chunks), True, True)


@pytest.mark.parametrize(
    "raw",
    [
        OK + b"X: " + b"a" * 3000,
        OK + b"X: 1\r\n" * 500,
        b"HTTP/1.1 200 " + b"a" * 3000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 200,
        CHUNKED + b"1;" + b"a" * 3000,
        CHUNKED + b"0\r\nX: " + b"a" * 3000,
        CHUNKED + b"0\r\n" + b"X: 1\r\n" * 500,
    ],
    ids=["one header", "many headers", "reason", "interim", "chunk extension", "one trailer", "many trailers"],
)
def test_a_head_without_end_is_cut_off(raw: bytes) -> None:
    for size in (len(raw), 100, 1):
        reader, _ = read(*(raw[i : i + size] for i in range(0, len(raw), size)))
        assert isinstance(reader.fault, HeadTooLarge)


def test_a_large_body_in_the_segment_of_its_head_is_no_large_head() -> None:
    reader, body = read(OK + b"Content-Length: 9000\r\n\r\n" + b"x" * 9000)
    assert reader.reusable
    assert len(body) == 9000


def test_a_reader_takes_one_response_after_the_other() -> None:
    reader = Reader(2000)
    for name in ("chunks and trailers", "a length", "interim answers before", "204", "a length"):
        raw, body, _ = ACCEPTED[name]
        assert reader.feed(raw, 1.0) == body
        assert reader.reusable
        reader.expect()
