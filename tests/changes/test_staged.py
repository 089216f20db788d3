"""Changes that are staged: kept with what they mean, carried out once at their moment, or refused and said why."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from model_lineup.catalog.shapes import AliasChanges, ModelFilter, Selection
from model_lineup.changes.staged.shapes import (
    Announcement,
    FlagWanted,
    NewStaged,
    StagedChange,
    SwitchWanted,
    TargetWanted,
    Wanted,
)
from model_lineup.errors import (
    InvalidInput,
    LineupError,
    ManagedByFile,
    ModelNotFound,
    NameWouldMove,
    NotFound,
    StagedOver,
    UndoConflict,
)
from model_lineup.rooms import Rooms
from tests.fakes.clock import ManualClock
from tests.fakes.desk import BY, Desk

DAY = 86_400


@pytest.fixture
def desk(rooms: Rooms) -> Desk:
    return Desk(rooms)


def hiding(*ids: int) -> FlagWanted:
    return FlagWanted(chosen=Selection(model_ids=list(ids)), flag="visible", value=False)


def stage(desk: Desk, wanted: Wanted, *, days: float = 1, confirm: bool = False, **announce: Any) -> StagedChange:
    at = desk.rooms.clock.now() + timedelta(days=days)
    told = Announcement(**announce) if announce else None
    return desk.rooms.staging.stage(NewStaged(wanted=wanted, at=at, announce=told), BY, confirm=confirm)[0]


def visible(desk: Desk, *ids: int) -> list[bool]:
    return [desk.rooms.models.get(row).visible for row in ids]


def test_at_its_moment_it_is_carried_out_once_however_many_see_to_it(desk: Desk, clock: ManualClock) -> None:
    provider = desk.provider()
    ids = [desk.model(provider, name, visible=True).id for name in ("a", "b", "c")]
    staged = stage(desk, hiding(*ids[:2]), message="Use c.", successor_id=ids[2])
    assert (staged.title, staged.state, staged.late_s) == ("Hide 2 models", "waiting", None)
    assert [(one.id, one.model_id, one.provider) for one in staged.models] == [(1, "a", "acme"), (2, "b", "acme")]
    before = desk.revision()
    desk.rooms.staging.carry_out(staged.id)
    assert (desk.revision(), visible(desk, *ids)) == (before, [True, True, True]), "not yet"
    clock.advance(DAY)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(desk.rooms.staging.carry_out, [staged.id] * 8))
    assert desk.revision() == before + 1, "once"
    assert visible(desk, *ids) == [False, False, True]
    change = desk.last_change()
    assert (change.actor, change.operation) == (f"staged change {staged.id} by tester", "staged.carry_out")
    touched = [(entry.entity, entry.label) for entry in change.entries or ()]
    assert touched == [("model", "a"), ("model", "b"), ("staged_change", "Hide 2 models")]
    done = desk.rooms.staging.get(staged.id)
    assert (done.state, done.ended_at, done.late_s) == ("done", clock.now(), None)


def test_whoever_comes_late_carries_it_out_and_says_how_late(desk: Desk, clock: ManualClock) -> None:
    model = desk.model(desk.provider(), "a", visible=True)
    staged = stage(desk, hiding(model.id))
    clock.advance(DAY + 3 * 3_600)
    assert desk.rooms.follower.current()
    assert desk.rooms.follower.staged_due() == [staged.id]
    for due in desk.rooms.follower.staged_due():
        desk.rooms.staging.carry_out(due)
    assert desk.rooms.staging.get(staged.id).late_s == 3 * 3_600
    assert (desk.last_change().entries or [])[-1].after == {"state": "done", "late_s": 3 * 3_600}
    desk.rooms.follower.current()
    assert desk.rooms.follower.staged_due() == []


def test_each_operation_does_what_an_administrator_would_have_done(desk: Desk, clock: ManualClock) -> None:
    provider = desk.provider()
    old, new = (desk.model(provider, name, visible=name == "old") for name in ("old", "new"))
    desk.alias(old, "fast")
    shown = FlagWanted(chosen=Selection(filter=ModelFilter(visible=False)), flag="visible", value=True)
    agents = FlagWanted(chosen=Selection(model_ids=[old.id]), flag="agents_enabled", value=True)
    wanted: list[Wanted] = [shown, agents, TargetWanted(alias="fast", target=new.id)]
    wanted.append(SwitchWanted(provider_id=provider.id, enabled=False))
    staged = [stage(desk, one, days=1 + turn) for turn, one in enumerate(wanted)]
    desk.model(provider, "later")  # what the filter finds is settled when it is staged
    assert [one.title for one in staged] == [
        "Show new",
        "Allow agents to use old",
        "Point fast from old to new",
        "Switch Acme off",
    ]
    clock.advance(10 * DAY)
    assert desk.rooms.follower.current()
    assert desk.rooms.follower.staged_due() == [one.id for one in staged], "in the order of their moments"
    for one in staged:
        desk.rooms.staging.carry_out(one.id)
    assert [one.state for one in desk.rooms.staging.page(limit=9, offset=0).staged] == ["done"] * 4
    assert (visible(desk, new.id), visible(desk, 3)) == ([True], [False])
    assert desk.rooms.models.get(old.id).agents_enabled
    assert [one.alias for one in desk.rooms.aliases.of_model(new.id)] == ["fast"]
    assert not desk.rooms.providers.get(provider.id).enabled


def test_what_would_be_refused_is_refused_when_it_is_staged(desk: Desk, clock: ManualClock) -> None:
    provider = desk.provider()
    model = desk.model(provider, "gpt", visible=True)
    desk.model(desk.provider("Other"), "gpt", visible=True)
    before = desk.revision()
    at = clock.now() + timedelta(days=1)
    refused: list[tuple[type[LineupError], NewStaged]] = [
        (ModelNotFound, NewStaged(wanted=hiding(99), at=at)),
        (NameWouldMove, NewStaged(wanted=hiding(model.id), at=at)),
        (NotFound, NewStaged(wanted=TargetWanted(alias="none", target=model.id), at=at)),
        (NotFound, NewStaged(wanted=SwitchWanted(provider_id=9, enabled=False), at=at)),
        (InvalidInput, NewStaged(wanted=hiding(model.id), at=clock.now())),
        (InvalidInput, NewStaged(wanted=hiding(model.id), at=datetime(2027, 1, 1))),
        (InvalidInput, NewStaged(wanted=hiding(model.id), at=clock.now() + timedelta(days=500))),
        (InvalidInput, NewStaged(wanted=hiding(model.id), at=at, announce=Announcement(starts_at=at))),
        (InvalidInput, NewStaged(wanted=hiding(model.id), at=at, announce=Announcement(successor_id=99))),
    ]
    for error, new in refused:
        with pytest.raises(error):
            desk.rooms.staging.stage(new, BY)
    showing = FlagWanted(chosen=Selection(model_ids=[model.id]), flag="visible", value=True)
    with pytest.raises(InvalidInput, match="nothing to tell"):
        desk.rooms.staging.stage(NewStaged(wanted=showing, at=at, announce=Announcement()), BY)
    assert desk.revision() == before
    assert stage(desk, hiding(model.id), confirm=True).confirmed


def test_a_dry_run_says_whom_it_would_meet_and_keeps_nothing(desk: Desk, clock: ManualClock) -> None:
    model = desk.model(desk.provider(), "gpt", visible=True)
    desk.alias(model, "fast")
    new = NewStaged(wanted=hiding(model.id), at=clock.now() + timedelta(days=1), announce=Announcement())
    found, receipt = desk.rooms.staging.stage(new, BY, dry_run=True)
    impact = found.impact_when_staged
    assert (impact.models, impact.aliases, receipt.impact, receipt.change_id) == (1, 1, impact, None)
    assert visible(desk, model.id) == [True]
    assert desk.rooms.staging.page(limit=9, offset=0).total == 0


def test_cancelled_before_it_is_not_carried_out(desk: Desk, clock: ManualClock) -> None:
    model = desk.model(desk.provider(), "gpt", visible=True)
    staged = stage(desk, hiding(model.id))
    desk.rooms.staging.cancel(staged.id, BY)
    clock.advance(2 * DAY)
    desk.rooms.staging.carry_out(staged.id)
    assert visible(desk, model.id) == [True]
    assert desk.rooms.staging.get(staged.id).state == "cancelled"
    with pytest.raises(StagedOver):
        desk.rooms.staging.cancel(staged.id, BY)
    with pytest.raises(NotFound):
        desk.rooms.staging.cancel(99, BY)


def test_what_no_longer_applies_is_refused_with_what_has_changed(desk: Desk, clock: ManualClock) -> None:
    provider = desk.provider()
    a, b, c = (desk.model(provider, name, visible=True) for name in "abc")
    desk.alias(a, "fast")
    gone = stage(desk, hiding(a.id, b.id))
    moved = stage(desk, TargetWanted(alias="fast", target=b.id))
    desk.rooms.models.delete(b.id, BY)
    deletion = desk.last_change().id
    desk.rooms.aliases.change(a.id, "fast", AliasChanges(target=c.id), BY)
    clock.advance(DAY)
    for one in (gone, moved):
        desk.rooms.staging.carry_out(one.id)
    assert visible(desk, a.id) == [True], "all of it or nothing"
    first, second = desk.rooms.staging.get(gone.id), desk.rooms.staging.get(moved.id)
    assert (first.state, second.state) == ("refused", "refused")
    assert first.refusal is not None
    assert second.refusal is not None
    assert first.refusal.code == "model_not_found"
    assert [one["change_id"] for one in first.refusal.changes] == [deletion]
    assert "leads to model 3 by now" in second.refusal.message
    assert desk.last_change().operation == "staged.refuse"
    told = [notice.details["refusal"]["code"] for notice in _notices(desk) if notice.kind == "staged_refused"]
    assert sorted(told) == ["conflict", "model_not_found"]
    before = desk.revision()
    desk.rooms.staging.carry_out(gone.id)
    assert desk.revision() == before, "a refusal is final"


def _notices(desk: Desk) -> Any:
    desk.rooms.watch.look()
    return desk.rooms.notices.page(limit=20, offset=0).notices


def test_what_belongs_to_a_file_by_then_is_left_to_the_file(desk: Desk, clock: ManualClock) -> None:
    model = desk.model(desk.provider(), "gpt", visible=True)
    staged = stage(desk, hiding(model.id))
    desk.rooms.apply.apply("[models.acme.gpt]\nvisible = true\n", BY, label="ops")
    with pytest.raises(ManagedByFile):
        stage(desk, hiding(model.id))
    clock.advance(DAY)
    desk.rooms.staging.carry_out(staged.id)
    refusal = desk.rooms.staging.get(staged.id).refusal
    assert refusal is not None
    assert refusal.code == "managed_by_file"


def test_administrators_hear_that_it_was_carried_out(desk: Desk, clock: ManualClock) -> None:
    model = desk.model(desk.provider(), "gpt", visible=True)
    staged = stage(desk, hiding(model.id))
    clock.advance(DAY + 600)
    desk.rooms.staging.carry_out(staged.id)
    (notice,) = _notices(desk)
    assert (notice.kind, notice.subject) == ("staged_done", f"staged {staged.id}")
    assert notice.text == "The staged change 'Hide gpt' was carried out, 600 s late: nobody was there at its moment."


def test_staging_and_cancelling_are_taken_back_until_its_moment(desk: Desk, clock: ManualClock) -> None:
    model = desk.model(desk.provider(), "gpt", visible=True)
    staged = stage(desk, hiding(model.id))
    undo = desk.rooms.undo.undo
    undo([desk.last_change().id], BY)
    assert desk.rooms.staging.get(staged.id).state == "cancelled"
    undo([desk.last_change().id], BY)
    assert desk.rooms.staging.get(staged.id).state == "waiting"
    desk.rooms.staging.cancel(staged.id, BY)
    cancelled = desk.last_change().id
    clock.advance(DAY)
    with pytest.raises(UndoConflict, match="Its moment has passed"):
        undo([cancelled], BY)


def test_what_was_carried_out_is_taken_back_as_any_change(desk: Desk, clock: ManualClock) -> None:
    model = desk.model(desk.provider(), "gpt", visible=True)
    staged = stage(desk, hiding(model.id))
    staging = desk.last_change().id
    clock.advance(DAY)
    desk.rooms.staging.carry_out(staged.id)
    desk.rooms.undo.undo([desk.last_change().id], BY)
    assert visible(desk, model.id) == [True]
    assert desk.rooms.staging.get(staged.id).state == "done", "that it was carried out stays true"
    desk.rooms.staging.carry_out(staged.id)
    assert visible(desk, model.id) == [True]
    with pytest.raises(UndoConflict, match="its moment has come"):
        desk.rooms.undo.undo([staging], BY)


def test_those_that_wait_come_first_soonest_first(desk: Desk, clock: ManualClock) -> None:
    model = desk.model(desk.provider(), "gpt", visible=True)
    late, soon, done, cancelled = (stage(desk, hiding(model.id), days=days) for days in (9, 5, 1, 2))
    clock.advance(DAY)
    desk.rooms.staging.carry_out(done.id)
    clock.advance(60)
    desk.rooms.staging.cancel(cancelled.id, BY)
    page = desk.rooms.staging.page(limit=10, offset=0)
    assert [one.id for one in page.staged] == [soon.id, late.id, cancelled.id, done.id]
    waiting = desk.rooms.staging.page(limit=1, offset=1, state="waiting")
    assert ([one.id for one in waiting.staged], waiting.total) == ([late.id], 2)
    assert page.staged[0].made_at.tzinfo is UTC
