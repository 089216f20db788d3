"""Taking changes of groups back: what they are, who belongs to them, and what is limited to them."""

from typing import Any

import pytest

from model_lineup.access.groups.shapes import GroupChanges, Who
from model_lineup.access.shapes import Limits
from model_lineup.catalog.shapes import AliasChanges, GroupsEdit, Selection
from model_lineup.errors import UndoConflict
from model_lineup.rooms import Rooms
from tests.fakes.desk import BY, Desk


@pytest.fixture
def desk(rooms: Rooms) -> Desk:
    return Desk(rooms)


def undo(desk: Desk, *changes: int) -> None:
    desk.rooms.undo.undo(changes or [desk.last_change().id], BY)


def standing(desk: Desk, *changes: int) -> list[Any]:
    """What stands against it; and nothing was done."""
    before = desk.tables()
    with pytest.raises(UndoConflict) as refused:
        undo(desk, *changes)
    assert desk.tables() == before
    return list(refused.value.facts["conflicts"])


def test_groups_and_who_belongs_to_them_are_as_they_were(desk: Desk) -> None:
    bob = desk.person()
    group = desk.group(people=[bob.id])
    desk.rooms.groups.remove_members(group.id, Who(people=[bob.id]), BY)
    undo(desk)
    assert desk.rooms.people.get(bob.id).groups == [group.id]
    desk.rooms.groups.change(group.id, GroupChanges(name="other", limits=Limits(tokens_per_month=5)), BY)
    undo(desk)
    back = desk.rooms.groups.get(group.id)
    assert (back.name, back.limits) == ("research", Limits())
    desk.rooms.groups.delete(group.id, BY)
    assert desk.rooms.people.get(bob.id).groups == []
    undo(desk)
    assert desk.rooms.people.get(bob.id).groups == [group.id]


def test_limits_to_groups_are_taken_back_unless_the_group_is_gone(desk: Desk) -> None:
    group, provider = desk.group().id, desk.provider()
    models = [desk.model(provider, name, groups=[group] if name == "a" else []) for name in "ab"]
    chosen = Selection(model_ids=[model.id for model in models])
    desk.rooms.bulk.set_groups(chosen, GroupsEdit(set=[]), BY)
    opened = desk.last_change().id
    undo(desk)
    assert [desk.rooms.models.get(model.id).groups for model in models] == [[group], []]
    undo(desk)
    desk.rooms.groups.delete(group, BY)
    assert [one.fields for one in standing(desk, opened)] == [["groups"]]


def test_a_group_does_not_go_while_something_is_limited_to_it(desk: Desk) -> None:
    group = desk.group().id
    made = desk.last_change().id
    model = desk.model(desk.provider(), "m")
    desk.alias(model, "fast")
    desk.rooms.aliases.change(model.id, "fast", AliasChanges(groups=[group]), BY)
    limited = desk.last_change().id
    assert "limited to it" in standing(desk, made)[0].reason
    undo(desk, made, limited)
    assert desk.rooms.groups.names() == {}
    assert desk.rooms.aliases.of_model(model.id)[0].groups == []
