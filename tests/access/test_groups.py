"""Groups and who belongs to them, on both databases."""

from typing import Any

import pytest

from model_lineup.access.groups.groups import MOST
from model_lineup.access.groups.shapes import GroupChanges, NewGroup, Who
from model_lineup.access.shapes import KeyChanges, Limits, PersonChanges
from model_lineup.catalog.shapes import AliasChanges, ModelChanges
from model_lineup.errors import DuplicateGroup, GroupInUse, InvalidInput, NotFound, PreconditionFailed
from model_lineup.rooms import Rooms
from tests.fakes.desk import BY, Desk


@pytest.fixture
def desk(rooms: Rooms) -> Desk:
    return Desk(rooms)


def belongs(desk: Desk, key_id: int) -> set[int]:
    """As callers of `/v1` are known."""
    found = {caller.key_id: caller.groups for caller in desk.rooms.follower.current().callers.values()}
    return set(found[key_id] or ())


def test_a_key_belongs_to_its_own_groups_and_to_its_owners(desk: Desk) -> None:
    bob = desk.person()
    his, nobodys = desk.key(owner=bob.id), desk.key("other")
    first, second = desk.group("a", people=[bob.id]), desk.group("b", keys=[his.id, nobodys.id])
    assert belongs(desk, his.id) == {first.id, second.id}
    assert belongs(desk, nobodys.id) == {second.id}
    shown = desk.rooms.keys.get(his.id)
    assert (shown.groups, shown.owners_groups) == ([second.id], [first.id])
    desk.rooms.groups.remove_members(first.id, Who(people=[bob.id]), BY)
    assert belongs(desk, his.id) == {second.id}
    desk.rooms.groups.delete(second.id, BY)
    assert belongs(desk, his.id) == belongs(desk, nobodys.id) == set()
    assert desk.rooms.keys.get(his.id).groups == []


def test_groups_are_said_with_the_person_or_key_and_replace_what_was(desk: Desk) -> None:
    one, other = desk.group("a").id, desk.group("b").id
    bob, key = desk.person(groups=[one]), desk.key(groups=[other])
    assert (bob.groups, key.groups) == ([one], [other])
    changed, _ = desk.rooms.people.change(bob.id, PersonChanges(groups=[other]), BY, if_match=bob.version)
    assert (changed.groups, changed.version > bob.version) == ([other], True)
    with pytest.raises(PreconditionFailed):
        desk.rooms.people.change(bob.id, PersonChanges(groups=[]), BY, if_match=bob.version)
    assert desk.rooms.keys.change(key.id, KeyChanges(groups=[]), BY)[0].groups == []
    group = desk.rooms.groups.get(other)
    assert (group.people, group.keys) == (1, 0)


@pytest.mark.parametrize("groups", [[99], [1, 1], list(range(1, 200))])
def test_groups_that_there_are_not_are_refused_and_nothing_is_stored(desk: Desk, groups: list[int]) -> None:
    desk.group()
    model = desk.model(desk.provider(), "m")
    alias = desk.alias(model, "fast")
    before = desk.tables()
    rooms = desk.rooms
    for refused in (
        lambda: desk.person(groups=groups),
        lambda: desk.key(groups=groups),
        lambda: rooms.models.change(model.id, ModelChanges(groups=groups), BY),
        lambda: rooms.aliases.change(model.id, alias.alias, AliasChanges(groups=groups), BY),
        lambda: desk.model(model.provider_id, "n", groups=groups),
    ):
        with pytest.raises(InvalidInput):
            refused()
    assert desk.tables() == before


def test_admin_keys_belong_to_no_group(desk: Desk) -> None:
    group, key = desk.group(), desk.key(kind="admin")
    for refused in (
        lambda: desk.rooms.groups.add_members(group.id, Who(keys=[key.id]), BY),
        lambda: desk.rooms.keys.change(key.id, KeyChanges(groups=[group.id]), BY),
        lambda: desk.key(kind="admin", groups=[group.id]),
    ):
        with pytest.raises(InvalidInput, match="admin key"):
            refused()


def test_all_members_join_or_none(desk: Desk) -> None:
    group, bob = desk.group(), desk.person()
    with pytest.raises(InvalidInput, match="no people have the ids"):
        desk.rooms.groups.add_members(group.id, Who(people=[bob.id, 99]), BY)
    assert desk.rooms.groups.members(group.id, limit=10, offset=0).total == 0
    added = desk.rooms.groups.add_members(group.id, Who(people=[bob.id], keys=[desk.key().id]), BY)
    assert (added.matched, added.changed) == (2, 2)
    again = desk.rooms.groups.add_members(group.id, Who(people=[bob.id]), BY)
    assert (again.matched, again.changed, again.change_id) == (1, 0, None)
    members = desk.rooms.groups.members(group.id, limit=10, offset=0).members
    assert [(one.type, one.name) for one in members] == [("person", "bob@example.com"), ("key", "ci")]


def test_names_are_unique_without_case_and_free_again_after_a_deletion(desk: Desk) -> None:
    group = desk.group("Research")
    with pytest.raises(DuplicateGroup):
        desk.group("RESEARCH")
    other = desk.group("other")
    with pytest.raises(DuplicateGroup):
        desk.rooms.groups.change(other.id, GroupChanges(name="research"), BY)
    assert desk.rooms.groups.find("rESEARCH").id == group.id
    desk.rooms.groups.delete(group.id, BY)
    assert desk.group("research").id != group.id
    with pytest.raises(NotFound):
        desk.rooms.groups.get(group.id)


def test_a_group_that_something_is_limited_to_stays(desk: Desk) -> None:
    group = desk.group()
    model = desk.model(desk.provider(), "m", groups=[group.id])
    desk.alias(model, "fast", groups=[group.id])
    assert (desk.rooms.groups.get(group.id).models, desk.rooms.groups.get(group.id).aliases) == (1, 1)
    with pytest.raises(GroupInUse, match=r"1 model\(s\) and 1 alias"):
        desk.rooms.groups.delete(group.id, BY)
    desk.rooms.models.delete(model.id, BY)
    desk.rooms.groups.delete(group.id, BY)
    desk.rooms.models.restore(model.id, BY)
    restored = desk.rooms.models.get(model.id)
    assert restored.groups == [group.id], "it stays closed rather than open to all"


def test_there_is_a_number_of_groups_that_is_enough(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model_lineup.access.groups.groups.MOST", 2)
    assert MOST >= 100
    for name in "ab":
        desk.group(name)
    with pytest.raises(InvalidInput, match="2 groups already"):
        desk.group("c")


def test_limits_reach_the_keys_of_all_members_and_go_again(desk: Desk) -> None:
    bob = desk.person()
    his = desk.key(owner=bob.id, limits=Limits(requests_per_minute=9, tokens_per_month=5))
    group = desk.group(people=[bob.id])

    def payers() -> list[Any]:
        callers = desk.rooms.follower.current().callers.values()
        return [(one.group, one.allowed.requests_per_minute) for c in callers if c.key_id == his.id for one in c.payers]

    assert payers() == []
    desk.rooms.groups.change(group.id, GroupChanges(limits=Limits(requests_per_minute=60)), BY)
    assert payers() == [(None, 9), ("research", 60)]
    desk.rooms.groups.change(group.id, GroupChanges(name="science"), BY)
    assert payers()[1] == ("science", 60)
    desk.rooms.groups.change(group.id, GroupChanges(limits=None), BY)
    assert payers() == []
    with pytest.raises(PreconditionFailed):
        desk.rooms.groups.change(group.id, GroupChanges(description="x"), BY, if_match=1)
    assert desk.rooms.groups.create(NewGroup(name="x"), BY)[0].limits == Limits()
