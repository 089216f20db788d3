"""Answers whose head is wrong, slow or without end."""

from collections.abc import Iterable
from itertools import count

from model_lineup.demo.faults.case import FIN, Asked, Case, Step
from model_lineup.demo.faults.saying import head, reply, well, with_length


class DrippedHead(Case):
    """The head comes byte by byte, ten in a second. httpx: a timeout of 1 s lasted 5.3 s."""

    lists = test = "timeout/timeout"
    slow = True

    def answer(self, asked: Asked) -> Iterable[Step]:
        for octet in well(asked):
            yield bytes([octet])
            yield 0.1


class EndlessHead(Case):
    """Header follows header, for ever."""

    lists = test = "protocol/too_large"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield b"HTTP/1.1 200 OK\r\n"
        for number in count():
            yield f"x-{number}: {'a' * 1000}\r\n".encode()


class EndlessHeader(Case):
    """One header's value goes on for ever."""

    lists = test = "protocol/too_large"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield b"HTTP/1.1 200 OK\r\nx-long: "
        while True:
            yield b"a" * 4096


class HugeHead(Case):
    """A complete head of 1 MiB."""

    lists = test = "protocol/too_large"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield reply(200, asked.good, *(f"x-{number}: {'a' * 1000}" for number in range(1024)))


class OtherProtocol(Case):
    """Something else listens on the port, and greets as SSH does."""

    lists = test = "protocol/protocol"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield b"SSH-2.0-OpenSSH_9.6\r\n"


class HttpTwoOnly(Case):
    """The server speaks HTTP/2 alone, and answers with its first frame."""

    lists = test = "protocol/protocol"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x05\x00\x00\x40\x00"
        yield FIN


class StatusNotANumber(Case):
    """The status is no number."""

    lists = test = "protocol/protocol"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield b"HTTP/1.1 OK\r\ncontent-length: 2\r\n\r\n{}"


class StatusOutOfRange(Case):
    """The status is 999: some scrapers' shields answer so."""

    lists = test = "protocol/protocol"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield b"HTTP/1.1 999 No\r\ncontent-length: 2\r\n\r\n{}"


class NulInHeader(Case):
    """A header holds a NUL."""

    lists = test = "protocol/protocol"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield with_length(asked, "x-odd: a\x00b", f"content-length: {len(asked.good)}")


class FoldedHeader(Case):
    """A header is folded over two lines, which RFC 9112 forbids: two readers would read two things."""

    lists = test = "protocol/protocol"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield with_length(asked, "x-odd: a\r\n b", f"content-length: {len(asked.good)}")


class SpaceBeforeColon(Case):
    """A space stands between a header's name and its colon: what request smuggling is made of."""

    lists = test = "protocol/protocol"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield with_length(asked, f"content-length : {len(asked.good)}")


class BareLineFeed(Case):
    """The head's lines end in a line feed alone."""

    lists = test = "protocol/protocol"

    def answer(self, asked: Asked) -> Iterable[Step]:
        good = asked.good
        yield b"HTTP/1.1 200 OK\ncontent-type: application/json\ncontent-length: %d\n\n" % len(good) + good


class EarlyHints(Case):
    """A 100 and a 103 come before the answer, as they may."""

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n"
        yield well(asked)


class InterimFlood(Case):
    """Interim answers come as fast as they can, for ever."""

    lists = test = "protocol/too_large"

    def answer(self, asked: Asked) -> Iterable[Step]:
        while True:
            yield b"HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n" * 50


class InterimDrip(Case):
    """`102 Processing` comes twenty times a second, the answer never: alive, but of no use."""

    lists = test = "timeout/timeout"
    slow = True

    def answer(self, asked: Asked) -> Iterable[Step]:
        while True:
            yield b"HTTP/1.1 102 Processing\r\n\r\n"
            yield 0.05


class SwitchingProtocols(Case):
    """The server changes the protocol, which nobody asked for."""

    lists = test = "protocol/protocol"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n\x81\x05hello"


class NoContent(Case):
    """204: the server agrees and says nothing."""

    lists = plain = "protocol/malformed"
    test = "protocol/truncated"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield head(204, asked.content_type)


class NoContentWithBody(Case):
    """A 204 with a body, which must not be taken for the next answer."""

    lists = plain = "protocol/malformed"
    test = "protocol/truncated"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield head(204, asked.content_type, f"content-length: {len(asked.good)}") + asked.good


class NotModified(Case):
    """304, as a cache answers that was asked for something else."""

    lists = test = "protocol/malformed"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield head(304, asked.content_type, 'etag: "1"')
