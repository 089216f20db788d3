"""Bodies that come slowly, never end, are compressed, or are something else than what was asked for."""

import gzip
import zlib
from collections.abc import Iterable
from functools import cache
from typing import ClassVar

from model_lineup.demo.faults.case import SECRET, Asked, Case, Step
from model_lineup.demo.faults.saying import chunk, head, open_chunked, reply, well


class DrippedBody(Case):
    """The body comes byte by byte, ten in a second: no wait is long, all of it is. httpx #1450: 1 s became 3.3 s."""

    lists = test = "timeout/timeout"
    slow = True

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield open_chunked(asked)
        for octet in asked.good:
            yield chunk(bytes([octet]))
            yield 0.1


class OneByteAtATime(Case):
    """The body comes byte by byte, each in a chunk, but quickly: unusual, and whole."""

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield open_chunked(asked)
        for octet in asked.good:
            yield chunk(bytes([octet]))
        yield b"0\r\n\r\n"


class EndlessBody(Case):
    """The body never ends, and comes as fast as it can."""

    lists = test = "protocol/too_large or timeout/timeout"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield open_chunked(asked)
        spaces = chunk(b" " * 65536)
        if asked.stream:
            yield chunk(asked.wire.opening()[0])
            spaces = chunk(asked.wire.piece("x" * 65536))
        while True:
            yield spaces


class _Compressed(Case, abstract=True):
    """Compressed, although `Accept-Encoding: identity` was sent; decoding it is how bombs go off."""

    lists = test = "protocol/protocol"
    coding: ClassVar[str]

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield reply(200, self.body(asked), f"content-encoding: {self.coding}", content_type=asked.content_type)

    def body(self, asked: Asked) -> bytes:
        return b"\x28\xb5\x2f\xfd" + bytes(32)


class CompressedGzip(_Compressed):
    """The answer is compressed with gzip, although identity was asked for."""

    coding = "gzip"

    def body(self, asked: Asked) -> bytes:
        return gzip.compress(asked.good)


class CompressedDeflate(_Compressed):
    """The answer is compressed with deflate, although identity was asked for."""

    coding = "deflate"

    def body(self, asked: Asked) -> bytes:
        return zlib.compress(asked.good)


class CompressedBrotli(_Compressed):
    """The answer is compressed with Brotli, although identity was asked for."""

    coding = "br"


class CompressedZstd(_Compressed):
    """The answer is compressed with Zstandard, although identity was asked for."""

    coding = "zstd"


class GzipBomb(_Compressed):
    """16 KiB that unpack to 16 MiB. Published ones: 254 KiB to 256 MiB."""

    coding = "gzip"

    def body(self, asked: Asked) -> bytes:
        return _bomb()


class CompressedWithoutSayingSo(Case):
    """Bytes of gzip where JSON or events belong, and no header that says so."""

    lists = plain = "protocol/malformed"
    test = "protocol/truncated or protocol/malformed"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield reply(200, gzip.compress(asked.good, mtime=0), content_type=asked.content_type)


class ContentTypeWrong(Case):
    """The right body under another content type, as small servers do."""

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield reply(200, asked.good, content_type="text/plain")


class JsonInsteadOfStream(Case):
    """A stream was asked for, the answer comes in one piece: old servers, and some gateways."""

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield reply(200, asked.plain(asked.wire.plain()))


class WebPage(Case):
    """200 with a web page: the base URL leads to a site or a login page. It holds what nobody may see."""

    lists = test = "protocol/html"

    def answer(self, asked: Asked) -> Iterable[Step]:
        page = f"<!doctype html><title>Sign in</title><p>{SECRET}</p>"
        yield reply(200, page, content_type="text/html; charset=utf-8")


class WebPageAsJson(Case):
    """A web page that calls itself JSON."""

    lists = plain = "protocol/html"
    test = "protocol/html"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield reply(200, f"\n<html><body>{SECRET}</body></html>")


class NotUtf8(Case):
    """Text in Latin-1 where UTF-8 belongs."""

    lists = test = "protocol/malformed"

    def answer(self, asked: Asked) -> Iterable[Step]:
        bad = asked.good.replace("wörld".encode(), b"w\xf6rld").replace(b"w\\u00f6rld", b"w\xf6rld")
        yield reply(200, bad.replace(b"drill-2", b"dr\xefll"), content_type=asked.content_type)


class ByteOrderMark(Case):
    """A byte order mark before JSON, which JSON does not have. A stream of events may begin with one."""

    lists = plain = "protocol/malformed"
    wires: ClassVar[frozenset[str]] = frozenset({"openai", "azure", "anthropic", "google"})

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield reply(200, b"\xef\xbb\xbf" + asked.good, content_type=asked.content_type)


class JsonTwice(Case):
    """Two JSON values where one belongs."""

    lists = test = "protocol/malformed"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield reply(200, asked.plain(asked.wire.plain()) * 2)


class NestedWithoutEnd(Case):
    """JSON nested 100 000 deep: parsers that recurse overflow."""

    lists = test = "protocol/malformed"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield reply(200, b'{"data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}")


class HugeLine(Case):
    """One event of 2 MiB in a single line. A list of that size is only long."""

    test = "protocol/too_large"
    plain = "passes"

    def answer(self, asked: Asked) -> Iterable[Step]:
        if not asked.stream:
            yield reply(200, asked.good + b" " * 2**21)
            return
        yield open_chunked(asked) + chunk(asked.wire.piece("x" * 2**21))
        yield b"".join(chunk(event) for event in asked.wire.closing()) + b"0\r\n\r\n"


class HeadersOddButGood(Case):
    """Forty headers nobody knows, one of them in Latin-1, and names in capitals: unusual, and right."""

    def answer(self, asked: Asked) -> Iterable[Step]:
        body = asked.good
        odd = [f"X-ODD-{number}: \xe9" for number in range(40)]
        yield head(200, asked.content_type, *odd, f"CONTENT-LENGTH: {len(body)}") + body


class ClosesAfterGood(Case):
    """A good answer, and then the connection closes without having said so: the next request must not fall into it."""

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield well(asked)
        yield "fin"


@cache
def _bomb() -> bytes:
    return gzip.compress(bytes(2**24))
