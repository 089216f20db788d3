"""How long a body is, decided from the head alone; stricter than the parser where two readers could disagree.

The parser (llhttp, without leniencies) already refuses doubled or unreadable Content-Length, Content-Length beside
Transfer-Encoding, bare CR or LF, folded lines, NUL, and spaces around names. Here stands what it lets pass.
See docs/decisions/0003-own-http-client.md.
"""

from collections.abc import Sequence
from typing import NamedTuple

from model_lineup.upstream.wire.faults import ProtocolBroken

RawHeaders = Sequence[tuple[bytes, bytes]]
"""Names in lower case."""


class Framing(NamedTuple):
    """`by_length`: the end of the body is counted, so whatever the last segment holds beyond it is surplus.

    `by_close`: neither length nor chunks. `clean`: nothing speaks against using the connection again.
    """

    by_length: bool
    by_close: bool
    clean: bool


def read_framing(status: int, version: str, headers: RawHeaders) -> Framing:
    """Raises `ProtocolBroken` for a head that must not be believed."""
    if not 200 <= status <= 599 or version not in ("1.1", "1.0"):
        raise ProtocolBroken(f"The response head is not HTTP/1.1: status {status}, version {version}.")
    length: bytes | None = None
    chunked = False
    for name, value in headers:
        if name == b"content-length":
            length = value.strip()
        elif name == b"transfer-encoding":
            _check_transfer_encoding(value, version, already=chunked)
            chunked = True
        elif name == b"content-encoding":
            _check_content_encoding(value, status)
    if status in (204, 304):
        framed = chunked or (status == 204 and (length or b"0").strip(b"0") != b"")
        return Framing(by_length=True, by_close=False, clean=not framed)
    return Framing(by_length=not chunked, by_close=length is None and not chunked, clean=version == "1.1")


def _check_transfer_encoding(value: bytes, version: str, *, already: bool) -> None:
    """Lists, doubles and `identity` are read differently by different programs; HTTP/1.0 does not know chunks."""
    if already or version != "1.1" or value.strip().lower() != b"chunked":
        raise ProtocolBroken("The response has a Transfer-Encoding other than one plain 'chunked'.")


def _check_content_encoding(value: bytes, status: int) -> None:
    if value.strip().lower() not in (b"", b"identity"):
        raise ProtocolBroken(f"The response (status {status}) is compressed although identity was asked for.")


def ends_in_blank_line(tail: bytes) -> bool:
    r"""Whether `tail` (five bytes at least) ends in exactly one blank line, as heads and chunked bodies do.

    The parser swallows CR and LF after a message, so that their presence has to be seen from here.
    """
    return tail[-4:] == b"\r\n\r\n" and tail[-5:-4] not in (b"\r", b"\n", b"")
