"""Taking changes back: what it restores, what stands against it, and what never comes back."""

import asyncio
from typing import Any

import pytest

from model_lineup.access.actor import LOCAL_ACTOR, Role
from model_lineup.access.shapes import NewKey, NewPerson
from model_lineup.catalog.fetch_rules import FetchRules
from model_lineup.catalog.fetch_schedule import FetchSchedule
from model_lineup.catalog.shapes import AliasChanges, ImportItem, ModelChanges, ModelFilter, Selection
from model_lineup.changes.undo.undo import Undone
from model_lineup.errors import NameWouldMove, NotFound, NotUndoable, UndoConflict
from model_lineup.journal.shapes import Impact
from model_lineup.rooms import Rooms
from tests.fakes.desk import BY, Desk, ScriptedProvider


@pytest.fixture
def desk(rooms: Rooms) -> Desk:
    return Desk(rooms)


def undo(desk: Desk, *changes: int, **more: Any) -> Undone:
    return desk.rooms.undo.undo(changes or [desk.last_change().id], BY, **more)


def standing(desk: Desk, *changes: int) -> list[Any]:
    before = desk.tables()
    with pytest.raises(UndoConflict) as refused:
        undo(desk, *changes)
    assert desk.tables() == before
    return list(refused.value.facts["conflicts"])


def test_a_hidden_model_is_shown_again_and_the_journal_says_by_which_change(desk: Desk) -> None:
    model = desk.model(desk.provider(), "m", visible=True)
    desk.rooms.models.change(model.id, ModelChanges(visible=False), BY)
    hidden = desk.last_change()
    assert desk.answers("m") is None
    done = undo(desk)
    assert desk.answers("m") == model.id
    change = desk.last_change()
    assert (change.operation, change.id, change.undoes) == ("changes.undo", done.change_id, [hidden.id])
    assert [(e.label, e.before, e.after) for e in change.entries or ()] == [
        ("m", {"visible": False}, {"visible": True})
    ]
    assert next(one for one in desk.changes() if one.id == hidden.id).undone_by == done.change_id


def test_what_was_taken_back_can_be_done_again_and_taken_back_again(desk: Desk) -> None:
    model = desk.model(desk.provider(), "m", visible=True)
    desk.rooms.models.change(model.id, ModelChanges(visible=False), BY)
    hidden = desk.last_change().id
    for visible in (True, False, True):
        undo(desk)
        assert desk.rooms.models.get(model.id).visible is visible
    with pytest.raises(NotUndoable, match="has taken it back already"):
        undo(desk, hidden)


def test_a_dry_run_says_what_it_would_do_and_whom_it_would_meet(desk: Desk) -> None:
    model = desk.model(desk.provider(), "m", visible=True)
    desk.alias(model, "a")
    desk.rooms.models.change(model.id, ModelChanges(visible=False), BY)
    before = desk.tables()
    tried = undo(desk, dry_run=True)
    assert desk.tables() == before
    assert (tried.dry_run, tried.touched, tried.change_id) == (True, 1, None)
    assert tried.impact == Impact(models=1, aliases=1, keys=0, requests_30d=0)


def test_a_bulk_of_thousands_is_taken_back_as_one_change(desk: Desk) -> None:
    provider = desk.provider()
    scripted = ScriptedProvider(*(f"m{number}" for number in range(1_500)))
    asyncio.run(desk.discovery(scripted).fetch(provider.id, BY))
    rows = [one.entity_id for one in desk.last_change().entries or ()]
    desk.rooms.bulk.set_flag(Selection(model_ids=rows[:1_200]), "visible", True, BY)
    shown = desk.last_change().id
    assert undo(desk, shown).touched == 1_200
    assert desk.ids(visible=True) == []


def test_later_changes_of_the_same_field_stand_against_it_and_are_named(desk: Desk) -> None:
    provider = desk.provider()
    a, b = desk.model(provider, "a"), desk.model(provider, "b")
    desk.rooms.bulk.set_flag(Selection(model_ids=[a.id, b.id]), "visible", True, BY)
    shown = desk.last_change().id
    desk.rooms.models.change(b.id, ModelChanges(visible=False), BY)
    hidden = desk.last_change().id
    (found,) = standing(desk, shown)
    assert (found.entity, found.id, found.fields, found.change_id) == ("model", b.id, ["visible"], hidden)
    desk.rooms.models.change(b.id, ModelChanges(visible=True), BY)
    assert {one.change_id for one in standing(desk, shown)} == {hidden, hidden + 1}


def test_later_changes_of_other_fields_do_not(desk: Desk) -> None:
    model = desk.model(desk.provider(), "m")
    desk.rooms.models.change(model.id, ModelChanges(visible=True), BY)
    shown = desk.last_change().id
    desk.rooms.models.change(model.id, ModelChanges(pins={"description": "kept"}, agents_enabled=True), BY)
    undo(desk, shown)
    after = desk.rooms.models.get(model.id)
    assert (after.visible, after.agents_enabled, after.description) == (False, True, "kept")


def test_several_changes_are_taken_back_together_over_each_other(desk: Desk) -> None:
    model = desk.model(desk.provider(), "m")
    made = desk.last_change().id
    for name in ("one", "two", "three"):
        desk.rooms.models.change(model.id, ModelChanges(pins={"display_name": name}), BY)
    first, second, third = made + 1, made + 2, made + 3
    assert {one.change_id for one in standing(desk, first, second)} == {third}
    undo(desk, third, first, second)
    assert desk.rooms.models.get(model.id).display_name == "m"
    undo(desk)
    assert desk.rooms.models.get(model.id).display_name == "three"


def test_a_change_under_one_that_was_taken_back_can_be_taken_back(desk: Desk) -> None:
    model = desk.model(desk.provider(), "m")
    desk.rooms.models.change(model.id, ModelChanges(visible=True), BY)
    shown = desk.last_change().id
    desk.rooms.models.change(model.id, ModelChanges(visible=False), BY)
    undo(desk)
    undo(desk, shown)
    assert desk.rooms.models.get(model.id).visible is False


def test_pins_return_to_what_was_pinned_and_to_what_is_inherited(desk: Desk) -> None:
    provider = desk.provider()
    scripted = ScriptedProvider(("m", {"context_length": 4_096}))
    discovery = desk.discovery(scripted)
    asyncio.run(discovery.fetch(provider.id, BY))
    row = (desk.last_change().entries or [])[0].entity_id
    desk.rooms.models.change(row, ModelChanges(pins={"context_length": 100, "supports_tools": True}), BY)
    pinned = desk.last_change().id
    scripted.lists(("m", {"context_length": 8_192}))
    asyncio.run(discovery.fetch(provider.id, BY))
    undo(desk, pinned)
    model = desk.rooms.models.get(row)
    assert (model.context_length, model.supports_tools) == (8_192, None)
    undo(desk)
    model = desk.rooms.models.get(row)
    assert (model.context_length, model.supports_tools) == (100, True)


def test_a_fetch_is_taken_back_with_what_it_added_changed_and_missed(desk: Desk) -> None:
    provider = desk.provider()
    scripted = ScriptedProvider(("a", {"context_length": 1_000}), "b")
    discovery = desk.discovery(scripted)
    asyncio.run(discovery.fetch(provider.id, BY))
    scripted.lists(("a", {"context_length": 2_000}), "c")
    asyncio.run(discovery.fetch(provider.id, BY))
    assert desk.ids() == ["a", "b", "c"]
    assert undo(desk).touched == 3
    assert desk.ids() == ["a", "b"]
    a, b = (desk.rooms.models.find(name) for name in "ab")
    assert (a.context_length, b.missing_since) == (1_000, None)


def test_a_deleted_model_comes_back_with_its_aliases(desk: Desk) -> None:
    model = desk.model(desk.provider(), "m", visible=True)
    desk.alias(model, "fast")
    desk.rooms.models.delete(model.id, BY)
    undo(desk)
    assert desk.answers("fast") == desk.answers("m") == model.id


def test_a_name_that_was_taken_in_the_meantime_stands_against_it(desk: Desk) -> None:
    provider = desk.provider()
    gone, other = desk.model(provider, "gone"), desk.model(provider, "other")
    desk.alias(gone, "fast")
    desk.rooms.models.delete(gone.id, BY)
    deleted = desk.last_change().id
    desk.alias(other, "FAST")
    (found,) = standing(desk, deleted)
    assert found.reason == f"'FAST' is an alias of model {other.id} by now."


def test_a_new_model_goes_unless_an_alias_points_at_it(desk: Desk) -> None:
    model = desk.model(desk.provider(), "m")
    made = desk.last_change().id
    desk.alias(model, "a")
    named = desk.last_change().id
    (found,) = standing(desk, made)
    assert "the alias 'a' points at it" in found.reason
    undo(desk, made, named)
    assert desk.ids() == []
    assert desk.answers("a") is None


def test_an_alias_points_where_it_pointed(desk: Desk) -> None:
    provider = desk.provider()
    a, b, c = (desk.model(provider, name, visible=True) for name in "abc")
    desk.alias(a, "fast", description="first", fallbacks=[c.id])
    desk.rooms.aliases.change(a.id, "fast", AliasChanges(target=b.id, description=None, fallbacks=[]), BY)
    moved = desk.last_change().id
    undo(desk)
    (alias,) = desk.rooms.aliases.of_model(a.id)
    assert (alias.description, [one.id for one in alias.fallbacks]) == ("first", [c.id])
    undo(desk)
    desk.rooms.models.delete(a.id, BY)
    assert desk.answers("fast") == b.id
    assert {one.reason for one in standing(desk, desk.last_change().id - 1)} == {
        f"It led to model {a.id}, which is deleted."
    }
    assert moved


def test_a_fallback_that_was_deleted_stays_one_while_its_alias_is_edited_and_taken_back(desk: Desk) -> None:
    provider = desk.provider()
    a, b, c = (desk.model(provider, name, visible=True) for name in "abc")
    desk.alias(a, "fast", fallbacks=[b.id, c.id])
    made = desk.last_change().id
    desk.rooms.models.delete(c.id, BY)

    def fallbacks() -> list[int]:
        return [one.id for one in desk.rooms.aliases.page(limit=9, offset=0).aliases[0].fallbacks]

    desk.rooms.aliases.change(a.id, "fast", AliasChanges(description="edited", fallbacks=[b.id]), BY)
    edited = desk.last_change().id
    desk.rooms.aliases.change(a.id, "fast", AliasChanges(fallbacks=[]), BY)
    (left_out,) = undo(desk).left_out
    assert (left_out.label, left_out.reason) == ("fast", f"Model {c.id} is deleted; restored, it counts again.")
    assert fallbacks() == [b.id]
    desk.rooms.models.restore(c.id, BY)
    assert fallbacks() == [b.id, c.id]
    undo(desk, edited)
    undo(desk, made)
    assert desk.rooms.aliases.page(limit=9, offset=0).total == 0


def test_what_a_provider_says_beneath_a_pin_stands_in_nobodys_way(desk: Desk) -> None:
    provider, scripted = desk.provider(), ScriptedProvider()

    def fetch(context_length: int) -> None:
        scripted.lists(("m", {"context_length": context_length}))
        asyncio.run(desk.discovery(scripted).fetch(provider.id, BY, confirm=True))

    fetch(1_000)
    fetch(2_000)
    second = desk.last_change().id
    model = desk.rooms.models.page(ModelFilter(), sort="id", limit=9, offset=0).models[0].id
    desk.rooms.models.change(model, ModelChanges(pins={"context_length": 9}), BY)
    fetch(4_000)
    undo(desk, second + 1)
    undo(desk, second)
    said = {one.field: one.effective for one in desk.rooms.facts.of(model).fields}["context_length"]
    assert said is not None
    assert (said.value, said.source) == (1_000, "provider")


def test_an_import_is_taken_back_whole(desk: Desk) -> None:
    provider = desk.provider()
    a, b = desk.model(provider, "a"), desk.model(provider, "b")
    desk.alias(a, "old")
    items = [ImportItem(model_id="b", alias="old"), ImportItem(model_id="b", alias="new")]
    desk.rooms.alias_import.run(items, BY, mode="upsert", confirm=True)
    undo(desk)
    assert [one.alias for one in desk.rooms.aliases.of_model(a.id)] == ["old"]
    assert desk.rooms.aliases.of_model(b.id) == []


def test_a_provider_gets_its_fields_and_its_place_back_by_the_rules_for_changing_it(desk: Desk) -> None:
    first, second = desk.provider("First", api_key="sk-canary-0123456789"), desk.provider("Second")
    desk.change_provider(first.id, name="Renamed", headers={"x-title": "t"}, enabled=False)
    undo(desk)
    after = desk.rooms.providers.get(first.id)
    assert (after.name, after.headers, after.enabled) == ("First", {}, True)
    desk.rooms.providers.reorder([second.id, first.id], BY)
    undo(desk)
    assert [one.id for one in desk.rooms.providers.page(limit=9, offset=0)[0]] == [first.id, second.id]


def test_a_key_does_not_go_to_an_address_that_it_was_not_entered_for(desk: Desk) -> None:
    provider = desk.provider(api_key="sk-canary-0123456789")
    desk.change_provider(provider.id, base_url="https://other.example.com/v1", api_key="sk-canary-9876543210")
    with pytest.raises(UndoConflict, match="has a key for another address by now"):
        undo(desk)
    assert desk.rooms.providers.get(provider.id).base_url == "https://other.example.com/v1"


def test_a_deleted_provider_comes_back_with_all_but_its_key(desk: Desk) -> None:
    provider = desk.provider(api_key="sk-canary-0123456789")
    model = desk.model(provider, "m", visible=True)
    desk.alias(model, "fast")
    desk.rooms.providers.delete(provider.id, BY, force=True)
    done = undo(desk)
    assert [(left.id, left.fields) for left in done.left_out] == [(provider.id, ["api_key"])]
    assert desk.rooms.providers.get(provider.id).api_key_set is False
    assert desk.answers("fast") == model.id


def test_a_replaced_key_alone_cannot_be_taken_back(desk: Desk) -> None:
    provider = desk.provider(api_key="sk-canary-0123456789")
    desk.change_provider(provider.id, api_key="sk-canary-9876543210")
    with pytest.raises(NotUndoable, match="Enter the key again"):
        undo(desk)


def test_a_provider_whose_slug_was_taken_stays_deleted(desk: Desk) -> None:
    provider = desk.provider("Acme")
    desk.rooms.providers.delete(provider.id, BY)
    deleted = desk.last_change().id
    desk.provider("Acme")
    assert [one.reason for one in standing(desk, deleted)] == ["Another provider has its slug 'acme'."]


def test_a_new_provider_goes_unless_it_has_models(desk: Desk) -> None:
    provider = desk.provider()
    made = desk.last_change().id
    model = desk.model(provider, "m")
    assert [one.reason for one in standing(desk, made)] == [f"The provider would go, and it has model {model.id}."]
    undo(desk, made, made + 1)
    assert desk.rooms.providers.page(limit=9, offset=0) == ([], 0)


def test_a_model_does_not_come_back_to_a_provider_that_is_gone(desk: Desk) -> None:
    provider = desk.provider()
    model = desk.model(provider, "m")
    desk.rooms.models.delete(model.id, BY)
    deleted = desk.last_change().id
    desk.rooms.providers.delete(provider.id, BY)
    assert [one.reason for one in standing(desk, deleted)] == ["Its provider 'Acme' is deleted."]


def test_a_name_in_use_does_not_change_its_meaning_unless_that_is_confirmed(desk: Desk) -> None:
    first, second = desk.provider("First"), desk.provider("Second")
    desk.model(first, "m", visible=False)
    winner = desk.rooms.models.find("m")
    desk.rooms.models.change(winner.id, ModelChanges(visible=True), BY)
    desk.rooms.models.change(winner.id, ModelChanges(visible=False), BY)
    hidden = desk.last_change().id
    other = desk.model(second, "m", visible=True)
    with pytest.raises(NameWouldMove):
        undo(desk, hidden)
    assert desk.answers("m") == other.id
    undo(desk, hidden, confirm=True)
    assert desk.answers("m") == winner.id


@pytest.mark.parametrize("what", ["person", "key"])
def test_people_and_keys_say_why_they_do_not_come_back(desk: Desk, what: str) -> None:
    new = NewPerson(email="ada@example.com", role=Role.ADMIN, password="canary horse battery")
    desk.rooms.people.create(new, BY)
    if what == "key":
        desk.rooms.keys.create(NewKey(name="ci", kind="user"), LOCAL_ACTOR, BY)
    with pytest.raises(NotUndoable) as refused:
        undo(desk)
    assert refused.value.facts["changes"][0]["id"] == desk.last_change().id


def test_a_change_that_never_was_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound, match="no change set 77"):
        undo(desk, 77)


def test_rules_and_schedules_of_fetches_are_taken_back_and_done_again(desk: Desk) -> None:
    rules, schedule = FetchRules(("gpt-*",), ("*-preview",)), FetchSchedule(60, ("added",))
    provider = desk.provider(fetch_rules=rules)
    changes = {"fetch_rules": FetchRules(ignore=("all",)), "fetch_schedule": schedule}
    desk.change_provider(provider.id, **changes)
    changed = desk.last_change()
    assert changed.entries is not None
    assert changed.entries[0].after.keys() == {"fetch_rules", "fetch_schedule"}
    undo(desk)
    back = desk.rooms.providers.get(provider.id)
    assert (back.fetch_rules, back.fetch_schedule) == (rules, None)
    undo(desk)  # of the undoing
    again = desk.rooms.providers.get(provider.id)
    assert (again.fetch_rules, again.fetch_schedule) == (FetchRules(ignore=("all",)), schedule)
    done_again = desk.last_change().id
    desk.change_provider(provider.id, fetch_schedule=None)
    assert standing(desk, done_again)[0].fields == ["fetch_schedule"]
