"""URLs, read strictly: what is unusual is refused with a reason, never repaired.

An origin is canonical: two spellings of one host are equal, so that credentials can be bound to it.
"""

import re
import socket
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address
from typing import NamedTuple

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<path>[^?#]*)(?P<query>\?[^#]*)?")
_LABEL = re.compile(r"[a-z0-9_-]{1,63}")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_TWO_MEANINGS = frozenset("ßς\u200c\u200d")
"""IDNA 2003 and 2008 turn these into different names."""


class BadUrl(ValueError):
    """A URL that the client does not take; the text says what is wrong with it and never repeats it."""


@dataclass(frozen=True, slots=True)
class Origin:
    """`host`: lower case, IPv6 without brackets, IDNA-encoded, numeric addresses in their usual spelling."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> "Origin":
        """The origin of a URL, whatever path follows. Raises `BadUrl`."""
        return split_url(url).origin

    def __str__(self) -> str:
        return f"{self.scheme}://{self.bracketed_host}:{self.port}"

    @property
    def bracketed_host(self) -> str:
        """As a URL or a Host header spells it."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def host_header(self) -> str:
        usual = self.port == _DEFAULT_PORTS[self.scheme]
        return self.bracketed_host if usual else f"{self.bracketed_host}:{self.port}"


class SplitUrl(NamedTuple):
    """`target`: path and query as they go into the request line."""

    origin: Origin
    target: str


@lru_cache(maxsize=1024)
def split_url(url: str) -> SplitUrl:
    """Cut a URL into origin and target. Raises `BadUrl`."""
    if any(character <= " " or character in "\\\x7f" for character in url):
        raise BadUrl("The URL holds a space, a control character or a backslash.")
    if "#" in url:
        raise BadUrl("The URL has a fragment (#…), which is never sent.")
    found = _URL.fullmatch(url)
    if found is None:
        raise BadUrl("The URL must be absolute, like https://host/path.")
    scheme = found["scheme"].lower()
    if scheme not in _DEFAULT_PORTS:
        raise BadUrl(f"The URL must begin with https:// or http://, not with {scheme}://.")
    target = (found["path"] or "/") + (found["query"] or "")
    if not target.isascii():
        raise BadUrl("Path and query must be percent-encoded.")
    host, port = _split_authority(found["authority"])
    return SplitUrl(Origin(scheme, host, port or _DEFAULT_PORTS[scheme]), target)


def _split_authority(authority: str) -> tuple[str, int | None]:
    if "@" in authority:
        raise BadUrl("The URL holds a user name or password; put credentials into their own field.")
    if authority.startswith("["):
        literal, bracket, rest = authority[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise BadUrl("The IPv6 address in the URL is not closed by a bracket.")
        return _ipv6(literal), _port(rest[1:]) if rest else None
    host, colon, port = authority.partition(":")
    return _host(host), _port(port) if colon else None


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536:
        return int(text)
    raise BadUrl("The port in the URL must be a number from 1 to 65535.")


def _ipv6(literal: str) -> str:
    if "%" in literal:
        raise BadUrl("The IPv6 address in the URL has a zone, which is not supported.")
    try:
        return str(IPv6Address(literal))
    except AddressValueError:
        raise BadUrl("What stands in brackets in the URL is no IPv6 address.") from None


def _host(text: str) -> str:
    name = _ascii_name(text)
    labels = name.removesuffix(".").split(".")
    if not name or len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise BadUrl("The URL has no host, or one that is no valid name.")
    if _NUMBER.fullmatch(labels[-1]):
        return _ipv4(".".join(labels))
    return ".".join(labels)


def _ascii_name(text: str) -> str:
    if text.isascii():
        return text.lower()
    if len(text) > 253 or _TWO_MEANINGS.intersection(text):
        raise BadUrl("The host in the URL has no unambiguous ASCII form; write its xn-- form.")
    try:
        return text.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise BadUrl("The host in the URL is no valid international name.") from None


def _ipv4(text: str) -> str:
    """What the resolver would make of a name that ends in a number: `127.1`, `0x7f.1`, `2130706433`, `0177.0.0.1`."""
    try:
        return socket.inet_ntoa(socket.inet_aton(text))
    except OSError:
        raise BadUrl("The host in the URL ends in a number but is no IPv4 address.") from None
