"""Everything that can go wrong on the wire, one class each.

    WireError
    ├── AddressRefused     connect   the egress policy does not allow this address
    ├── NameNotResolved    dns       the name has no address
    ├── ConnectFailed      connect   no address took the connection
    │   ├── ProxyFailed              the CONNECT proxy did not open a tunnel
    │   └── PoolFull                 every connection that may be open is in use
    ├── TlsFailed          tls       certificate or handshake
    ├── DeadlinePassed     timeout   `which` deadline, and the `phase` it fell in
    ├── ConnectionBroken   protocol  closed or reset before a response came
    ├── ClientClosed       protocol  our own client was closed meanwhile
    └── ProtocolBroken     protocol  what came is not a response that we accept
        ├── HeadTooLarge, BodyTooLarge
        └── Truncated                the body ended early

`BadUrl` and `BadHeader` are mistakes of whoever made the request, so they are `ValueError`s: nothing was sent.
Messages hold no header value, no query and no byte that the other side sent.
"""

from typing import ClassVar, Literal

from model_lineup.upstream.wire.shapes import Scope

Stage = Literal["dns", "connect", "tls", "timeout", "protocol"]
Which = Literal["connect", "first_byte", "idle", "total"]
Phase = Literal["dns", "connect", "proxy", "tls", "head", "body"]


class BadHeader(ValueError):
    """A header that must not be sent: CR, LF or NUL in it, no token for a name, or one that the client sets itself."""


class WireError(Exception):
    """The root. `stage` says where it went wrong.

    `before_first_byte`: no byte of a response had come, so a caller saw nothing and another target may be tried.
    `stale_connection`: a pooled connection turned out to be closed; `Client` retries these once by itself.
    """

    stage: ClassVar[Stage] = "protocol"

    def __init__(self, message: str, *, before_first_byte: bool = True, stale_connection: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.before_first_byte = before_first_byte
        self.stale_connection = stale_connection


class AddressRefused(WireError):
    """`needed`: the scope that would allow the address, None when none ever does."""

    stage = "connect"

    def __init__(self, message: str, *, needed: Scope | None) -> None:
        super().__init__(message)
        self.needed = needed


class NameNotResolved(WireError):
    stage = "dns"


class ConnectFailed(WireError):
    stage = "connect"


class ProxyFailed(ConnectFailed):
    """`status`: what the proxy answered, None when it answered nothing readable."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class PoolFull(ConnectFailed):
    pass


class TlsFailed(WireError):
    stage = "tls"


class DeadlinePassed(WireError):
    """`which` deadline ran out, and what was going on then: `phase` tells a silent handshake from a hung connect."""

    stage = "timeout"

    def __init__(self, which: Which, phase: Phase, seconds: float, *, before_first_byte: bool = True) -> None:
        super().__init__(
            f"No {_AWAITED[which]} within {seconds:g} s (waiting for: {phase}).", before_first_byte=before_first_byte
        )
        self.which: Which = which
        self.phase: Phase = phase
        self.seconds = seconds


_AWAITED: dict[Which, str] = {
    "connect": "connection",
    "first_byte": "response head",
    "idle": "further byte",
    "total": "complete response",
}


class ConnectionBroken(WireError):
    pass


class ClientClosed(WireError):
    pass


class ProtocolBroken(WireError):
    def __init__(self, message: str, *, before_first_byte: bool = False) -> None:
        super().__init__(message, before_first_byte=before_first_byte)


class HeadTooLarge(ProtocolBroken):
    pass


class BodyTooLarge(ProtocolBroken):
    """`cap`: how many bytes `Response.read` was asked to take at most."""

    def __init__(self, cap: int) -> None:
        super().__init__(f"The response body is larger than the {cap} bytes that were asked for.")
        self.cap = cap


class Truncated(ProtocolBroken):
    pass
