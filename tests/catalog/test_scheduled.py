"""Scheduled fetches: off by default, once for everybody, back-off after failures, and alone only what is allowed."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from model_lineup.catalog.fetch_schedule import FetchSchedule, next_after
from model_lineup.catalog.scheduled import ScheduledFetches
from model_lineup.catalog.shapes import Provider
from model_lineup.errors import FetchUnderWay, InvalidInput, NotFound, UpstreamFailed
from tests.fakes.clock import ManualClock
from tests.fakes.desk import Desk, ScriptedProvider

HOURLY = FetchSchedule(60)


@pytest.fixture
def acme() -> ScriptedProvider:
    return ScriptedProvider("a", "b")


def provider_with(desk: Desk, schedule: FetchSchedule | None) -> Provider:
    return desk.provider("Acme", fetch_schedule=schedule)


def look(scheduled: ScheduledFetches, times: int = 1) -> list[int]:
    async def together() -> list[list[int]]:
        return await asyncio.gather(*(scheduled.look() for _ in range(times)))

    return [one for found in asyncio.run(together()) for one in found]


def open_plans(desk: Desk) -> list[tuple[int, int]]:
    return [(one.id, one.left) for one in desk.rooms.plans.to_review()]


def test_nothing_is_fetched_unless_it_is_scheduled(desk: Desk, acme: ScriptedProvider) -> None:
    off = provider_with(desk, None)
    scheduled = desk.scheduled(acme)
    assert (look(scheduled), acme.asked) == ([], [])
    state = scheduled.state(off.id)
    assert (state.fetch_schedule, state.due_at, state.last) == (None, None, None)
    switched_off = desk.provider("Off", fetch_schedule=HOURLY, enabled=False)
    assert look(scheduled) == []
    assert scheduled.state(switched_off.id).due_at is None


def test_it_is_fetched_once_by_everybody_together_and_again_after_its_interval(
    desk: Desk, acme: ScriptedProvider, clock: ManualClock
) -> None:
    provider = provider_with(desk, HOURLY)
    scheduled = desk.scheduled(acme)
    assert look(scheduled, times=3) == [provider.id]
    assert open_plans(desk) == [(1, 2)]
    assert desk.ids() == []  # nothing is applied alone
    state = scheduled.state(provider.id)
    assert state.last == {"outcome": "ok", "plan_id": 1, "applied": 0, "left": 2}
    assert look(scheduled) == []
    clock.advance(66 * 60 + 1)
    assert look(scheduled) == [provider.id]
    clock.advance(10 * 3600)  # missed ones are not repeated
    assert [look(scheduled), look(scheduled)] == [[provider.id], []]
    assert open_plans(desk) == [(1, 2)]  # the list says the same, so the plan is the same


def test_only_what_is_allowed_is_applied_alone(desk: Desk, acme: ScriptedProvider, clock: ManualClock) -> None:
    provider_with(desk, FetchSchedule(60, ("added", "vanished")))
    scheduled = desk.scheduled(acme)
    look(scheduled)
    assert (desk.ids(), open_plans(desk)) == (["a", "b"], [])
    assert all(not desk.rooms.models.find(one).visible for one in ("a", "b"))
    assert desk.last_change().actor == "scheduled fetch"
    acme.lists(("a", {"context_length": 5}), "c")
    clock.advance(2 * 3600)
    look(scheduled)
    assert desk.rooms.models.find("b").status == "vanished"
    assert desk.rooms.models.find("a").context_length is None
    assert open_plans(desk) == [(2, 1)]
    clock.advance(2 * 3600)
    acme.lists("a", "c")
    look(scheduled)
    assert open_plans(desk) == []  # the later list says nothing new
    assert desk.rooms.plans.get(2).status == "overtaken"


def test_what_would_move_a_name_waits_for_somebody(desk: Desk, acme: ScriptedProvider) -> None:
    provider = provider_with(desk, FetchSchedule(60, ("added",)))
    desk.alias(desk.model(provider, "target", visible=True), "GPT")
    acme.lists("target", "gpt")
    scheduled = desk.scheduled(acme)
    look(scheduled)
    last: Any = scheduled.state(provider.id).last
    assert (last["outcome"], last["code"], last["left"]) == ("ok", "name_would_move", 1)
    assert open_plans(desk) == [(1, 1)]


def test_a_failure_waits_longer_each_time_and_a_success_ends_that(
    desk: Desk, acme: ScriptedProvider, clock: ManualClock
) -> None:
    provider = provider_with(desk, HOURLY)
    scheduled = desk.scheduled(acme)
    acme.failure = UpstreamFailed("No.", stage="auth", http_status=401)
    look(scheduled)
    clock.advance(66 * 60 + 1)
    assert look(scheduled) == []
    clock.advance(66 * 60)
    assert look(scheduled) == [provider.id]
    state = scheduled.state(provider.id)
    assert (state.failures, state.last) == (
        2,
        {"outcome": "failed", "code": "upstream_failed", "message": "No.", "stage": "auth"},
    )
    acme.failure = None
    assert asyncio.run(scheduled.run_now(provider.id)).failures == 0
    assert desk.ids() == []


def test_the_time_to_the_next_one_is_bounded_and_never_shorter_than_nine_tenths() -> None:
    assert next_after(HOURLY, 0, 0.0) == timedelta(minutes=54)
    assert next_after(HOURLY, 0, 1.0) == timedelta(minutes=66)
    assert next_after(HOURLY, 3, 0.5) == timedelta(hours=8)
    assert next_after(HOURLY, 500, 0.5) == timedelta(days=1)
    assert next_after(FetchSchedule(30 * 24 * 60), 9, 0.5) == timedelta(days=30)


def test_a_shorter_interval_holds_at_once(desk: Desk, acme: ScriptedProvider, clock: ManualClock) -> None:
    provider = provider_with(desk, FetchSchedule(30 * 24 * 60))
    scheduled = desk.scheduled(acme)
    look(scheduled)
    clock.advance(6 * 60)
    assert look(scheduled) == []
    desk.change_provider(provider.id, fetch_schedule=FetchSchedule(5))
    assert look(scheduled) == [provider.id]
    desk.change_provider(provider.id, fetch_schedule=None)
    clock.advance(24 * 3600)
    assert look(scheduled) == []


def test_it_runs_on_demand_but_not_twice_at_a_time(desk: Desk, acme: ScriptedProvider) -> None:
    provider = provider_with(desk, None)
    scheduled = desk.scheduled(acme)
    assert asyncio.run(scheduled.run_now(provider.id)).last == {
        "outcome": "ok",
        "plan_id": 1,
        "applied": 0,
        "left": 2,
    }
    assert desk.rooms.chores.claim(f"fetch provider {provider.id}", lease=timedelta(minutes=1), at_once=True)
    with pytest.raises(FetchUnderWay):
        asyncio.run(scheduled.run_now(provider.id))
    with pytest.raises(NotFound):
        asyncio.run(scheduled.run_now(99))


class Killed(BaseException):
    """As if the process had ended there."""


@pytest.mark.parametrize("where", ["the list is read", "the plan is stored", "the plan is applied"])
def test_a_worker_that_dies_on_the_way_leaves_it_to_the_next_one(
    desk: Desk, acme: ScriptedProvider, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    provider = provider_with(desk, FetchSchedule(60, ("added",)))
    dying, plans = desk.scheduled(acme), desk.plans(acme)

    def dies(*_: Any, **__: Any) -> None:
        raise Killed

    def applies_and_dies(plan_id: int, *said: Any, **more: Any) -> None:
        plans.apply(plan_id, *said, **more)
        raise Killed

    at = {"the list is read": "_store_if_new", "the plan is stored": "apply", "the plan is applied": "apply"}[where]
    with monkeypatch.context() as patched:
        patched.setattr(dying._plans, at, applies_and_dies if where == "the plan is applied" else dies)
        with pytest.raises(Killed):
            look(dying)
    after, revision = desk.scheduled(acme), desk.revision()
    assert look(after, times=2) == []  # it may still be at it
    assert after.state(provider.id).is_under_way
    clock.advance(4 * 60)
    assert look(after, times=2) == [provider.id]
    assert sorted(desk.ids()) == ["a", "b"]
    assert sum(one.operation == "plans.apply" for one in desk.changes()) == 1
    assert open_plans(desk) == []
    assert (desk.revision() == revision) is (where == "the plan is applied")
    assert after.state(provider.id).failures == 0


@pytest.mark.parametrize("schedule", [FetchSchedule(4), FetchSchedule(43_201), FetchSchedule(60, ("deleted",))])  # type: ignore[arg-type]
def test_a_schedule_that_is_none_is_refused(desk: Desk, schedule: FetchSchedule) -> None:
    with pytest.raises(InvalidInput, match="fetch_schedule"):
        provider_with(desk, schedule)
