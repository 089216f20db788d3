"""Groups in a file: made and changed as it says, named by what is limited to them, owned by no file."""

import pytest

from model_lineup.access.groups.shapes import GroupChanges, NewGroup, Who
from model_lineup.catalog.shapes import ModelChanges
from model_lineup.errors import InvalidInput, PlanOvertaken
from model_lineup.rooms import Rooms
from tests.changes.as_code.test_applying import FILE, PROVIDER, apply, refused
from tests.fakes.desk import BY, Desk


@pytest.fixture
def desk(rooms: Rooms) -> Desk:
    return Desk(rooms)


def test_groups_are_named_kept_and_never_opened_by_silence(desk: Desk) -> None:
    limited = FILE.replace("context_length", 'groups = ["Ours"]\ncontext_length').replace(
        "fallbacks", 'groups = ["Ours"]\nfallbacks'
    )
    assert "there is no group 'Ours'" in refused(desk, InvalidInput, limited).detail
    group = desk.rooms.groups.create(NewGroup(name="Ours"), BY)[0]
    apply(desk, FILE)
    assert apply(desk, limited).changed == 2
    small = desk.rooms.models.find("small")
    alias = desk.rooms.aliases.of_model(small.id)[0]
    assert (small.groups, alias.groups) == ([group.id], [group.id])
    assert desk.rooms.export.export().text.count('groups = ["Ours"]') == 2
    assert apply(desk, limited).change_id is None
    assert apply(desk, FILE).change_id is None
    desk.rooms.undo.undo([desk.last_change().id], BY)
    assert desk.rooms.models.find("small").groups == []
    desk.rooms.models.change(small.id, ModelChanges(groups=[group.id]), BY)
    opened = apply(desk, limited.replace('["Ours"]', "[]"))
    assert (opened.changed, desk.rooms.models.find("small").groups) == (1, [])


def test_groups_are_made_and_kept_as_the_file_says_and_nobody_joins_or_leaves(desk: Desk) -> None:
    text = '[groups.Ours]\ndescription = "us"\nlimits = { cost_per_month = 500, requests_per_minute = 60 }\n' + FILE
    text = text.replace("format = 1\n", "").replace("context_length", 'groups = ["Ours"]\ncontext_length')
    done = apply(desk, text)
    assert (done.added, [row.entity for row in done.rows][:1]) == (5, ["group"])
    group = desk.rooms.groups.find("ours")
    assert (group.limits.cost_per_month, group.models) == (500, 1)
    assert apply(desk, text).change_id is None

    ada = desk.person()
    desk.rooms.groups.add_members(group.id, Who(people=[ada.id]), BY)
    changed = apply(
        desk, text.replace("[groups.Ours]", "[groups.OURS]").replace('"Ours"', '"OURS"').replace(" = 60", " = 70")
    )
    assert [(row.name, set(row.changes)) for row in changed.rows] == [("OURS", {"name", "limits"})]
    after = desk.rooms.groups.get(group.id)
    assert (after.name, after.limits.requests_per_minute, after.people) == ("OURS", 70, 1)
    desk.rooms.undo.undo([desk.last_change().id], BY)
    assert desk.rooms.groups.get(group.id).name == "Ours"

    left = apply(desk, "", prune=True)
    assert desk.rooms.groups.get(group.id).name == "Ours", "no file removes a group, for none owns one"
    assert "Ours" not in left.left_over


def test_a_plan_is_overtaken_where_a_group_of_the_file_was_changed(desk: Desk) -> None:
    text = "[groups.Ours]\n"
    apply(desk, text)
    planned = apply(desk, text + 'description = "us"\n', dry_run=True)
    desk.rooms.groups.change(desk.rooms.groups.find("Ours").id, GroupChanges(description="them"), BY)
    refused(desk, PlanOvertaken, text + 'description = "us"\n', revision=planned.base_revision)


def test_a_model_that_comes_back_is_open_where_the_file_says_so_though_its_groups_are_gone(desk: Desk) -> None:
    apply(
        desk, FILE.replace("format = 1", "[groups.Ours]").replace("context_length", 'groups = ["Ours"]\ncontext_length')
    )
    apply(desk, PROVIDER, prune=True)
    desk.rooms.groups.delete(desk.rooms.groups.find("Ours").id, BY)
    apply(desk, FILE)
    assert desk.rooms.models.find("small").groups != [], "nothing said opens nothing"
    apply(desk, FILE.replace("context_length", "groups = []\ncontext_length"))
    assert desk.rooms.models.find("small").groups == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[groups.a]\n[groups.A]", "line 2, /groups/A: 'a' is the same group: case does not count"),
        ('[groups.""]', "a group's name has 1 to 100 characters"),
        ("[groups.a]\nmembers = []", "line 2, /groups/a/members: is not known here"),
        ("[groups.a]\nlimits = { cost_per_month = 0 }", "line 2, /groups/a/limits/cost_per_month: expected"),
        ("groups = 1", "/groups: a table is expected"),
    ],
)
def test_what_is_wrong_with_a_group_is_told(desk: Desk, text: str, said: str) -> None:
    assert said in refused(desk, InvalidInput, text).detail
