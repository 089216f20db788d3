"""Answers as bytes: heads, chunks, whole replies."""

from collections.abc import Iterator

from model_lineup.demo.faults.case import FIN, Asked, Step

LAST_CHUNK = b"0\r\n\r\n"


def head(status: int, content_type: str, *lines: str) -> bytes:
    """Each line is a header as it goes out."""
    first = f"HTTP/1.1 {status} -\r\ncontent-type: {content_type}\r\n"
    return (first + "".join(f"{line}\r\n" for line in lines) + "\r\n").encode("latin-1")


def reply(status: int, body: bytes | str, *lines: str, content_type: str = "application/json") -> bytes:
    """A whole answer with its length."""
    octets = body.encode() if isinstance(body, str) else body
    return head(status, content_type, f"content-length: {len(octets)}", *lines) + octets


def chunk(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(body), body)


def well(asked: Asked) -> bytes:
    """The good answer, as good providers frame it."""
    if not asked.stream:
        return reply(200, asked.good)
    return chunked(asked, asked.wire.stream())


def chunked(asked: Asked, events: list[bytes], last: bytes = LAST_CHUNK) -> bytes:
    """A stream of these events, each in a chunk."""
    return open_chunked(asked) + b"".join(chunk(one) for one in events if one) + last


def open_chunked(asked: Asked) -> bytes:
    return head(200, asked.content_type, "transfer-encoding: chunked")


def by_close(asked: Asked, body: bytes) -> Iterator[Step]:
    """A body that ends with the connection."""
    yield head(200, asked.content_type, "connection: close") + body
    yield FIN


def with_length(asked: Asked, *lines: str, body: bytes | None = None) -> bytes:
    """The good body, or this one, under these header lines instead of a right length."""
    return head(200, asked.content_type, *lines) + (asked.good if body is None else body)
