"""A request as bytes. Whatever could smuggle a second header or request is refused before a connection is opened."""

import re
from functools import lru_cache
from typing import NamedTuple

from model_lineup.upstream.wire.faults import BadHeader
from model_lineup.upstream.wire.origin import SplitUrl
from model_lineup.upstream.wire.shapes import Request

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""HEAD, CONNECT and TRACE frame their answers differently, and no provider needs them."""

CREDENTIAL_HEADERS = frozenset({"authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie"})
_OURS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_UNSAFE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class Written(NamedTuple):
    """`head`: all of it but the length of the body and the blank line. `credentials`: the values that name an account;
    a connection is never shared between two of them. `takes_body`: whether the length of a body is told."""

    head: bytes
    credentials: tuple[str, ...]
    takes_body: bool

    def with_length(self, body: bytes) -> bytes:
        """The whole head of a request with this body."""
        if body or self.takes_body:
            return b"%bcontent-length: %d\r\n\r\n" % (self.head, len(body))
        return self.head + b"\r\n"


def write_head(request: Request, url: SplitUrl) -> Written:
    """The request line and all headers; its body is not looked at.

    Raises `BadHeader`, and ValueError for a method that is not in `METHODS`.
    """
    method = request.method
    if method not in METHODS:
        raise ValueError(f"The method must be one of {', '.join(sorted(METHODS))}.")
    lines = [f"{method} {url.target} HTTP/1.1\r\nhost: {url.origin.host_header}\r\naccept-encoding: identity\r\n"]
    credentials: tuple[str, ...] = ()
    for name, value in request.headers:
        lowered = _lowered(name)
        if not (value.isascii() and value.isprintable()):
            _check_value(lowered, value)
        if lowered in CREDENTIAL_HEADERS:
            credentials += (lowered, value)
        lines.append(f"{name}: {value}\r\n")
    try:
        return Written("".join(lines).encode("latin-1"), credentials, method in ("POST", "PUT", "PATCH"))
    except UnicodeEncodeError:
        raise BadHeader("A header value holds a character that HTTP cannot carry; keep to ASCII.") from None


@lru_cache(maxsize=512)
def _lowered(name: str) -> str:
    lowered = name.lower()
    if _NAME.fullmatch(lowered) is None:
        raise BadHeader("A header name must be made of letters, digits and hyphens.")
    if lowered in _OURS:
        raise BadHeader(f"The header {lowered!r} is set by the client itself.")
    return lowered


def _check_value(name: str, value: str) -> None:
    if _UNSAFE.search(value) is not None:
        raise BadHeader(f"The value of the header {name!r} holds a control character.")
