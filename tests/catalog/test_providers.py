"""Providers: their slugs, their order, switching, changing and deleting them."""

from pathlib import Path

import pytest
from sqlalchemy import select

from model_lineup.app import open_instance
from model_lineup.catalog.shapes import NewProvider, ProviderChanges
from model_lineup.catalog.tables import providers
from model_lineup.errors import (
    DuplicateProvider,
    InvalidInput,
    NameWouldMove,
    NotFound,
    PreconditionFailed,
    ProviderHasModels,
)
from model_lineup.settings import Settings
from tests.fakes.clock import ManualClock
from tests.fakes.desk import BY, PROVIDER_KEY, Desk
from tests.fakes.instances import Kind, Templates


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
    assert desk.change_provider(provider.id, name="After")[0].slug == "before"


def test_the_slug_of_a_deleted_provider_is_free_again(desk: Desk) -> None:
    first = desk.provider("Box")
    desk.rooms.providers.delete(first.id, BY)
    assert desk.provider("Box").slug == "box"


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
    desk.change_provider(provider.id, enabled=False)
    off = desk.rooms.models.get(model.id)
    assert (off.visible, off.agents_enabled, off.provider.enabled, off.version) == (True, True, False, model.version)
    assert desk.answers("m") is None
    desk.change_provider(provider.id, enabled=True)
    assert desk.answers("m") == model.id


def test_switching_to_what_it_is_changes_nothing(desk: Desk) -> None:
    provider = desk.provider()
    after, receipt = desk.change_provider(provider.id, enabled=True)
    assert (after, receipt.change_id) == (provider, None)


def test_another_version_refuses_the_change_and_shows_the_current_state(desk: Desk) -> None:
    provider = desk.provider()
    desk.change_provider(provider.id, name="Newer")
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
    provider = desk.provider(api_key=PROVIDER_KEY)
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
        desk.change_provider(5, name="x")
    with pytest.raises(NotFound):
        desk.rooms.providers.delete(5, BY)
    with pytest.raises(NotFound):
        desk.rooms.providers.endpoint(5)


def test_an_endpoint_shows_no_secret_when_it_is_printed(desk: Desk) -> None:
    provider = desk.provider(api_key=PROVIDER_KEY, headers={"x-title": "hidden-value"})
    assert PROVIDER_KEY not in repr(desk.rooms.providers.endpoint(provider.id))


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
                desk.change_provider(provider.id, base_url=base_url)


def test_a_drill_is_no_kind_while_drills_are_off(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match="LINEUP_DRILLS"):
        desk.provider(type="fault", base_url=DRILL, network_scope="loopback")
