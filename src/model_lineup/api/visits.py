"""Where a request came from: the peer, or whom a trusted proxy says it speaks for."""

import ipaddress
from collections.abc import Sequence

from starlette.requests import Request

from model_lineup.security.visit import LOCAL, Visit, printable
from model_lineup.settings import Network, networks

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
MOST_HOPS = 32


def visit_of(request: Request, trusted_proxies: str) -> Visit:
    """The command line in its own process has no address."""
    request_id = str(request.scope.get("state", {}).get("request_id", "")) or None
    if request.client is None:
        return Visit(request_id=request_id) if request_id else LOCAL
    hops = [hop for line in request.headers.getlist("x-forwarded-for") for hop in line.split(",")]
    address = client_address(request.client.host, hops, networks(trusted_proxies))
    agent = request.headers.get("user-agent")
    return Visit(address, printable(agent) if agent else None, request_id)


def spoken_for_by_proxy(request: Request, trusted_proxies: str) -> str:
    """The scheme by which the browser came to a trusted proxy in front of us; empty without one."""
    here = _address(request.client.host) if request.client is not None else None
    if here is None or not _is_trusted(here, networks(trusted_proxies)):
        return ""
    return request.headers.get("x-forwarded-proto", "").rpartition(",")[2].strip().lower()


def client_address(peer: str, hops: Sequence[str], trusted: Sequence[Network]) -> str:
    """The right-most hop that is no trusted proxy, for what stands left of it anybody can have written.

    What is no address ends the search: its neighbour, a trusted proxy, is as far as we know.
    """
    here = _address(peer)
    if here is None:
        return printable(peer)
    for hop in list(reversed(hops))[:MOST_HOPS]:
        before = _address(hop) if _is_trusted(here, trusted) else None
        if before is None:
            break
        here = before
    return str(here)


def _is_trusted(address: Address, trusted: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in trusted)


def _address(text: str) -> Address | None:
    """`10.0.0.1`, `10.0.0.1:5000`, `fd00::1`, `[fd00::1]:5000`; IPv4 that is embedded in IPv6 is IPv4."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, ipaddress.IPv6Address) else address
