"""Aliases one by one: their characters, what they may shadow, their fallbacks, where they point."""

from typing import Any

import pytest

from model_lineup.catalog.shapes import Alias, AliasChanges, Model
from model_lineup.errors import (
    AliasShadowsModel,
    AliasTaken,
    InvalidInput,
    ModelNotFound,
    NameWouldMove,
    NotFound,
)
from tests.fakes.desk import BY, Desk


def change(desk: Desk, alias: Alias, **changes: Any) -> Alias:
    return desk.rooms.aliases.change(alias.model.id, alias.alias, AliasChanges(**changes), BY)[0]


@pytest.fixture
def model(desk: Desk) -> Model:
    return desk.model(desk.provider(), "target", visible=True)


def test_an_alias_is_a_second_name_for_one_row(desk: Desk, model: Model) -> None:
    alias = desk.alias(model, "Fast", description="the quick one")
    assert (alias.alias, alias.model_id, alias.model.id, alias.model.available) == ("Fast", "target", model.id, True)
    assert (alias.description, alias.fallbacks, alias.warnings, alias.version) == ("the quick one", [], [], 1)
    assert [desk.answers(name) for name in ("Fast", "fast", "FAST")] == [model.id] * 3
    assert desk.rooms.models.get(model.id).aliases == ["Fast"]
    assert desk.rooms.models.get(model.id).version == model.version  # the alias is not the model's configuration
    assert desk.rooms.aliases.of_model(model.id) == [alias]
    assert desk.rooms.aliases.page(limit=10, offset=0).aliases == [alias]


def test_an_alias_of_other_characters_is_refused(desk: Desk, model: Model) -> None:
    for alias in ("", "-a", "a b", "é", "x" * 129, "a\n", "nul\x00", "\ud800"):
        with pytest.raises(InvalidInput, match="/alias"):
            desk.alias(model, alias)
    assert desk.alias(model, "x" * 128).alias == "x" * 128


def test_an_alias_is_unique_without_regard_to_ascii_case(desk: Desk, model: Model) -> None:
    desk.alias(model, "Fast")
    other = desk.model(model.provider_id, "other")
    for again in ("Fast", "fAST"):
        for target in (model, other):
            with pytest.raises(AliasTaken) as refused:
                desk.alias(target, again)
            assert refused.value.facts == {"alias": "Fast", "id": model.id}


def test_an_alias_needs_a_model_that_is_there(desk: Desk, model: Model) -> None:
    desk.rooms.models.delete(model.id, BY)
    for row in (model.id, 99):
        with pytest.raises(ModelNotFound):
            desk.alias(row, "a")


def test_an_alias_never_points_at_an_alias(desk: Desk, model: Model) -> None:
    desk.alias(model, "first")
    with pytest.raises(ModelNotFound):
        desk.rooms.models.find("first")


def test_a_hidden_model_of_that_name_is_worth_a_warning(desk: Desk, model: Model) -> None:
    hidden = desk.model(model.provider_id, "GPT-4")
    alias = desk.alias(model, "gpt-4")
    assert len(alias.warnings) == 1
    assert str(hidden.id) in alias.warnings[0]
    assert desk.rooms.aliases.page(limit=10, offset=0).aliases[0].warnings == alias.warnings
    assert desk.answers("gpt-4") == model.id


def test_a_visible_model_of_that_name_stands_against_it(desk: Desk, model: Model) -> None:
    for model_id in ("GPT-4", "gpt-4"):
        shown = desk.model(model.provider_id, model_id, visible=True)
        with pytest.raises(AliasShadowsModel) as refused:
            desk.alias(model, "gpt-4", confirm=True)
        assert shown.id in refused.value.facts["ids"]
    assert desk.alias(model, "gpt-4", allow_shadow=True).model.id == model.id
    assert desk.answers("gpt-4") == model.id
    assert desk.answers("GPT-4") == shown.id - 1


def test_an_alias_that_takes_a_provider_and_id_needs_confirmation(desk: Desk, model: Model) -> None:
    other = desk.model(model.provider_id, "other", visible=True)
    with pytest.raises(NameWouldMove) as refused:
        desk.alias(model, "acme/other")
    assert refused.value.facts["names"] == [{"name": "acme/other", "from_id": other.id, "to_id": model.id}]
    desk.alias(model, "acme/other", confirm=True)
    assert desk.answers("acme/other") == model.id


def test_a_model_that_arrives_under_a_case_variant_in_use_needs_confirmation(desk: Desk, model: Model) -> None:
    desk.alias(model, "Fast")
    with pytest.raises(NameWouldMove, match="'fast'"):
        desk.model(model.provider_id, "fast")
    hidden = desk.model(model.provider_id, "fast", confirm=True)
    assert (desk.answers("fast"), desk.answers("Fast"), hidden.visible) == (None, model.id, False)


def test_a_model_that_arrives_under_the_alias_itself_is_stored_and_the_alias_keeps_winning(
    desk: Desk, model: Model
) -> None:
    desk.alias(model, "fast")
    desk.model(model.provider_id, "fast", visible=True)
    assert desk.answers("fast") == model.id
    assert len(desk.rooms.aliases.of_model(model.id)[0].warnings) == 1


def test_fallbacks_are_rows_in_order(desk: Desk, model: Model) -> None:
    rows = [desk.model(model.provider_id, f"spare{n}", visible=n != 1).id for n in range(3)]
    alias = desk.alias(model, "safe", fallbacks=[rows[2], rows[0], rows[1]])
    assert [(one.id, one.available) for one in alias.fallbacks] == [(rows[2], True), (rows[0], True), (rows[1], False)]
    assert [one.id for one in desk.rooms.routes.explain("SAFE", "user").fallbacks] == [rows[2], rows[0]]
    desk.rooms.models.delete(rows[2], BY)
    assert [one.id for one in desk.rooms.aliases.of_model(model.id)[0].fallbacks] == [rows[0], rows[1]]
    desk.rooms.models.restore(rows[2], BY)
    assert [one.id for one in desk.rooms.aliases.of_model(model.id)[0].fallbacks] == [rows[2], rows[0], rows[1]]
    assert change(desk, alias, fallbacks=[]).fallbacks == []


def test_fallbacks_that_make_no_sense_are_refused(desk: Desk, model: Model) -> None:
    rows = [desk.model(model.provider_id, f"spare{n}").id for n in range(9)]
    gone = desk.model(model.provider_id, "gone").id
    desk.rooms.models.delete(gone, BY)
    alias = desk.alias(model, "there")
    for fallbacks in ([model.id], [rows[0], rows[0]], [99], [gone], rows):
        with pytest.raises(InvalidInput, match="/fallbacks"):
            desk.alias(model, "safe", fallbacks=fallbacks)
        with pytest.raises(InvalidInput, match="/fallbacks"):
            change(desk, alias, fallbacks=fallbacks)
    assert len(desk.alias(model, "safe", fallbacks=rows[:8]).fallbacks) == 8


def test_an_alias_can_point_elsewhere_and_be_described(desk: Desk, model: Model) -> None:
    other = desk.model(model.provider_id, "other", visible=True)
    alias = desk.alias(model, "fast", description="old")
    moved = change(desk, alias, target=other.id)
    assert (moved.id, moved.model.id, moved.description, moved.version) == (alias.id, other.id, "old", 2)
    assert desk.answers("fast") == other.id
    entry = desk.last_change().entries[0]  # type: ignore[index]
    assert (entry.before, entry.after) == ({"model": model.id}, {"model": other.id})
    assert change(desk, moved, description=None).description is None
    with pytest.raises(NotFound):
        change(desk, alias, description="x")  # it is not this model's any more
    with pytest.raises(ModelNotFound):
        change(desk, moved, target=99)


def test_a_change_that_changes_nothing_writes_nothing(desk: Desk, model: Model) -> None:
    spare = desk.model(model.provider_id, "spare")
    alias = desk.alias(model, "fast", description="d", fallbacks=[spare.id])
    for nothing in ({}, {"target": model.id}, {"description": "d"}, {"fallbacks": [spare.id]}):
        changes = AliasChanges(**nothing)
        after, receipt = desk.rooms.aliases.change(model.id, "fast", changes, BY)
        assert (after, receipt.change_id) == (alias, None)


def test_a_target_cannot_be_its_own_fallback(desk: Desk, model: Model) -> None:
    spare = desk.model(model.provider_id, "spare")
    alias = desk.alias(model, "fast", fallbacks=[spare.id])
    with pytest.raises(InvalidInput, match="/fallbacks"):
        change(desk, alias, target=spare.id)
    assert change(desk, alias, target=spare.id, fallbacks=[model.id]).model.id == spare.id


def test_a_deleted_alias_is_gone_and_its_name_is_free(desk: Desk, model: Model) -> None:
    desk.alias(model, "Fast")
    for wrong in ("fast", "other", "nul\x00", "\ud800", ""):
        with pytest.raises(NotFound):
            desk.rooms.aliases.delete(model.id, wrong, BY)
    desk.rooms.aliases.delete(model.id, "Fast", BY)
    with pytest.raises(NotFound):
        desk.rooms.aliases.delete(model.id, "Fast", BY)
    assert desk.answers("Fast") is None
    assert desk.alias(model, "fast").alias == "fast"


def test_deleting_an_alias_that_hides_a_visible_model_needs_confirmation(desk: Desk, model: Model) -> None:
    desk.alias(model, "gpt")
    shown = desk.model(model.provider_id, "gpt", visible=True)
    with pytest.raises(NameWouldMove):
        desk.rooms.aliases.delete(model.id, "gpt", BY)
    desk.rooms.aliases.delete(model.id, "gpt", BY, confirm=True)
    assert desk.answers("gpt") == shown.id


def test_deleting_an_alias_over_a_hidden_model_needs_none(desk: Desk, model: Model) -> None:
    desk.model(model.provider_id, "gpt")
    desk.alias(model, "gpt")
    desk.rooms.aliases.delete(model.id, "gpt", BY)
    assert desk.answers("gpt") is None


def test_aliases_are_paged_by_name(desk: Desk, model: Model) -> None:
    for alias in ("b", "A", "c"):
        desk.alias(model, alias)
    pages = [desk.rooms.aliases.page(limit=2, offset=offset) for offset in (0, 2, 4)]
    assert [[alias.alias for alias in page.aliases] for page in pages] == [["A", "b"], ["c"], []]
    assert {(page.total, page.revision) for page in pages} == {(3, desk.revision())}
