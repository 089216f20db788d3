"""The keys of providers: they go in and never come out, and belong to the origin that they were entered for."""

import json
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select, update

from model_lineup.app import open_instance
from model_lineup.catalog.tables import providers
from model_lineup.errors import (
    CredentialRebindRequired,
    InvalidInput,
    KeyUndecryptable,
    StartRefused,
)
from model_lineup.vault import new_ring, store_ring
from tests.fakes.desk import PROVIDER_KEY, Desk
from tests.fakes.instances import Kind, Templates


def test_a_key_goes_in_and_only_its_last_four_characters_come_out(desk: Desk) -> None:
    provider = desk.provider(api_key=PROVIDER_KEY)
    assert (provider.api_key_set, provider.api_key_last4, provider.version) == (True, "wxyz", 1)
    assert PROVIDER_KEY not in msgspec.json.encode(provider).decode()
    assert desk.rooms.providers.endpoint(provider.id).api_key == PROVIDER_KEY


def test_a_short_key_shows_nothing_of_itself(desk: Desk) -> None:
    assert desk.provider(api_key="abcdefgh").api_key_last4 is None


def test_a_key_is_sealed_at_rest(desk: Desk) -> None:
    desk.provider(api_key=PROVIDER_KEY)
    assert PROVIDER_KEY not in json.dumps(desk.tables(), default=repr)


def test_a_key_that_no_header_can_carry_is_refused(desk: Desk) -> None:
    before = desk.tables()
    for key in ("", "with space", "line\nbreak", "é", "nul\x00", "x" * 4097):
        with pytest.raises(InvalidInput, match="/api_key"):
            desk.provider(api_key=key)
    assert desk.tables() == before


def test_a_key_belongs_to_its_origin(desk: Desk) -> None:
    provider = desk.provider(api_key=PROVIDER_KEY)
    with pytest.raises(CredentialRebindRequired) as refused:
        desk.change_provider(provider.id, base_url="https://evil.example/v1")
    assert refused.value.facts == {
        "key_origin": "https://api.example.com:443",
        "new_origin": "https://evil.example:443",
    }
    assert desk.rooms.providers.endpoint(provider.id).base_url == "https://api.example.com/v1"


def test_another_port_host_or_scheme_is_another_origin(desk: Desk) -> None:
    provider = desk.provider(api_key=PROVIDER_KEY)
    for base_url in ("https://api.example.com:8443/v1", "https://api.example.com.evil.example/v1", "https://x.example"):
        with pytest.raises(CredentialRebindRequired):
            desk.change_provider(provider.id, base_url=base_url)
    with pytest.raises(CredentialRebindRequired):
        desk.change_provider(provider.id, base_url="http://api.example.com:443/v1", network_scope="private")


def test_the_same_origin_keeps_its_key(desk: Desk) -> None:
    provider = desk.provider(api_key=PROVIDER_KEY)
    for base_url in ("https://api.example.com/v2", "https://API.example.com:443/", "HTTPS://api.example.com"):
        desk.change_provider(provider.id, base_url=base_url)
        assert desk.rooms.providers.endpoint(provider.id).api_key == PROVIDER_KEY


def test_a_new_origin_takes_a_new_key(desk: Desk) -> None:
    provider = desk.provider(api_key=PROVIDER_KEY)
    after, _ = desk.change_provider(provider.id, base_url="https://other.example/v1", api_key="another-key-0123")
    endpoint = desk.rooms.providers.endpoint(provider.id)
    assert (endpoint.api_key, endpoint.base_url) == ("another-key-0123", "https://other.example/v1")
    assert after.api_key_last4 == "0123"


def test_a_new_origin_without_any_key_is_fine(desk: Desk) -> None:
    provider = desk.provider()
    assert (
        desk.change_provider(provider.id, base_url="https://other.example/v1")[0].base_url == "https://other.example/v1"
    )


def test_a_key_can_be_removed_and_the_origin_changed_with_it(desk: Desk) -> None:
    provider = desk.provider(api_key=PROVIDER_KEY)
    after, receipt = desk.change_provider(provider.id, api_key=None, base_url="https://other.example/v1")
    assert (after.api_key_set, after.api_key_last4) == (False, None)
    assert desk.rooms.providers.endpoint(provider.id).api_key is None
    assert receipt.change_id is not None
    assert desk.last_change().entries[0].after["api_key"] == "removed"  # type: ignore[index]


def test_removing_a_key_that_is_not_there_changes_nothing(desk: Desk) -> None:
    provider = desk.provider()
    assert desk.change_provider(provider.id, api_key=None)[1].change_id is None


def test_a_sealed_key_moved_to_another_provider_does_not_open(desk: Desk) -> None:
    one, two = desk.provider("One", api_key=PROVIDER_KEY), desk.provider("Two", api_key="another-key-0123")
    with desk.rooms.database.write() as connection:
        stolen = connection.execute(select(providers.c.sealed_key).where(providers.c.id == one.id)).scalar_one()
        connection.execute(update(providers).where(providers.c.id == two.id).values(sealed_key=stolen))
    with pytest.raises(KeyUndecryptable):
        desk.rooms.providers.endpoint(two.id)


def test_a_base_url_rewritten_in_the_database_does_not_get_the_key(desk: Desk) -> None:
    provider = desk.provider(api_key=PROVIDER_KEY)
    with desk.rooms.database.write() as connection:
        connection.execute(update(providers).values(base_url="https://evil.example/v1"))
    with pytest.raises(KeyUndecryptable):
        desk.rooms.providers.endpoint(provider.id)


def test_one_bad_row_leaves_the_list_working(desk: Desk) -> None:
    bad, good = desk.provider("Bad", api_key=PROVIDER_KEY), desk.provider("Good", api_key="another-key-0123")
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
