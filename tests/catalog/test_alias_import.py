"""Importing aliases: an item alone is a POST, all of them are one transaction."""

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_lineup.catalog import names
from model_lineup.catalog.alias_import import AliasImport
from model_lineup.catalog.shapes import ImportedItem, ImportItem, ImportResult, Model, NewAlias
from model_lineup.errors import (
    AliasShadowsModel,
    AliasTaken,
    AmbiguousModel,
    ImportConflict,
    InvalidInput,
    LineupError,
    ModelNotFound,
    NameWouldMove,
)
from model_lineup.journal.record import Journal
from tests.fakes.clock import ManualClock
from tests.fakes.counts import count
from tests.fakes.desk import BY, Desk
from tests.fakes.instances import Templates


def run(desk: Desk, *items: ImportItem, **more: Any) -> ImportResult:
    return desk.rooms.alias_import.run(items, BY, **more)


def item(alias: str, model_id: str = "target", **more: Any) -> ImportItem:
    return ImportItem(model_id=model_id, alias=alias, **more)


def conflicts(refused: pytest.ExceptionInfo[ImportConflict]) -> dict[int, str | None]:
    items: list[ImportedItem] = refused.value.facts["items"]
    return {one.index: one.code for one in items if one.outcome == "conflict"}


@pytest.fixture
def model(desk: Desk) -> Model:
    return desk.model(desk.provider(), "target", visible=True)


def test_many_aliases_are_one_change(desk: Desk, model: Model) -> None:
    result = run(desk, item("a"), item("b", description="d"), item("c"))
    assert (result.created, result.updated, result.unchanged) == (3, 0, 0)
    assert [(one.index, one.alias, one.outcome) for one in result.items] == [
        (0, "a", "created"),
        (1, "b", "created"),
        (2, "c", "created"),
    ]
    change = desk.last_change()
    assert (change.id, change.revision, change.touched) == (result.change_id, result.revision, 3)
    assert desk.answers("B") == model.id
    assert [alias.description for alias in desk.rooms.aliases.of_model(model.id)] == [None, "d", None]


def test_importing_the_same_again_changes_nothing(desk: Desk, model: Model) -> None:
    items = [item("a"), item("b", description="d")]
    run(desk, *items)
    for mode in ("create", "upsert"):
        again = run(desk, *items, mode=mode)
        assert (again.created, again.unchanged, again.change_id) == (0, 2, None)
    assert run(desk, item("b")).unchanged == 1  # a description that is not said is not another one


def test_any_conflict_stores_nothing_and_reports_every_item(desk: Desk, model: Model) -> None:
    desk.model(model.provider_id, "shown", visible=True)
    other = desk.model(desk.provider("Two"), "both")
    desk.model(model.provider_id, "both")
    desk.alias(other, "taken")
    before = desk.tables()
    items = [
        item("fine"),
        item("Taken"),
        item("SHOWN"),
        item("bad alias"),
        item("lost", "unknown"),
        item("unclear", "both"),
        item("twice"),
        item("TWICE"),
        item("nul", "nul\x00"),
        item("\ud800"),
        item("clear", "both", provider_id=other.provider_id),
    ]
    with pytest.raises(ImportConflict) as refused:
        run(desk, *items)
    assert conflicts(refused) == {
        1: "alias_taken",
        2: "alias_shadows_model",
        3: "invalid_input",
        4: "model_not_found",
        5: "ambiguous_model",
        6: "alias_taken",
        7: "alias_taken",
        8: "model_not_found",
        9: "invalid_input",
    }
    assert sorted(one.index for one in refused.value.facts["items"]) == list(range(len(items)))
    assert refused.value.facts["conflicts"] == 9
    assert desk.tables() == before


def test_upsert_retargets_and_describes(desk: Desk, model: Model) -> None:
    other = desk.model(model.provider_id, "other")
    desk.alias(model, "a", description="old")
    desk.alias(model, "b", description="old")
    with pytest.raises(ImportConflict, match="upsert"):
        run(desk, item("a", "other"))
    result = run(desk, item("a", "other"), item("b", description="new"), item("c"), mode="upsert")
    assert (result.created, result.updated, result.unchanged) == (1, 2, 0)
    a, b = desk.rooms.aliases.of_model(other.id)[0], desk.rooms.aliases.of_model(model.id)[0]
    assert (a.alias, a.description, a.version, b.description) == ("a", "old", 2, "new")
    entries = {entry.label: entry for entry in desk.last_change().entries or ()}
    assert (entries["a"].before, entries["a"].after) == ({"model": model.id}, {"model": other.id})
    assert (entries["b"].before, entries["b"].after) == ({"description": "old"}, {"description": "new"})


def test_upsert_does_not_respell_an_alias(desk: Desk, model: Model) -> None:
    desk.alias(model, "Fast")
    with pytest.raises(ImportConflict) as refused:
        run(desk, item("fast"), mode="upsert")
    assert conflicts(refused) == {0: "alias_taken"}


def test_upsert_does_not_point_an_alias_at_its_own_fallback(desk: Desk, model: Model) -> None:
    other = desk.model(model.provider_id, "other")
    desk.alias(model, "a", fallbacks=[other.id])
    with pytest.raises(ImportConflict) as refused:
        run(desk, item("a", "other"), mode="upsert")
    assert conflicts(refused) == {0: "invalid_input"}


def test_a_dry_run_reports_the_same_and_writes_nothing(desk: Desk, model: Model) -> None:
    desk.model(model.provider_id, "hidden")
    desk.alias(model, "a", description="old")
    items = [item("a", description="new"), item("hidden"), item("c")]
    before = desk.tables()
    tried = run(desk, *items, mode="upsert", dry_run=True)
    assert desk.tables() == before
    done = run(desk, *items, mode="upsert")
    assert (tried.items, tried.warnings, tried.created, tried.updated) == (
        done.items,
        done.warnings,
        done.created,
        done.updated,
    )
    assert (tried.change_id, tried.revision, len(done.warnings)) == (None, done.revision - 1, 1)
    with pytest.raises(ImportConflict):
        run(desk, item("bad alias"), dry_run=True)


def test_an_import_that_moves_a_name_needs_confirmation(desk: Desk, model: Model) -> None:
    other = desk.model(model.provider_id, "other", visible=True)
    before = desk.tables()
    with pytest.raises(NameWouldMove) as refused:
        run(desk, item("fine"), item("acme/other"))
    assert [move["name"] for move in refused.value.facts["names"]] == ["acme/other"]
    assert desk.tables() == before
    run(desk, item("fine"), item("acme/other"), confirm=True)
    assert desk.answers("acme/other") == model.id != other.id


def test_more_than_allowed_are_refused(desk: Desk, model: Model) -> None:
    small = AliasImport(Journal(desk.rooms.database, desk.rooms.clock), most=2)
    with pytest.raises(InvalidInput, match="2 at most"):
        small.run([item("a"), item("b"), item("c")], BY)
    assert small.run([item("a"), item("b")], BY).created == 2


def test_nothing_to_import_is_nothing(desk: Desk) -> None:
    assert run(desk).change_id is None


def test_one_bad_row_in_five_thousand_stores_none(desk: Desk, model: Model) -> None:
    items = [item(f"alias-{n}") for n in range(5_000)]
    with pytest.raises(ImportConflict) as refused:
        run(desk, *items[:4_321], item("bad alias"), *items[4_322:])
    assert conflicts(refused) == {4_321: "invalid_input"}
    assert len(refused.value.facts["items"]) == 5_000
    assert desk.rooms.aliases.page(limit=1, offset=0).total == 0
    assert run(desk, *items).created == 5_000
    assert run(desk, *items).unchanged == 5_000


ERRORS: dict[type[LineupError], str] = {
    AliasTaken: "alias_taken",
    AliasShadowsModel: "alias_shadows_model",
    InvalidInput: "invalid_input",
    ModelNotFound: "model_not_found",
    AmbiguousModel: "ambiguous_model",
}
POSSIBLE_ITEMS = st.builds(
    ImportItem,
    model_id=st.sampled_from(["one", "two", "both", "shown", "gone", "unknown", "One"]),
    alias=st.sampled_from(["a", "A", "taken", "TAKEN", "shown", "Shown", "first/one", "bad alias", "two", "-"]),
    provider_id=st.sampled_from([None, 1, 2, 9]),
    description=st.sampled_from([None, "d"]),
)


@pytest.mark.hard
def test_an_import_of_one_is_a_post_of_one(
    templates: Templates, tmp_path_factory: pytest.TempPathFactory, kind: Any
) -> None:
    """On two like instances: the same row, the same change set, or the same refusal."""
    numbers = itertools.count()

    @given(items=st.lists(POSSIBLE_ITEMS, min_size=1, max_size=6))
    @settings(max_examples=count(6, 300), deadline=None)
    def like_each_other(items: list[ImportItem]) -> None:
        folder = tmp_path_factory.mktemp(f"pair-{next(numbers)}")
        with (
            templates.rooms(kind, folder / "imported", ManualClock()) as one,
            templates.rooms(kind, folder / "posted", ManualClock()) as other,
        ):
            imported, posted = _furnished(Desk(one)), _furnished(Desk(other))
            for wanted in items:
                assert _import(imported, wanted) == _post(posted, wanted)
                assert _comparable(imported) == _comparable(posted)

    like_each_other()


def _furnished(desk: Desk) -> Desk:
    first, second = desk.provider("First"), desk.provider("Second")
    one = desk.model(first, "one", visible=True)
    for provider, model_id in ((first, "two"), (first, "both"), (second, "both"), (second, "gone")):
        desk.model(provider, model_id)
    desk.model(second, "shown", visible=True)
    desk.rooms.models.delete(desk.rooms.models.find("gone").id, BY)
    desk.alias(one, "taken")
    return desk


def _import(desk: Desk, wanted: ImportItem) -> str:
    try:
        result = desk.rooms.alias_import.run([wanted], BY)
    except ImportConflict as refused:
        return str(refused.facts["items"][0].code)
    except NameWouldMove:
        return "name_would_move"
    return "alias_taken" if result.unchanged else "created"  # what is there already: a POST says so with 409


def _post(desk: Desk, wanted: ImportItem) -> str:
    description = None if wanted.description is None else str(wanted.description)
    try:
        # A POST reads the body before it looks for the model, as an import does.
        names.check_alias(wanted.alias, "/alias")
        row = desk.rooms.models.find(wanted.model_id, wanted.provider_id).id
        desk.rooms.aliases.create(row, NewAlias(alias=wanted.alias, description=description), BY)
    except NameWouldMove:
        return "name_would_move"
    except tuple(ERRORS) as refused:
        return ERRORS[type(refused)]
    return "created"


def _comparable(desk: Desk) -> Any:
    """All rows but the canaries, and without the name of the operation, which the digests cover."""
    tables = desk.tables("instance", "change_sets", "change_digests")
    return tables, desk.revision()
