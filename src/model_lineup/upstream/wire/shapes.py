"""The values that go into the client and come out of it; the response itself is in `response`."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Scope(StrEnum):
    """How far from the public Internet an address may lie; stored per provider, chosen by an administrator."""

    PUBLIC = "public"
    PRIVATE = "private"
    LOOPBACK = "loopback"


@dataclass(frozen=True, slots=True)
class Path:
    """How to get to an origin.

    `ca_bundle`: PEM text (not a file name); then only these authorities are trusted, not the system's.
    `proxy`: `http://host:port` of a proxy that answers CONNECT; used for https and for http alike.
    """

    scope: Scope = Scope.PUBLIC
    ca_bundle: str | None = None
    proxy: str | None = None


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds.

    `connect_s`: from the start of `send`; DNS, TCP over all addresses, proxy and TLS together.
    `first_byte_s`: from the request being sent to a complete response head.
    `idle_s`: between two receipts of body bytes; not counted while the reader makes the client wait.
    `total_s`: from the start of `send` to the last byte; a dripping body cannot outlive it.
    """

    connect_s: float = 5.0
    first_byte_s: float = 120.0
    idle_s: float = 300.0
    total_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Request:
    """`url` with everything percent-encoded; `headers` without those that the client sets (host, content-length …)."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class Piece(NamedTuple):
    """Body bytes that arrived together, without chunk framing; `at`: `clock.tick()` before anything was parsed."""

    data: bytes
    at: float
