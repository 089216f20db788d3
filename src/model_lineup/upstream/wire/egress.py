"""Who may be talked to. Nothing connects without passing here: first the URL, then every address behind its name.

The scope says which kind of address is meant: `loopback` is this machine alone, `private` a private network or the
public Internet, `public` the public Internet over https alone. See docs/decisions/0004-egress-policy.md.
"""

import socket
from collections.abc import Collection, Iterable
from ipaddress import IPv4Address, ip_address

from model_lineup.upstream.wire.addresses import Verdict, classify
from model_lineup.upstream.wire.faults import AddressRefused
from model_lineup.upstream.wire.origin import Origin
from model_lineup.upstream.wire.shapes import Scope

DENIED_PORTS = {
    22: "SSH",
    25: "SMTP",
    2375: "the Docker API",
    3306: "MySQL",
    5432: "PostgreSQL",
    6379: "Redis",
    10250: "the kubelet",
    11211: "memcached",
}
_ALLOWED = {
    Scope.PUBLIC: frozenset({Scope.PUBLIC}),
    Scope.PRIVATE: frozenset({Scope.PUBLIC, Scope.PRIVATE}),
    Scope.LOOPBACK: frozenset({Scope.LOOPBACK}),
}
_LOCALHOST = Verdict(Scope.LOOPBACK, "this machine")
_METADATA = Verdict(None, "a cloud's metadata service")
METADATA_NAMES = frozenset(
    {
        "metadata",
        "metadata.google.internal",
        "metadata.goog",
        "instance-data",
        "instance-data.ec2.internal",
        "metadata.azure.internal",
        "metadata.tencentyun.com",
        "metadata.platformequinix.com",
    }
)
"""Names under which clouds offer it. Their addresses are refused anyway; these are told when they are entered."""


def check_url(url: str, scope: Scope, listeners: Collection[tuple[str, int]] = ()) -> Origin:
    """What can be known of a URL before its name is resolved; for the moment when somebody enters it.

    `listeners`: Lineup's own. Raises `BadUrl`, or `AddressRefused` whose message names the scope that would allow it or
    says that none does.
    """
    origin = Origin.of(url)
    check_origin(origin, scope)
    check_not_ourselves(origin, _known_addresses(origin.host), listeners)
    return origin


def within(scope: str, widest: str) -> bool:
    """Whether a scope lies within the operator's ceiling: loopback allows all three, public only itself."""
    order = (Scope.PUBLIC, Scope.PRIVATE, Scope.LOOPBACK)
    return order.index(Scope(scope)) <= order.index(Scope(widest))


def check_origin(origin: Origin, scope: Scope) -> None:
    """Scheme, port and, when the host is one, the literal address. Raises `AddressRefused`."""
    _check_port(origin)
    literal = literal_address(origin.host)
    verdict = classify(literal) if literal else _verdict_of_name(origin.host)
    if verdict is not None:
        _check_verdict(origin.host, verdict, scope)
    if origin.scheme == "http" and scope is Scope.PUBLIC:
        raise AddressRefused(
            "Plain http:// would send the key in the clear, so the network scope 'public' takes https:// only; "
            "the scope 'private' allows http:// on a private network.",
            needed=Scope.PRIVATE,
        )


def check_addresses(origin: Origin, addresses: Iterable[str], scope: Scope) -> None:
    """Every address that a name resolved to; one that is not allowed refuses them all. Raises `AddressRefused`.

    A name with a public and a private answer is either a mistake or rebinding; picking the good one would hide both.
    """
    for address in addresses:
        _check_verdict(origin.host, classify(address), scope)


def check_proxy(proxy: Origin, addresses: Iterable[str]) -> None:
    """A proxy may stand anywhere except where nothing may: naming it says that its address is meant."""
    _check_port(proxy)
    for address in addresses:
        verdict = classify(address)
        if verdict.needed is None:
            raise _refusal(proxy.host, verdict)


def check_not_ourselves(origin: Origin, addresses: Iterable[str], listeners: Collection[tuple[str, int]]) -> None:
    """Refuse Lineup's own listeners, also when one is bound to every address of this machine."""
    hosts = {host for host, port in listeners if port == origin.port}
    if not hosts:
        return
    everywhere = any(not host.strip("0.:") for host in hosts)
    plain = [_plain(address) for address in addresses]
    ours = origin.host in hosts or any(one in hosts or (everywhere and _is_of_this_machine(one)) for one in plain)
    if ours:
        raise AddressRefused(
            f"{origin.host}, port {origin.port}, is Lineup itself; no network scope allows that.", needed=None
        )


def literal_address(host: str) -> str | None:
    """The host when it is an address (`Origin` made numeric spellings canonical), None when it is a name."""
    try:
        return str(ip_address(host))
    except ValueError:
        return None


def _known_addresses(host: str) -> tuple[str, ...]:
    """Those that need no resolving."""
    literal = literal_address(host)
    if literal:
        return (literal,)
    return ("127.0.0.1", "::1") if _is_localhost(host) else ()


def _verdict_of_name(host: str) -> Verdict | None:
    """None for a name that has to be resolved first."""
    if _is_localhost(host):
        return _LOCALHOST
    return _METADATA if host.removesuffix(".") in METADATA_NAMES else None


def _is_localhost(host: str) -> bool:
    """RFC 6761: these names never mean another machine."""
    return host == "localhost" or host.endswith(".localhost")


def _check_port(origin: Origin) -> None:
    service = DENIED_PORTS.get(origin.port)
    if service is not None:
        raise AddressRefused(f"Port {origin.port} belongs to {service}; no network scope allows it.", needed=None)


def _check_verdict(host: str, verdict: Verdict, scope: Scope) -> None:
    if verdict.needed not in _ALLOWED[scope]:
        raise _refusal(host, verdict)


def _refusal(host: str, verdict: Verdict) -> AddressRefused:
    if verdict.needed is None:
        return AddressRefused(
            f"{host} is, or resolves to, {verdict.why}; no network scope allows that.", needed=verdict.needed
        )
    return AddressRefused(
        f"{host} is, or resolves to, {verdict.why}; the network scope '{verdict.needed}' would allow it.",
        needed=verdict.needed,
    )


def _plain(address: str) -> str:
    """An IPv4-mapped address as the IPv4 address that it reaches."""
    parsed = ip_address(address)
    mapped = None if isinstance(parsed, IPv4Address) else parsed.ipv4_mapped
    return str(mapped or parsed)


def _is_of_this_machine(address: str) -> bool:
    """Only an address of this machine can be bound to."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True
