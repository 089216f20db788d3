"""Deleted models: what goes with them, what comes back, and what does not."""

import pytest

from model_lineup.catalog.models import Restored
from model_lineup.catalog.shapes import Model, ModelChanges
from model_lineup.errors import Conflict, DeletedModel, ModelNotFound, NameWouldMove
from tests.fakes.clock import ManualClock
from tests.fakes.desk import BY, Desk


def restore(desk: Desk, model: Model, *, confirm: bool = False) -> Restored:
    return desk.rooms.models.restore(model.id, BY, confirm=confirm)


def test_a_duplicate_of_a_deleted_row_names_the_way_back(desk: Desk) -> None:
    provider = desk.provider()
    model = desk.model(provider, "m")
    desk.rooms.models.delete(model.id, BY)
    with pytest.raises(DeletedModel) as refused:
        desk.model(provider, "m")
    assert refused.value.facts == {"id": model.id, "restore": f"/api/admin/models/{model.id}/restore"}


def test_a_deleted_model_is_gone_with_its_aliases_and_their_names_are_free(desk: Desk) -> None:
    provider = desk.provider()
    model, other = desk.model(provider, "m", visible=True), desk.model(provider, "n", visible=True)
    desk.alias(model, "fast")
    desk.alias(model, "cheap")
    receipt = desk.rooms.models.delete(model.id, BY)
    change = desk.last_change()
    assert (change.id, change.touched) == (receipt.change_id, 3)
    assert {(entry.entity, entry.label) for entry in change.entries or ()} == {
        ("model", "m"),
        ("alias", "cheap"),
        ("alias", "fast"),
    }
    for attempt in (
        lambda: desk.rooms.models.get(model.id),
        lambda: desk.rooms.models.find("m"),
        lambda: desk.rooms.models.delete(model.id, BY),
        lambda: desk.rooms.models.change(model.id, ModelChanges(visible=True), BY),
        lambda: desk.rooms.aliases.of_model(model.id),
    ):
        with pytest.raises(ModelNotFound):
            attempt()
    assert desk.answers("fast") is None
    assert desk.alias(other, "FAST").model.id == other.id


def test_a_restored_model_comes_back_with_the_aliases_whose_names_are_free(desk: Desk) -> None:
    provider = desk.provider()
    model = desk.model(provider, "m", visible=True, pins={"display_name": "M"})
    other = desk.model(provider, "n", visible=True)
    for alias in ("kept", "taken", "removed-before"):
        desk.alias(model, alias, description=alias)
    desk.rooms.aliases.delete(model.id, "removed-before", BY)
    desk.rooms.models.delete(model.id, BY)
    desk.alias(other, "Taken")
    back = restore(desk, model)
    assert (back.aliases, back.aliases_lost) == (["kept"], ["taken"])
    assert (back.model.display_name, back.model.visible, back.model.aliases) == ("M", True, ["kept"])
    assert desk.answers("kept") == model.id
    assert desk.answers("taken") == other.id
    assert desk.rooms.aliases.of_model(model.id)[0].description == "kept"
    with pytest.raises(Conflict, match="not deleted"):
        restore(desk, model)


def test_restoring_again_brings_back_what_went_the_last_time(desk: Desk, clock: ManualClock) -> None:
    model = desk.model(desk.provider(), "m", visible=True)
    desk.alias(model, "a")
    for _ in range(2):
        clock.advance()
        desk.rooms.models.delete(model.id, BY)
        clock.advance()
        assert restore(desk, model).aliases == ["a"]


def test_an_alias_that_was_lost_once_stays_lost(desk: Desk) -> None:
    """Also when everything happens in one microsecond, as it does here."""
    provider = desk.provider()
    model, other = desk.model(provider, "m", visible=True), desk.model(provider, "n", visible=True)
    desk.alias(model, "a")
    desk.rooms.models.delete(model.id, BY)
    desk.alias(other, "A")
    assert restore(desk, model).aliases_lost == ["a"]
    desk.rooms.aliases.delete(other.id, "A", BY)
    desk.rooms.models.delete(model.id, BY)
    assert restore(desk, model).aliases == []


def test_a_name_that_a_visible_model_has_taken_does_not_come_back_quietly(desk: Desk) -> None:
    provider = desk.provider()
    model = desk.model(provider, "m", visible=True)
    desk.alias(model, "claude")
    desk.rooms.models.delete(model.id, BY)
    claude = desk.model(provider, "claude", visible=True)
    assert desk.answers("claude") == claude.id
    with pytest.raises(NameWouldMove) as refused:
        restore(desk, model)
    assert refused.value.facts["names"] == [{"name": "claude", "from_id": claude.id, "to_id": model.id}]
    assert desk.answers("claude") == claude.id
    assert restore(desk, model, confirm=True).aliases == ["claude"]
    assert desk.answers("claude") == model.id


def test_there_is_nothing_to_restore_of_an_unknown_row_or_at_a_deleted_provider(desk: Desk) -> None:
    provider = desk.provider()
    model = desk.model(provider, "m")
    desk.rooms.providers.delete(provider.id, BY, force=True)
    with pytest.raises(Conflict, match="provider"):
        restore(desk, model)
    with pytest.raises(ModelNotFound):
        desk.rooms.models.restore(99, BY)


def test_row_ids_are_never_given_twice(desk: Desk) -> None:
    provider = desk.provider()
    model = desk.model(provider, "m")
    desk.rooms.models.delete(model.id, BY)
    assert desk.model(provider, "n").id > model.id
