"""Whom a request is counted by: the peer, unless a proxy that is trusted speaks for somebody else."""

import pytest
from pydantic import ValidationError

from model_lineup.api.visits import client_address
from model_lineup.security.visit import Visit
from model_lineup.settings import Settings, networks

PROXIES = networks("10.0.0.0/8, fd00::/8")


@pytest.mark.parametrize(
    ("peer", "hops", "client"),
    [
        ("192.0.2.1", ["203.0.113.9"], "192.0.2.1"),  # not trusted: what it says is nothing
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["1.1.1.1", "203.0.113.9"], "203.0.113.9"),  # the left one the client made up
        ("10.0.0.1", ["203.0.113.9", " 10.0.0.2"], "203.0.113.9"),
        ("10.0.0.1", ["10.0.0.3", "10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["203.0.113.9", "unknown"], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9", "", "10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", ["203.0.113.9:4711"], "203.0.113.9"),
        ("10.0.0.1", ["[2001:db8::1]:4711"], "2001:db8::1"),
        ("10.0.0.1", ['"[2001:db8::1]"'], "2001:db8::1"),
        ("::ffff:10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("fd00::1", ["::ffff:203.0.113.9"], "203.0.113.9"),
        ("fe80::1%eth0", ["203.0.113.9"], "fe80::1"),
        ("10.0.0.1", ["203.0.113.9"] + ["10.0.0.2"] * 1000, "10.0.0.2"),
        ("testclient", ["203.0.113.9"], "testclient"),
    ],
)
def test_the_right_most_hop_that_is_not_trusted_is_the_client(peer: str, hops: list[str], client: str) -> None:
    assert client_address(peer, hops, PROXIES) == client


def test_without_trusted_proxies_nobody_speaks_for_others() -> None:
    assert client_address("127.0.0.1", ["203.0.113.9"], networks("none")) == "127.0.0.1"


@pytest.mark.parametrize("said", ["proxy.example", "10.0.0.0/33", "10.0.0.1/8", "*"])
def test_a_network_that_is_none_is_refused(said: str) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"trusted_proxies": said})


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
        (None, None),
    ],
)
def test_an_ipv6_host_is_counted_by_its_network(address: str | None, network: str | None) -> None:
    assert Visit(address).network == network
