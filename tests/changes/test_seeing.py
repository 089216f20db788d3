"""Who loses sight of something, told before a limit to groups or a membership is changed."""

import pytest

from model_lineup.access.groups.shapes import Who
from model_lineup.access.shapes import PersonChanges
from model_lineup.catalog.shapes import AliasChanges, GroupsEdit, ModelChanges, Selection
from model_lineup.journal.shapes import Losing, Receipt
from model_lineup.rooms import Rooms
from tests.fakes.desk import BY, Desk


@pytest.fixture
def desk(rooms: Rooms) -> Desk:
    return Desk(rooms)


def told(receipt: Receipt) -> Losing:
    assert receipt.impact
    assert receipt.impact.losing
    return receipt.impact.losing


def test_limiting_a_model_tells_who_is_in_none_of_its_groups(desk: Desk) -> None:
    ann, bob = desk.person("ann@example.com"), desk.person("bob@example.com")
    group = desk.group(people=[ann.id]).id
    model = desk.model(desk.provider(), "gpt", visible=True)
    _, receipt = desk.rooms.models.change(model.id, ModelChanges(groups=[group]), BY, dry_run=True)
    lost = told(receipt)
    assert bob.email in lost.people_named
    assert ann.email not in lost.people_named
    chosen, edit = Selection(model_ids=[model.id]), GroupsEdit(add=[group])
    many = desk.rooms.bulk.set_groups(chosen, edit, BY, dry_run=True)
    assert many.impact
    assert many.impact.losing == lost
    desk.rooms.bulk.set_groups(chosen, edit, BY)
    _, opened = desk.rooms.models.change(model.id, ModelChanges(groups=[]), BY, dry_run=True)
    assert told(opened) == Losing(0, [], 0, [])
    _, renamed = desk.rooms.models.change(model.id, ModelChanges(pins={"display_name": "GPT"}), BY, dry_run=True)
    assert renamed.impact
    assert not renamed.impact.losing


def test_nobody_loses_sight_of_what_nobody_sees(desk: Desk) -> None:
    desk.person("bob@example.com")
    model = desk.model(desk.provider(), "gpt", visible=False)
    _, receipt = desk.rooms.models.change(model.id, ModelChanges(groups=[desk.group().id]), BY, dry_run=True)
    assert told(receipt) == Losing(0, [], 0, [])


def test_leaving_a_group_tells_it_only_where_something_is_limited_to_it(desk: Desk) -> None:
    ann = desk.person("ann@example.com")
    group, other = desk.group(people=[ann.id]), desk.group("other", people=[ann.id])
    model = desk.model(desk.provider(), "gpt", visible=True)
    leave = Who(people=[ann.id])
    harmless = desk.rooms.groups.remove_members(group.id, leave, BY, dry_run=True)
    assert harmless.impact
    assert harmless.impact.losing == Losing(0, [], 0, [])
    desk.rooms.models.change(model.id, ModelChanges(groups=[group.id]), BY)
    met = desk.rooms.groups.remove_members(group.id, leave, BY, dry_run=True)
    assert met.impact
    assert met.impact.losing == Losing(1, [ann.email], 0, [])
    desk.rooms.models.change(model.id, ModelChanges(groups=[group.id, other.id]), BY)
    also = desk.rooms.groups.remove_members(group.id, leave, BY, dry_run=True)
    assert also.impact
    assert also.impact.losing == Losing(0, [], 0, []), "the other group is enough"


def test_keys_lose_sight_with_their_owner_and_by_themselves(desk: Desk) -> None:
    ann = desk.person("ann@example.com")
    hers, own = desk.key("hers", owner=ann.id), desk.key("own")
    group = desk.group(people=[ann.id], keys=[own.id])
    model = desk.model(desk.provider(), "gpt", visible=True)
    desk.rooms.models.change(model.id, ModelChanges(groups=[group.id]), BY)
    who = Who(people=[ann.id], keys=[own.id])
    met = desk.rooms.groups.remove_members(group.id, who, BY, dry_run=True)
    assert met.impact
    assert met.impact.losing == Losing(1, [ann.email], 2, ["hers", "own"])
    desk.rooms.people.change(ann.id, PersonChanges(disabled=True), BY)
    met = desk.rooms.groups.remove_members(group.id, who, BY, dry_run=True)
    assert met.impact
    assert met.impact.losing == Losing(0, [], 1, ["own"]), "who is disabled sees nothing anyway"
    assert hers.owner_id == ann.id


def test_an_alias_takes_sight_from_those_alone_who_may_use_its_target(desk: Desk) -> None:
    ann, bob = desk.person("ann@example.com"), desk.person("bob@example.com")
    group, narrow = desk.group(people=[ann.id]), desk.group("narrow")
    model = desk.model(desk.provider(), "gpt", visible=True)
    desk.alias(model, "best")
    desk.rooms.models.change(model.id, ModelChanges(groups=[group.id]), BY)
    _, receipt = desk.rooms.aliases.change(model.id, "best", AliasChanges(groups=[narrow.id]), BY, dry_run=True)
    assert told(receipt).people_named == [ann.email]
    assert bob.email not in told(receipt).people_named
