"""Providers: their slugs, their keys, which go in and never come out, and what they may not be."""

import asyncio
import json
import math
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trustme
from sqlalchemy import select, update

from model_lineup.app import open_instance
from model_lineup.catalog.shapes import NewProvider, ProviderChanges
from model_lineup.catalog.tables import providers
from model_lineup.errors import (
    CredentialRebindRequired,
    DuplicateProvider,
    EgressRefused,
    InvalidInput,
    KeyUndecryptable,
    NameWouldMove,
    NotFound,
    PreconditionFailed,
    ProviderHasModels,
    StartRefused,
)
from model_lineup.settings import Settings
from model_lineup.vault import new_ring, store_ring
from tests.fakes.clock import ManualClock
from tests.fakes.desk import BY, Desk
from tests.fakes.instances import Kind, Templates
from tests.fakes.wire_server import Tripwire

KEY = "sk-canary-0123456789-wxyz"


@pytest.fixture(scope="session")
def bundle() -> str:
    return trustme.CA().cert_pem.bytes().decode()


def change(desk: Desk, provider_id: int, **changes: Any) -> Any:
    confirm = changes.pop("confirm", False)
    return desk.rooms.providers.change(provider_id, ProviderChanges(**changes), BY, confirm=confirm)


def test_a_provider_has_a_slug_from_its_name(desk: Desk) -> None:
    slugs = [desk.provider(name).slug for name in ("My GPU box!", "my gpu BOX", "Ünïcode", "日本", "日本語", "--a--")]
    assert slugs == ["my-gpu-box", "my-gpu-box-2", "n-code", "provider", "provider-2", "a"]


def test_a_long_name_that_many_share_still_gives_a_slug_of_40_characters(desk: Desk) -> None:
    slugs = [desk.provider("a" * 100).slug for _ in range(12)]
    assert len(set(slugs)) == 12
    assert max(map(len, slugs)) <= 40


def test_a_slug_can_be_chosen_and_is_unique(desk: Desk) -> None:
    assert desk.provider("One", slug="box-1").slug == "box-1"
    with pytest.raises(DuplicateProvider, match="box-1"):
        desk.provider("Two", slug="box-1")


def test_a_slug_of_other_characters_is_refused(desk: Desk) -> None:
    for slug in ("", "Box", "a b", "a/b", "é", "a" * 41):
        with pytest.raises(InvalidInput, match="/slug"):
            desk.provider("One", slug=slug)


def test_the_slug_stays_when_the_name_changes(desk: Desk) -> None:
    provider = desk.provider("Before")
    assert change(desk, provider.id, name="After")[0].slug == "before"


def test_the_slug_of_a_deleted_provider_is_free_again(desk: Desk) -> None:
    first = desk.provider("Box")
    desk.rooms.providers.delete(first.id, BY)
    assert desk.provider("Box").slug == "box"


def test_a_key_goes_in_and_only_its_last_four_characters_come_out(desk: Desk) -> None:
    provider = desk.provider(api_key=KEY)
    assert (provider.api_key_set, provider.api_key_last4, provider.version) == (True, "wxyz", 1)
    assert KEY not in msgspec.json.encode(provider).decode()
    assert desk.rooms.providers.endpoint(provider.id).api_key == KEY


def test_a_short_key_shows_nothing_of_itself(desk: Desk) -> None:
    assert desk.provider(api_key="abcdefgh").api_key_last4 is None


def test_a_key_is_sealed_at_rest(desk: Desk) -> None:
    desk.provider(api_key=KEY)
    assert KEY not in json.dumps(desk.tables(), default=repr)


def test_a_key_that_no_header_can_carry_is_refused(desk: Desk) -> None:
    before = desk.tables()
    for key in ("", "with space", "line\nbreak", "é", "nul\x00", "x" * 4097):
        with pytest.raises(InvalidInput, match="/api_key"):
            desk.provider(api_key=key)
    assert desk.tables() == before


def test_a_key_belongs_to_its_origin(desk: Desk) -> None:
    provider = desk.provider(api_key=KEY)
    with pytest.raises(CredentialRebindRequired) as refused:
        change(desk, provider.id, base_url="https://evil.example/v1")
    assert refused.value.facts == {
        "key_origin": "https://api.example.com:443",
        "new_origin": "https://evil.example:443",
    }
    assert desk.rooms.providers.endpoint(provider.id).base_url == "https://api.example.com/v1"


def test_another_port_host_or_scheme_is_another_origin(desk: Desk) -> None:
    provider = desk.provider(api_key=KEY)
    for base_url in ("https://api.example.com:8443/v1", "https://api.example.com.evil.example/v1", "https://x.example"):
        with pytest.raises(CredentialRebindRequired):
            change(desk, provider.id, base_url=base_url)
    with pytest.raises(CredentialRebindRequired):
        change(desk, provider.id, base_url="http://api.example.com:443/v1", network_scope="private")


def test_the_same_origin_keeps_its_key(desk: Desk) -> None:
    provider = desk.provider(api_key=KEY)
    for base_url in ("https://api.example.com/v2", "https://API.example.com:443/", "HTTPS://api.example.com"):
        change(desk, provider.id, base_url=base_url)
        assert desk.rooms.providers.endpoint(provider.id).api_key == KEY


def test_a_new_origin_takes_a_new_key(desk: Desk) -> None:
    provider = desk.provider(api_key=KEY)
    after, _ = change(desk, provider.id, base_url="https://other.example/v1", api_key="another-key-0123")
    endpoint = desk.rooms.providers.endpoint(provider.id)
    assert (endpoint.api_key, endpoint.base_url) == ("another-key-0123", "https://other.example/v1")
    assert after.api_key_last4 == "0123"


def test_a_new_origin_without_any_key_is_fine(desk: Desk) -> None:
    provider = desk.provider()
    assert change(desk, provider.id, base_url="https://other.example/v1")[0].base_url == "https://other.example/v1"


def test_a_key_can_be_removed_and_the_origin_changed_with_it(desk: Desk) -> None:
    provider = desk.provider(api_key=KEY)
    after, receipt = change(desk, provider.id, api_key=None, base_url="https://other.example/v1")
    assert (after.api_key_set, after.api_key_last4) == (False, None)
    assert desk.rooms.providers.endpoint(provider.id).api_key is None
    assert receipt.change_id is not None
    assert desk.last_change().entries[0].after["api_key"] == "removed"  # type: ignore[index]


def test_removing_a_key_that_is_not_there_changes_nothing(desk: Desk) -> None:
    provider = desk.provider()
    assert change(desk, provider.id, api_key=None)[1].change_id is None


def test_a_sealed_key_moved_to_another_provider_does_not_open(desk: Desk) -> None:
    one, two = desk.provider("One", api_key=KEY), desk.provider("Two", api_key="another-key-0123")
    with desk.rooms.database.write() as connection:
        stolen = connection.execute(select(providers.c.sealed_key).where(providers.c.id == one.id)).scalar_one()
        connection.execute(update(providers).where(providers.c.id == two.id).values(sealed_key=stolen))
    with pytest.raises(KeyUndecryptable):
        desk.rooms.providers.endpoint(two.id)


def test_a_base_url_rewritten_in_the_database_does_not_get_the_key(desk: Desk) -> None:
    provider = desk.provider(api_key=KEY)
    with desk.rooms.database.write() as connection:
        connection.execute(update(providers).values(base_url="https://evil.example/v1"))
    with pytest.raises(KeyUndecryptable):
        desk.rooms.providers.endpoint(provider.id)


def test_one_bad_row_leaves_the_list_working(desk: Desk) -> None:
    bad, good = desk.provider("Bad", api_key=KEY), desk.provider("Good", api_key="another-key-0123")
    with desk.rooms.database.write() as connection:
        connection.execute(update(providers).where(providers.c.id == bad.id).values(sealed_key="v1.x.y.z"))
    with pytest.raises(KeyUndecryptable, match=f"provider {bad.id}") as refused:
        desk.rooms.providers.endpoint(bad.id)
    assert refused.value.status == 503
    assert desk.rooms.providers.endpoint(good.id).api_key == "another-key-0123"
    found, total = desk.rooms.providers.page(limit=10, offset=0)
    assert ([one.slug for one in found], total) == (["bad", "good"], 2)


def test_the_wrong_key_ring_refuses_to_start(kind: Kind, templates: Templates, tmp_path: Path) -> None:
    with templates.settings(kind, tmp_path / "instance") as settings:
        (tmp_path / "instance" / "keyring.json").unlink()
        store_ring(new_ring(), tmp_path / "instance" / "keyring.json")
        with pytest.raises(StartRefused, match="key ring"), open_instance(settings):
            pass


def test_a_missing_key_ring_refuses_to_start_and_makes_none(kind: Kind, templates: Templates, tmp_path: Path) -> None:
    ring = tmp_path / "instance" / "keyring.json"
    with templates.settings(kind, tmp_path / "instance") as settings:
        ring.unlink()
        with pytest.raises(StartRefused, match="is missing"), open_instance(settings):
            pass
        assert not ring.exists()


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
            change(desk, provider.id, base_url=base_url)
    assert desk.tables() == before


def test_widening_the_scope_is_journaled(desk: Desk) -> None:
    provider = desk.provider()
    change(desk, provider.id, network_scope="private")
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
                change(desk, provider.id, base_url="http://127.0.0.1:2/v1")
            assert not change(desk, provider.id, enabled=False)[0].enabled  # what is there can still be switched off
            assert change(desk, provider.id, name="Renamed", api_key=None)[0].name == "Renamed"


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


def test_a_header_outside_the_allow_list_is_refused(desk: Desk) -> None:
    for name in ("Authorization", "x-api-key", "Host", "Cookie", "Content-Length", "Proxy-Authorization", "", "é"):
        with pytest.raises(InvalidInput, match="/headers"):
            desk.provider(headers={name: "x"})


def test_headers_are_kept_with_lower_case_names(desk: Desk) -> None:
    provider = desk.provider(headers={"OpenAI-Organization": "org-1"})
    assert provider.headers == {"openai-organization": "org-1"}
    assert desk.rooms.providers.endpoint(provider.id).headers == (("openai-organization", "org-1"),)


def test_the_same_headers_in_another_spelling_change_nothing(desk: Desk) -> None:
    provider = desk.provider(headers={"x-title": "T", "user-agent": "U"})
    assert change(desk, provider.id, headers={"User-Agent": "U", "X-Title": "T"})[1].change_id is None


def test_a_header_value_that_would_break_the_line_is_refused(desk: Desk) -> None:
    for value in ("a\r\nx: y", "é", "x" * 513, "\x00", "end\n"):
        with pytest.raises(InvalidInput, match="/headers/x-title"):
            desk.provider(headers={"x-title": value})


def test_a_timeout_out_of_range_is_refused(desk: Desk) -> None:
    for name, seconds in [("connect", 1), ("connect_s", 0), ("connect_s", -1), ("connect_s", 61), ("test_s", math.nan)]:
        with pytest.raises(InvalidInput, match="/timeouts"):
            desk.provider(timeouts={name: seconds})


def test_a_timeout_of_its_own_wins_over_the_instances(desk: Desk) -> None:
    provider = desk.provider(timeouts={"connect_s": 7})
    timeouts = desk.rooms.providers.endpoint(provider.id).timeouts
    assert (timeouts.connect_s, timeouts.first_byte_s) == (7, 120)
    assert change(desk, provider.id, timeouts={"connect_s": 7.0})[1].change_id is None
    assert change(desk, provider.id, timeouts=None)[0].timeouts == {}


def test_a_proxy_is_http_host_and_port(desk: Desk) -> None:
    for proxy in ("https://proxy:1", "socks5://proxy:1", "proxy:1", "http://u:p@proxy:1", "http://p:1/x", ""):
        with pytest.raises(InvalidInput, match="/proxy"):
            desk.provider(proxy=proxy)
    assert desk.provider(proxy="http://proxy:3128").proxy == "http://proxy:3128"


def test_a_ca_bundle_must_be_readable(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match="/ca_bundle"):
        desk.provider(ca_bundle="-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----")


def test_a_stored_key_is_not_led_past_a_new_proxy_or_a_new_authority(desk: Desk, bundle: str) -> None:
    provider = desk.provider(api_key=KEY)
    for way in ({"proxy": "http://proxy:3128"}, {"ca_bundle": bundle}):
        with pytest.raises(CredentialRebindRequired) as refused:
            change(desk, provider.id, **way)
        assert refused.value.facts["key_origin"] == "https://api.example.com:443"
        assert change(desk, provider.id, **way, api_key="entered-again-0123")[0].api_key_last4 == "0123"
        change(desk, provider.id, **way, name="The same way again")
        change(desk, provider.id, **dict.fromkeys(way))  # a way that is taken out leads nowhere else
    assert change(desk, desk.provider("Keyless").id, proxy="http://proxy:3128")[0].proxy == "http://proxy:3128"


def test_no_proxy_leads_to_this_machine(desk: Desk) -> None:
    local = {"base_url": "http://127.0.0.1:8000/v1", "network_scope": "loopback"}
    with pytest.raises(InvalidInput, match="/proxy"):
        desk.provider(**local, proxy="http://proxy:3128")
    provider = desk.provider(**local)
    with pytest.raises(InvalidInput, match="/proxy"):
        change(desk, provider.id, proxy="http://proxy:3128")


def test_what_older_rules_let_in_can_still_be_renamed_and_switched_off(desk: Desk) -> None:
    provider = desk.provider(base_url="http://127.0.0.1:8000/v1", network_scope="loopback", api_key=KEY)
    with desk.rooms.database.write() as connection:
        connection.execute(update(providers).values(proxy="http://proxy:3128"))
    assert not change(desk, provider.id, enabled=False, name="Off")[0].enabled
    assert change(desk, provider.id, proxy=None)[0].proxy is None


def test_an_unknown_kind_is_refused_naming_the_kinds(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match="openai"):
        desk.provider(type="nonsense")


def test_providers_come_in_the_admins_order(desk: Desk) -> None:
    one, two, three = (desk.provider(name) for name in ("One", "Two", "Three"))
    found, receipt = desk.rooms.providers.reorder([three.id, one.id, two.id], BY)
    assert [provider.id for provider in found] == [three.id, one.id, two.id]
    assert receipt.change_id is not None
    assert [provider.position for provider in found] == [1, 2, 3]
    assert desk.rooms.providers.reorder([three.id, one.id, two.id], BY)[1].change_id is None
    assert desk.provider("Four").position == 4


def test_an_order_names_every_provider_once(desk: Desk) -> None:
    one, two = desk.provider("One"), desk.provider("Two")
    for wrong in ([one.id], [one.id, two.id, two.id], [one.id, 99], []):
        with pytest.raises(InvalidInput, match="/provider_ids"):
            desk.rooms.providers.reorder(wrong, BY)


def test_switching_off_keeps_the_flags_of_its_models(desk: Desk) -> None:
    provider = desk.provider()
    model = desk.model(provider, "m", visible=True, agents_enabled=True)
    change(desk, provider.id, enabled=False)
    off = desk.rooms.models.get(model.id)
    assert (off.visible, off.agents_enabled, off.provider.enabled, off.version) == (True, True, False, model.version)
    assert desk.answers("m") is None
    change(desk, provider.id, enabled=True)
    assert desk.answers("m") == model.id


def test_switching_to_what_it_is_changes_nothing(desk: Desk) -> None:
    provider = desk.provider()
    after, receipt = change(desk, provider.id, enabled=True)
    assert (after, receipt.change_id) == (provider, None)


def test_another_version_refuses_the_change_and_shows_the_current_state(desk: Desk) -> None:
    provider = desk.provider()
    change(desk, provider.id, name="Newer")
    with pytest.raises(PreconditionFailed) as refused:
        desk.rooms.providers.change(provider.id, ProviderChanges(name="Older"), BY, if_match=provider.version)
    assert refused.value.facts["current"].name == "Newer"
    with pytest.raises(PreconditionFailed):
        desk.rooms.providers.delete(provider.id, BY, if_match=provider.version)


def test_a_provider_with_models_is_not_deleted_without_force(desk: Desk) -> None:
    provider = desk.provider()
    model = desk.model(provider, "m", visible=True)
    desk.alias(model, "a1")
    desk.alias(model, "a2")
    desk.model(provider, "n")
    before = desk.tables()
    with pytest.raises(ProviderHasModels) as refused:
        desk.rooms.providers.delete(provider.id, BY)
    assert refused.value.facts == {"models": 2, "aliases": 2}
    assert desk.tables() == before


def test_force_deletes_its_models_and_their_aliases_and_wipes_its_key(desk: Desk) -> None:
    provider = desk.provider(api_key=KEY)
    model = desk.model(provider, "m", visible=True)
    desk.alias(model, "a1")
    desk.rooms.providers.delete(provider.id, BY, force=True)
    assert desk.ids() == []
    assert desk.rooms.aliases.page(limit=10, offset=0).total == 0
    with pytest.raises(NotFound):
        desk.rooms.providers.get(provider.id)
    with desk.rooms.database.read() as connection:
        assert connection.execute(select(providers.c.sealed_key, providers.c.key_hint)).all() == [(None, None)]


def test_deleting_a_provider_whose_model_id_another_has_moves_a_name(desk: Desk) -> None:
    one, two = desk.provider("One"), desk.provider("Two")
    desk.model(one, "m", visible=True)
    other = desk.model(two, "m", visible=True)
    with pytest.raises(NameWouldMove):
        desk.rooms.providers.delete(one.id, BY, force=True)
    desk.rooms.providers.delete(one.id, BY, force=True, confirm=True)
    assert desk.answers("m") == other.id


def test_nothing_is_found_under_an_unknown_id(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.rooms.providers.get(5)
    with pytest.raises(NotFound):
        change(desk, 5, name="x")
    with pytest.raises(NotFound):
        desk.rooms.providers.delete(5, BY)
    with pytest.raises(NotFound):
        desk.rooms.providers.endpoint(5)


def test_an_endpoint_shows_no_secret_when_it_is_printed(desk: Desk) -> None:
    provider = desk.provider(api_key=KEY, headers={"x-title": "hidden-value"})
    assert KEY not in repr(desk.rooms.providers.endpoint(provider.id))


def test_new_providers_are_checked_before_anything_is_written(desk: Desk) -> None:
    before = desk.tables()
    with pytest.raises(InvalidInput):
        desk.rooms.providers.create(
            NewProvider(name="x", type="openai", base_url="https://a.example", api_key="a b"), BY
        )
    assert desk.tables() == before


DRILL = "http://127.0.0.1:8490/fault/silent/v1"


@pytest.mark.parametrize(
    "base_url",
    [
        "https://api.example.com/v1",
        "http://127.0.0.1:8490/v1",
        "http://127.0.0.2:8490/fault/silent/v1",
        "http://10.0.0.1:8490/fault/silent/v1",
        "http://127.0.0.1:8490/fault/../v1",
        "http://127.0.0.1:8490/fault/silent/v1/elsewhere",
    ],
)
def test_a_drill_leads_to_a_case_and_nowhere_else(
    kind: Kind, templates: Templates, tmp_path: Path, clock: ManualClock, base_url: str
) -> None:
    with templates.settings(kind, tmp_path / "instance") as settings:
        drilling = Settings.model_validate({**settings.model_dump(), "drills": True})
        with open_instance(drilling, clock=clock) as rooms:
            desk = Desk(rooms)
            with pytest.raises(InvalidInput, match="/base_url"):
                desk.provider("Other", type="fault", base_url=base_url, network_scope="loopback")
            provider = desk.provider(type="fault", base_url=DRILL, network_scope="loopback")
            with pytest.raises(InvalidInput, match="/base_url"):
                change(desk, provider.id, base_url=base_url)


def test_a_drill_is_no_kind_while_drills_are_off(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match="LINEUP_DRILLS"):
        desk.provider(type="fault", base_url=DRILL, network_scope="loopback")
