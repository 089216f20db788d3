"""Where a provider may be: scopes, the operator's ceiling, odd spellings, and Lineup itself."""

import asyncio
import re
from pathlib import Path

import pytest

from model_lineup.app import open_instance
from model_lineup.errors import (
    EgressRefused,
    InvalidInput,
)
from model_lineup.settings import Settings
from tests.fakes.clock import ManualClock
from tests.fakes.desk import Desk
from tests.fakes.instances import Kind, Templates
from tests.fakes.wire_server import Tripwire


def test_a_refused_address_names_the_scope_that_would_allow_it(desk: Desk) -> None:
    refusals = [
        ("http://127.0.0.1:8000/v1", "public", "loopback"),
        ("http://localhost:8000/v1", "public", "loopback"),
        ("https://10.1.2.3/v1", "public", "private"),
        ("http://api.example.com/v1", "public", "private"),
        ("http://192.168.1.1/v1", "loopback", "private"),
        ("http://127.0.0.1:8000/v1", "private", "loopback"),
    ]
    for base_url, scope, needed in refusals:
        with pytest.raises(EgressRefused, match=f"'{needed}'") as refused:
            desk.provider(base_url=base_url, network_scope=scope)
        assert refused.value.facts["allowed_by_network_scope"] == needed
        desk.provider(base_url=base_url, network_scope=needed)


def test_metadata_addresses_are_refused_under_each_scope(desk: Desk) -> None:
    for host in ("169.254.169.254", "[fd00:ec2::254]", "100.100.100.200", "[::ffff:a9fe:a9fe]", "2852039166"):
        for scope in ("public", "private", "loopback"):
            with pytest.raises(EgressRefused) as refused:
                desk.provider(base_url=f"https://{host}/v1", network_scope=scope)
            assert refused.value.facts["allowed_by_network_scope"] is None


def test_an_odd_base_url_is_refused_where_it_is_entered(desk: Desk) -> None:
    provider = desk.provider()
    before = desk.tables()
    odd = [
        "https://user:pw@api.example.com/v1",
        "https://api.example.com/v1#x",
        "https://api.example.com/v1?key=1",
        "ftp://api.example.com",
        "api.example.com/v1",
        "https://",
        "https://a b/",
        "https://api.example.com:0/v1",
        "https://api.example.com/\x00",
        "https://api.example.com/\ud800",
        "",
    ]
    for base_url in odd:
        with pytest.raises(InvalidInput, match="/base_url") as refused:
            desk.provider(base_url=base_url)
        assert "pw" not in str(refused.value)
        with pytest.raises(InvalidInput, match="/base_url"):
            desk.change_provider(provider.id, base_url=base_url)
    assert desk.tables() == before


def test_widening_the_scope_is_journaled(desk: Desk) -> None:
    provider = desk.provider()
    desk.change_provider(provider.id, network_scope="private")
    entry = desk.last_change().entries[0]  # type: ignore[index]
    assert (entry.before, entry.after) == ({"network_scope": "public"}, {"network_scope": "private"})


def test_the_operators_ceiling_holds_for_every_admin(
    kind: Kind, templates: Templates, tmp_path: Path, clock: ManualClock
) -> None:
    with templates.settings(kind, tmp_path / "instance") as settings:
        with open_instance(settings, clock=clock) as rooms:
            provider = Desk(rooms).provider(base_url="http://127.0.0.1:1/v1", network_scope="loopback")
        narrowed = Settings.model_validate({**settings.model_dump(), "egress_max_scope": "private"})
        with open_instance(narrowed, clock=clock) as rooms:
            desk = Desk(rooms)
            with pytest.raises(EgressRefused, match="LINEUP_EGRESS_MAX_SCOPE"):
                desk.provider("Other", network_scope="loopback")
            with pytest.raises(EgressRefused, match="LINEUP_EGRESS_MAX_SCOPE"):
                desk.change_provider(provider.id, base_url="http://127.0.0.1:2/v1")
            assert not desk.change_provider(provider.id, enabled=False)[
                0
            ].enabled  # what is there can still be switched off
            assert desk.change_provider(provider.id, name="Renamed", api_key=None)[0].name == "Renamed"


@pytest.mark.parametrize(
    ("typed", "spelt"),
    [
        ("127.1", "127.0.0.1"),
        ("0x7f.1:8080", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("[0:0:0:0:0:0:0:1]:11434", "[::1]"),
    ],
)
def test_an_odd_spelling_of_an_address_is_refused_with_the_right_one(desk: Desk, typed: str, spelt: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(f"spelt {spelt}")):
        desk.provider(base_url=f"http://{typed}/v1", network_scope="loopback")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:11434", "LOCALHOST:1"])
def test_the_usual_spelling_is_taken(desk: Desk, host: str) -> None:
    assert desk.provider(base_url=f"http://{host}/v1", network_scope="loopback").base_url == f"http://{host}/v1"


def test_lineup_is_no_provider_of_itself(desk: Desk) -> None:
    with pytest.raises(EgressRefused, match="Lineup itself"):
        desk.provider(base_url="http://localhost:8484/v1", network_scope="loopback")


def test_lineup_is_no_provider_of_itself_under_its_public_address_either(
    kind: Kind, templates: Templates, tmp_path: Path, clock: ManualClock
) -> None:
    with templates.settings(kind, tmp_path / "instance") as settings:
        public = Settings.model_validate({**settings.model_dump(), "public_url": "https://lineup.example.com"})
        with open_instance(public, clock=clock) as rooms:
            with pytest.raises(EgressRefused, match="Lineup itself"):
                Desk(rooms).provider(base_url="https://lineup.example.com/v1")
            bounds = rooms.providers.endpoint(Desk(rooms).provider().id).bounds
            assert set(bounds.own_listeners) == {("127.0.0.1", 8484), ("lineup.example.com", 443)}


def test_the_ceiling_holds_for_what_was_entered_before_it_came_down(
    kind: Kind, templates: Templates, tmp_path: Path, clock: ManualClock
) -> None:
    with templates.settings(kind, tmp_path / "instance") as settings, Tripwire() as tripwire:
        with open_instance(settings, clock=clock) as rooms:
            url = f"http://127.0.0.1:{tripwire.port}/v1"
            provider = Desk(rooms).provider(base_url=url, network_scope="loopback")
            model = Desk(rooms).model(provider, "m")
        narrowed = Settings.model_validate({**settings.model_dump(), "egress_max_scope": "private"})
        with open_instance(narrowed, clock=clock) as rooms:
            tested = asyncio.run(rooms.tests.connection(model.id, "tester"))
            listed = asyncio.run(rooms.discovery.test(provider.id))
        assert not tripwire.was_touched()
    for found in (tested, listed):
        assert (found.passed, found.stage) == (False, "connect")
        assert "LINEUP_EGRESS_MAX_SCOPE" in found.hint
