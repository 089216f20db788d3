"""What an IP address is for: our own list, because `ipaddress.is_private` and `is_global` differ between Python
versions and call 168.63.129.16, NAT64 and 6to4 forms of private addresses global.

Sources: IANA special-purpose registries (RFC 6890), and the clouds' documentation for their metadata addresses.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple

from model_lineup.upstream.wire.shapes import Scope


class Verdict(NamedTuple):
    """`needed`: the scope that an address belongs to, None when no scope ever allows it; `why` names its range."""

    needed: Scope | None
    why: str


_V4 = {
    "0.0.0.0/8": Verdict(None, "the unspecified network"),
    "10.0.0.0/8": Verdict(Scope.PRIVATE, "a private network"),
    "100.64.0.0/10": Verdict(Scope.PRIVATE, "a carrier's or overlay network"),
    "100.100.100.200/32": Verdict(None, "a cloud's metadata service"),
    "127.0.0.0/8": Verdict(Scope.LOOPBACK, "this machine"),
    "168.63.129.16/32": Verdict(None, "a cloud's platform service"),
    "169.254.0.0/16": Verdict(None, "link-local, where clouds keep their metadata service"),
    "172.16.0.0/12": Verdict(Scope.PRIVATE, "a private network"),
    "192.0.0.0/24": Verdict(None, "reserved for protocols; a cloud keeps its metadata service there"),
    "192.0.2.0/24": Verdict(None, "reserved for documentation"),
    "192.88.99.0/24": Verdict(None, "the retired 6to4 relay"),
    "192.168.0.0/16": Verdict(Scope.PRIVATE, "a private network"),
    "198.18.0.0/15": Verdict(Scope.PRIVATE, "a network for device tests, which some VPNs use"),
    "198.51.100.0/24": Verdict(None, "reserved for documentation"),
    "203.0.113.0/24": Verdict(None, "reserved for documentation"),
    "224.0.0.0/4": Verdict(None, "multicast"),
    "240.0.0.0/4": Verdict(None, "reserved or broadcast"),
}
_V6 = {
    "::1/128": Verdict(Scope.LOOPBACK, "this machine"),
    "2000::/3": Verdict(Scope.PUBLIC, "the public Internet"),
    "2001::/23": Verdict(None, "reserved for protocols"),
    "2001:db8::/32": Verdict(None, "reserved for documentation"),
    "3fff::/20": Verdict(None, "reserved for documentation"),
    "fc00::/7": Verdict(Scope.PRIVATE, "a private network"),
    "fd00:ec2::/32": Verdict(None, "a cloud's metadata service"),
    "fd20:ce::254/128": Verdict(None, "a cloud's metadata service"),
    "fe80::/10": Verdict(None, "link-local"),
    "fec0::/10": Verdict(None, "the retired site-local range"),
    "ff00::/8": Verdict(None, "multicast"),
}
_PUBLIC = Verdict(Scope.PUBLIC, "the public Internet")
_UNASSIGNED = Verdict(None, "not an address that anything public or private uses")


_V4_RANGES = sorted(
    ((IPv4Network(text), verdict) for text, verdict in _V4.items()), key=lambda entry: -entry[0].prefixlen
)
_V6_RANGES = sorted(
    ((IPv6Network(text), verdict) for text, verdict in _V6.items()), key=lambda entry: -entry[0].prefixlen
)
_MAPPED = IPv6Network("::ffff:0:0/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")
_ISATAP_MASK, _ISATAP_MARK = 0xFDFFFFFF, 0x00005EFE
"""RFC 5214: the interface identifier is [0|2]00:5efe and then the IPv4 address."""


def classify(address: str | IPv4Address | IPv6Address) -> Verdict:
    """What an address is for; an IPv4 address inside an IPv6 one counts.

    IPv4-mapped addresses are what they hold, since the kernel connects to that. A tunnelling form (NAT64, 6to4,
    Teredo, ISATAP) of anything that is not public is never allowed: RFC 6052 and RFC 3056 rule it out, so only an
    attacker writes it. Raises ValueError when the text is no address.
    """
    parsed = ip_address(address) if isinstance(address, str) else address
    if isinstance(parsed, IPv4Address):
        return next((verdict for network, verdict in _V4_RANGES if parsed in network), _PUBLIC)
    if parsed in _MAPPED:
        return classify(IPv4Address(int(parsed) & 0xFFFFFFFF))
    for embedded in _embedded(parsed):
        inner = classify(embedded)
        if inner.needed is not Scope.PUBLIC:
            return Verdict(None, f"a tunnelling form of {inner.why}")
    if parsed in _NAT64 or parsed in _TEREDO:
        return _PUBLIC
    return next((verdict for network, verdict in _V6_RANGES if parsed in network), _UNASSIGNED)


def _embedded(address: IPv6Address) -> Iterator[IPv4Address]:
    number = int(address)
    last = number & 0xFFFFFFFF
    if address in _NAT64:
        yield IPv4Address(last)
    if address in _SIX_TO_FOUR:
        yield IPv4Address(number >> 80 & 0xFFFFFFFF)
    if address in _TEREDO:
        yield IPv4Address(number >> 64 & 0xFFFFFFFF)
        yield IPv4Address(last ^ 0xFFFFFFFF)
    if number >> 32 & _ISATAP_MASK == _ISATAP_MARK:
        yield IPv4Address(last)
