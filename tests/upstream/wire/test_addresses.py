"""Which scope an address needs, however it is spelled: judged without asking anybody."""

import ipaddress
import socket
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_lineup.upstream.wire import (
    AddressRefused,
    BadUrl,
    Origin,
    Scope,
    check_url,
    classify,
)

PUBLIC, PRIVATE, LOOPBACK, NEVER = Scope.PUBLIC, Scope.PRIVATE, Scope.LOOPBACK, None

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
