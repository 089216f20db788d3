"""Connections that are not made, or do not last. Most of these need a door of their own, and answer nothing."""

from collections.abc import Iterable
from typing import ClassVar

from model_lineup.demo.faults.case import FIN, HANG, RST, Asked, Case, Step
from model_lineup.demo.faults.saying import head, open_chunked, well


class _AtTheDoor(Case, abstract=True):
    """What goes wrong before there is a request."""

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield well(asked)


class NameNotFound(_AtTheDoor):
    """The base URL's host has no address: a typing mistake, or DNS that does not answer."""

    lists = test = "dns/dns"
    door = "name"
    slow = True


class ConnectRefused(_AtTheDoor):
    """Nobody listens on the port: the server is down, or the port is wrong."""

    lists = test = "connect/connect"
    door = "refused"


class ConnectBlackhole(_AtTheDoor):
    """Connections are neither taken nor refused, as behind a firewall that drops, or before a server that is stuck."""

    lists = test = "connect/connect"
    door = "blackhole"
    slow = True


class AcceptThenClose(_AtTheDoor):
    """The connection is taken and closed at once, as by a proxy without a server behind it."""

    lists = test = "protocol/protocol"
    door = "closes"


class AcceptThenReset(_AtTheDoor):
    """The connection is taken and reset at once, which a client sees before or after it believes to be connected."""

    lists = test = "connect/connect or protocol/protocol"
    door = "resets"


class Silent(Case):
    """The request is read and never answered. httpx #1450: a read timeout of 1 s can last for ever elsewhere."""

    lists = test = "timeout/timeout"
    slow = True

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield HANG


class AnswersTooLate(Case):
    """The answer comes when nobody waits for it any more. OpenAI, 2023-03-20: such a one reached another user."""

    lists = test = "timeout/timeout"
    slow = True

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield 2.5
        yield well(asked)


class CloseAfterRequest(Case):
    """The connection is closed where an answer was due, as by a worker that was killed."""

    lists = test = "protocol/protocol"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield FIN


class ResetAfterRequest(Case):
    """The connection is reset where an answer was due."""

    lists = test = "protocol/protocol"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield RST


class CloseInHead(Case):
    """The connection ends in the middle of the headers."""

    lists = test = "protocol/truncated"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield b"HTTP/1.1 200 OK\r\ncontent-ty"
        yield FIN


class ResetInHead(Case):
    """The connection is reset in the middle of the headers."""

    lists = test = "protocol/truncated"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield b"HTTP/1.1 200 OK\r\ncontent-ty"
        yield 0.02
        yield RST


class ResetInBody(Case):
    """The connection is reset in the middle of the body."""

    lists = test = "protocol/truncated"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield head(200, asked.content_type, f"content-length: {len(asked.good)}") + asked.good[: len(asked.good) // 2]
        yield 0.02
        yield RST


class HeadThenSilence(Case):
    """Status and headers come at once, the body never. Seen with servers that load weights after saying 200."""

    lists = test = "timeout/timeout"
    slow = True

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield open_chunked(asked)
        yield HANG


class _Tls(_AtTheDoor, abstract=True):
    lists = test = "tls/tls"


class TlsSilent(_Tls):
    """The TLS handshake is never answered."""

    door = "tls-silent"
    slow = True


class TlsHangsUp(_Tls):
    """The connection is closed in the middle of the TLS handshake."""

    door = "tls-closes"


class TlsSpeaksPlain(_Tls):
    """The base URL says https, the server speaks plain HTTP: the wrong port, or a proxy that ends TLS elsewhere."""

    door = "tls-plain"


class TlsExpired(_Tls):
    """The certificate's time is over."""

    door = "tls-expired"


class TlsNotYetValid(_Tls):
    """The certificate's time has not begun: one of the clocks is wrong."""

    door = "tls-not-yet"


class TlsSelfSigned(_Tls):
    """The certificate vouches for itself."""

    door = "tls-self-signed"


class TlsWrongHost(_Tls):
    """The certificate is good, but for another host name."""

    door = "tls-wrong-host"


class TlsUnknownAuthority(_Tls):
    """The certificate comes from an authority that nobody named."""

    door = "tls-good"
    trusted: ClassVar[bool] = False


class TlsTooOld(_Tls):
    """The server offers TLS 1.1 and older alone."""

    door = "tls-old"


class TlsCut(Case):
    """Inside TLS the connection ends without TLS being ended, in the middle of the body."""

    lists = test = "protocol/truncated"
    door = "tls-good"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield open_chunked(asked) + b"40\r\n" + asked.good[:32]
        yield RST
