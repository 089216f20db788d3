"""Who may be talked to, under which scope, however the address is spelled and whatever its name answers."""

import ipaddress
import socket
from collections.abc import Collection, Sequence
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_lineup.upstream.wire import (
    AddressRefused,
    BadUrl,
    Client,
    Deadlines,
    Origin,
    Path,
    Request,
    Scope,
    check_url,
    classify,
    within,
)
from tests.fakes.wire_server import Tripwire, WireServer, ok, saying

from .conftest import Run

PUBLIC, PRIVATE, LOOPBACK, NEVER = Scope.PUBLIC, Scope.PRIVATE, Scope.LOOPBACK, None
SHORT = Deadlines(connect_s=2, first_byte_s=2, idle_s=2, total_s=4)

ADDRESSES: list[tuple[str, Scope | None]] = [
    ("1.1.1.1", PUBLIC),
    ("8.8.8.8", PUBLIC),
    ("9.255.255.255", PUBLIC),
    ("11.0.0.0", PUBLIC),
    ("100.63.255.255", PUBLIC),
    ("100.128.0.0", PUBLIC),
    ("172.15.255.255", PUBLIC),
    ("172.32.0.0", PUBLIC),
    ("192.0.1.0", PUBLIC),
    ("198.17.255.255", PUBLIC),
    ("223.255.255.255", PUBLIC),
    ("2606:4700::1111", PUBLIC),
    ("2a00:1450:4001::200e", PUBLIC),
    ("::ffff:8.8.8.8", PUBLIC),
    ("64:ff9b::8.8.8.8", PUBLIC),
    ("2002:808:808::1", PUBLIC),
    ("10.0.0.0", PRIVATE),
    ("10.255.255.255", PRIVATE),
    ("100.64.0.1", PRIVATE),
    ("100.100.100.199", PRIVATE),
    ("100.127.255.255", PRIVATE),
    ("172.16.0.1", PRIVATE),
    ("172.31.255.255", PRIVATE),
    ("192.168.1.1", PRIVATE),
    ("198.18.0.1", PRIVATE),
    ("fc00::1", PRIVATE),
    ("fdff::1", PRIVATE),
    ("fd00:ec3::254", PRIVATE),
    ("::ffff:10.0.0.1", PRIVATE),
    ("127.0.0.1", LOOPBACK),
    ("127.255.255.254", LOOPBACK),
    ("::1", LOOPBACK),
    ("::ffff:127.0.0.1", LOOPBACK),
    ("0.0.0.0", NEVER),
    ("0.1.2.3", NEVER),
    ("169.254.169.254", NEVER),
    ("169.254.170.2", NEVER),
    ("100.100.100.200", NEVER),
    ("168.63.129.16", NEVER),
    ("192.0.0.192", NEVER),
    ("192.0.2.1", NEVER),
    ("198.51.100.1", NEVER),
    ("203.0.113.1", NEVER),
    ("224.0.0.1", NEVER),
    ("239.255.255.255", NEVER),
    ("240.0.0.1", NEVER),
    ("255.255.255.255", NEVER),
    ("::", NEVER),
    ("::127.0.0.1", NEVER),
    ("::8.8.8.8", NEVER),
    ("::ffff:0.0.0.0", NEVER),
    ("::ffff:169.254.169.254", NEVER),
    ("::ffff:0:169.254.169.254", NEVER),
    ("64:ff9b::127.0.0.1", NEVER),
    ("64:ff9b::10.0.0.1", NEVER),
    ("64:ff9b::169.254.169.254", NEVER),
    ("64:ff9b:1::8.8.8.8", NEVER),
    ("2002:7f00:1::1", NEVER),
    ("2002:a9fe:a9fe::1", NEVER),
    ("2002:a00:1::", NEVER),
    ("2001:0:a9fe:a9fe::1", NEVER),
    ("2001:0:808:808:0:0:f5ff:fffe", NEVER),  # Teredo: 10.0.0.1, inverted
    ("2606:4700::5efe:10.0.0.1", NEVER),
    ("2606:4700::200:5efe:169.254.169.254", NEVER),
    ("fd00:ec2::254", NEVER),
    ("fd20:ce::254", NEVER),
    ("fe80::1", NEVER),
    ("fec0::1", NEVER),
    ("ff02::1", NEVER),
    ("2001:db8::1", NEVER),
    ("2001:20::1", NEVER),
    ("3fff::1", NEVER),
    ("100::1", NEVER),
    ("4000::1", NEVER),
]
ALLOWED = {PUBLIC: {PUBLIC, PRIVATE}, PRIVATE: {PRIVATE}, LOOPBACK: {LOOPBACK}, NEVER: set()}
"""By which scopes an address of each kind may be reached."""


@pytest.mark.parametrize(("address", "needed"), ADDRESSES)
def test_an_address_is_allowed_by_its_scope_alone(address: str, needed: Scope | None) -> None:
    assert classify(address).needed is needed
    host = f"[{address}]" if ":" in address else address
    for scope in Scope:
        if scope in ALLOWED[needed]:
            assert check_url(f"https://{host}/v1", scope).port == 443
            continue
        with pytest.raises(AddressRefused, match=f"'{needed}'" if needed else "no network scope") as caught:
            check_url(f"https://{host}/v1", scope)
        assert caught.value.needed is needed
        assert caught.value.stage == "connect"


@settings(max_examples=150, deadline=None)
@given(st.ip_addresses(v=4), st.sampled_from(range(12)))
def test_an_odd_spelling_is_the_address_that_it_reaches(address: IPv4Address, spelling: int) -> None:
    number, octets = int(address), address.packed
    texts = [
        str(address),
        str(number),
        hex(number),
        hex(number).upper(),
        f"0{number:o}",
        ".".join(hex(octet) for octet in octets),
        ".".join(f"0{octet:o}" for octet in octets),
        f"{octets[0]}.{number & 0xFFFFFF}",
        f"{octets[0]}.0x{octets[1]:x}.{number & 0xFFFF}",
        str(address).translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)}),
        str(address).replace(".", "。"),
        f"{address}.",
    ]
    assert Origin.of(f"https://{texts[spelling]}:8443/v1") == Origin("https", str(address), 8443)


@pytest.mark.parametrize(
    ("host", "meant"),
    [
        ("127.1", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("017700000001", "127.0.0.1"),
        ("2852039166", "169.254.169.254"),
        ("①②⑦.0.0.1", "127.0.0.1"),
        ("１２７．０．０．１", "127.0.0.1"),
        ("0", "0.0.0.0"),
        ("0x", "0.0.0.0"),
        ("[::FFFF:127.0.0.1]", str(ipaddress.ip_address("::ffff:7f00:1"))),  # Python 3.13 writes it with dots
        ("[0:0:0:0:0:0:0:1]", "::1"),
    ],
)
def test_known_tricks_are_seen_through(host: str, meant: str) -> None:
    try:
        origin = Origin.of(f"https://{host}")
    except BadUrl:
        assert host == "0x"
        return
    assert origin.host == meant
    with pytest.raises(AddressRefused):
        check_url(f"https://{host}", PUBLIC)


@settings(max_examples=200, deadline=None)
@given(st.ip_addresses(v=4))
def test_what_the_resolver_makes_of_a_literal_is_what_was_checked(address: IPv4Address) -> None:
    for text in (str(int(address)), f"{address.packed[0]}.{int(address) & 0xFFFFFF}"):
        found = socket.getaddrinfo(text, 80, socket.AF_INET, socket.SOCK_STREAM)[0][4][0]
        assert Origin.of(f"http://{text}").host == found


@settings(max_examples=200, deadline=None)
@given(st.ip_addresses(v=4))
def test_wrapping_never_makes_an_address_more_allowed(address: IPv4Address) -> None:
    needed = classify(address).needed
    number = int(address)
    wrapped = [
        IPv6Address(0xFFFF << 32 | number),
        IPv6Address(number),
        IPv6Address((0x64FF9B << 96) | number),
        IPv6Address((0x2002 << 112) | (number << 80) | 1),
        IPv6Address((0x20010000 << 96) | (0x08080808 << 64) | (number ^ 0xFFFFFFFF)),
    ]
    for one in wrapped:
        inner = classify(one).needed
        assert inner is None or inner is needed or (int(one) == 1 and inner is LOOPBACK)


@pytest.mark.parametrize("port", [22, 25, 2375, 3306, 5432, 6379, 10250, 11211])
@pytest.mark.parametrize("scope", Scope)
def test_ports_of_other_services_are_refused_under_every_scope(port: int, scope: Scope) -> None:
    with pytest.raises(AddressRefused, match=f"Port {port} .*no network scope") as caught:
        check_url(f"https://api.example.com:{port}", scope)
    assert caught.value.needed is None


def test_plain_http_needs_the_private_scope() -> None:
    with pytest.raises(AddressRefused, match="'private'") as caught:
        check_url("http://api.example.com", PUBLIC)
    assert caught.value.needed is PRIVATE
    assert check_url("http://api.example.com", PRIVATE) == Origin("http", "api.example.com", 80)
    assert check_url("http://127.0.0.1:11434", LOOPBACK).port == 11434


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST", "localhost.", "ollama.localhost"])
def test_localhost_is_known_without_asking(name: str) -> None:
    assert check_url(f"http://{name}", LOOPBACK)
    for scope in (PUBLIC, PRIVATE):
        with pytest.raises(AddressRefused, match="'loopback'"):
            check_url(f"http://{name}", scope)


class Resolver:
    """Answers each question with the next of its answers, the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.questions: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.questions.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


FORBIDDEN_ANSWERS = [
    (["127.0.0.1"], PUBLIC, LOOPBACK),
    (["127.0.0.1"], PRIVATE, LOOPBACK),
    (["::1"], PRIVATE, LOOPBACK),
    (["::ffff:127.0.0.1"], PRIVATE, LOOPBACK),
    (["10.0.0.1"], PUBLIC, PRIVATE),
    (["93.184.216.34", "127.0.0.1"], PUBLIC, LOOPBACK),
    (["127.0.0.1", "93.184.216.34"], PRIVATE, LOOPBACK),
    (["93.184.216.34"], LOOPBACK, PUBLIC),
    (["127.0.0.1", "0.0.0.0"], LOOPBACK, NEVER),
    (["0.0.0.0"], LOOPBACK, NEVER),
    (["169.254.169.254"], PRIVATE, NEVER),
    (["fe80::1%lo"], LOOPBACK, NEVER),
]


@pytest.mark.parametrize(("answers", "scope", "needed"), FORBIDDEN_ANSWERS)
def test_one_forbidden_answer_of_a_name_refuses_them_all(
    run: Run, answers: list[str], scope: Scope, needed: Scope | None
) -> None:
    async def scenario() -> None:
        with Tripwire() as tripwire:
            client = Client(resolver=Resolver(answers))
            scheme = "https" if scope is PUBLIC else "http"
            request = Request("GET", f"{scheme}://rebind.example:{tripwire.port}")
            with pytest.raises(AddressRefused) as caught:
                await client.send(request, path=Path(scope=scope), deadlines=SHORT)
            assert caught.value.needed is needed
            assert not tripwire.was_touched()
            await client.close()

    run(scenario())


def test_a_name_that_changes_its_mind_is_asked_once_and_reached_where_it_was_checked(run: Run) -> None:
    async def scenario() -> None:
        async with WireServer(saying(ok(b"checked")), host="127.0.0.2", name="rebind.example") as server:
            with Tripwire(port=server.port) as tripwire:  # 0.0.0.0 leads to 127.0.0.1 on Linux
                resolver = Resolver(["127.0.0.2"], ["0.0.0.0"])
                client = Client(resolver=resolver)
                path = Path(scope=LOOPBACK)
                async with await client.send(Request("GET", server.url), path=path, deadlines=SHORT) as response:
                    assert await response.read(10) == b"checked"
                assert resolver.questions == ["rebind.example"]
                other = Request("GET", server.url, (("x-api-key", "another, so another connection"),))
                with pytest.raises(AddressRefused):
                    await client.send(other, path=path, deadlines=SHORT)
                assert len(resolver.questions) == 2
                assert not tripwire.was_touched()
                await client.close()

    run(scenario())


@pytest.mark.parametrize("url", ["http://127.0.0.1:{}", "http://127.1:{}", "http://[::ffff:7f00:1]:{}"])
def test_a_literal_is_checked_although_no_name_is_resolved(run: Run, url: str) -> None:
    async def scenario() -> None:
        with Tripwire() as tripwire:
            client = Client()
            request = Request("GET", url.format(tripwire.port))
            with pytest.raises(AddressRefused, match="'loopback'"):
                await client.send(request, path=Path(scope=PRIVATE), deadlines=SHORT)
            assert not tripwire.was_touched()
            await client.close()

    run(scenario())


@pytest.mark.parametrize(
    ("listener", "answer"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1", "::ffff:127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),
        ("0.0.0.0", "127.8.8.8"),
        ("::", "127.0.0.1"),
        ("gateway.example", "127.0.0.1"),
    ],
)
def test_lineup_does_not_talk_to_itself(run: Run, listener: str, answer: str) -> None:
    async def scenario() -> None:
        with Tripwire() as tripwire:

            def own_listeners() -> Collection[tuple[str, int]]:
                return [(listener, tripwire.port)]

            client = Client(resolver=Resolver([answer]), forbidden_origins=own_listeners)
            request = Request("GET", f"http://gateway.example:{tripwire.port}")
            with pytest.raises(AddressRefused, match="Lineup itself") as caught:
                await client.send(request, path=Path(scope=LOOPBACK), deadlines=SHORT)
            assert caught.value.needed is None
            assert not tripwire.was_touched()
            await client.close()

    run(scenario())


def test_another_port_of_this_machine_is_not_lineup_itself(run: Run) -> None:
    async def scenario() -> None:
        async with WireServer(saying(ok())) as server:
            client = Client(forbidden_origins=lambda: [("0.0.0.0", server.port - 1)])
            path = Path(scope=LOOPBACK)
            async with await client.send(Request("GET", server.url), path=path, deadlines=SHORT) as response:
                assert response.status == 200
            await client.close()

    run(scenario())


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("host", ["metadata.google.internal", "METADATA.google.internal.", "metadata", "instance-data"])
def test_a_metadata_service_is_refused_by_name_before_it_is_resolved(host: str, scope: Scope) -> None:
    with pytest.raises(AddressRefused, match="metadata service") as caught:
        check_url(f"https://{host}/v1", scope)
    assert caught.value.needed is NEVER


@pytest.mark.parametrize("url", ["http://127.0.0.1:8484/v1", "http://localhost:8484", "http://[::ffff:127.0.0.1]:8484"])
@pytest.mark.parametrize("listener", ["127.0.0.1", "0.0.0.0", "::"])
def test_lineup_itself_is_refused_when_it_is_entered(url: str, listener: str) -> None:
    with pytest.raises(AddressRefused, match="Lineup itself"):
        check_url(url, LOOPBACK, [(listener, 8484)])
    assert check_url(url.replace("8484", "8485"), LOOPBACK, [(listener, 8484)])


def test_lineup_is_refused_by_its_public_name_too() -> None:
    with pytest.raises(AddressRefused, match="Lineup itself"):
        check_url("https://lineup.example.com/v1", PUBLIC, [("lineup.example.com", 443)])


@pytest.mark.parametrize(
    ("scope", "widest", "inside"),
    [
        ("public", "public", True),
        ("private", "public", False),
        ("loopback", "public", False),
        ("private", "private", True),
        ("loopback", "private", False),
        ("loopback", "loopback", True),
    ],
)
def test_a_ceiling_over_scopes(scope: str, widest: str, inside: bool) -> None:
    assert within(scope, widest) is inside
