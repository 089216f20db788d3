"""Tests by the clock: nothing without a schedule, nothing beyond the cap, once for all workers."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from model_lineup.benchmarks.agreeing import judged
from model_lineup.benchmarks.booking import Booking
from model_lineup.benchmarks.sample import Sample
from model_lineup.catalog.check_schedule import CheckSchedule
from model_lineup.catalog.shapes import Model, ModelChanges, ProviderChanges
from model_lineup.probes.checks import ScheduledChecks
from model_lineup.rooms import Rooms
from tests.fakes.clock import ManualClock
from tests.fakes.honest import refused
from tests.fakes.provider import FakeProvider, hello
from tests.probes.conftest import AUTHOR

T = TypeVar("T")


def run(rooms: Rooms, use: Callable[[], Awaitable[T]]) -> T:
    async def main() -> T:
        try:
            return await use()
        finally:
            await rooms.upstream.close()

    return asyncio.run(main())


def scheduled(
    rooms: Rooms, model: Model, *, tokens_per_day: int = 10_000, capabilities_every_days: int | None = None
) -> None:
    rooms.models.change(model.id, ModelChanges(visible=True), AUTHOR)
    schedule = CheckSchedule(60, tokens_per_day, capabilities_every_days)
    rooms.providers.change(model.provider_id, ProviderChanges(check_schedule=schedule), AUTHOR)


def test_nothing_is_asked_without_a_schedule(
    rooms: Rooms, model: Model, able: FakeProvider, clock: ManualClock
) -> None:
    rooms.models.change(model.id, ModelChanges(visible=True), AUTHOR)
    for _ in range(10):
        assert run(rooms, rooms.checks.look) == []
        clock.advance(3600)
    assert able.requests == []


def test_by_schedule_each_visible_model_is_asked_once_in_each_interval_by_one_of_two_workers(
    rooms: Rooms, model: Model, able: FakeProvider, clock: ManualClock
) -> None:
    able.answer("/chat/completions", hello())
    scheduled(rooms, model)
    one = rooms.checks
    other = ScheduledChecks(
        rooms.database, rooms.clock, rooms.models, rooms.tests, rooms.capabilities, rooms.own_work, rooms.chores
    )

    async def both() -> list[list[int]]:
        return [*await asyncio.gather(one.look(), other.look()), await one.look()]

    assert sorted(run(rooms, both)) == [[], [], [model.provider_id]]
    assert len(able.requests) == 1
    clock.advance(67 * 60)  # beyond the jitter
    run(rooms, both)
    assert len(able.requests) == 2
    state = rooms.checks.state(model.provider_id)
    assert state.last is not None
    assert (state.last["outcome"], state.last["passed"], state.failures) == ("ok", 1, 0)
    assert (state.spent_today.requests, state.spent_today.tokens) == (2, 14)
    assert state.spent_today.cost_usd is not None


def test_the_cap_ends_it_for_the_day_and_is_no_failure(
    rooms: Rooms, model: Model, able: FakeProvider, clock: ManualClock
) -> None:
    able.answer("/chat/completions", hello())
    scheduled(rooms, model, tokens_per_day=46)
    for _ in range(3):
        run(rooms, rooms.checks.look)
        clock.advance(67 * 60)
    state = rooms.checks.state(model.provider_id)
    assert state.last is not None
    assert (state.last["outcome"], state.last["left"], len(able.requests)) == ("capped", 1, 1)
    assert rooms.models.get(model.id).status != "failing"
    clock.advance(24 * 3600)
    run(rooms, rooms.checks.look)
    assert len(able.requests) == 2


def test_a_benchmark_uses_up_the_cap_of_what_begins_by_itself(rooms: Rooms, model: Model, able: FakeProvider) -> None:
    scheduled(rooms, model, tokens_per_day=1_000)
    sample = Sample(number=0, started_s=0.0, ended_s=0.5, prompt_tokens=900, completion_tokens=80)
    Booking(rooms.ledger, model).hear(sample)
    run(rooms, rooms.checks.look)
    state = rooms.checks.state(model.provider_id)
    assert state.last is not None
    assert (state.last["outcome"], able.requests) == ("capped", [])
    assert state.spent_today.by_work["benchmarks"].tokens == 980


def test_capabilities_are_tested_by_the_clock_only_where_that_was_said_and_only_when_due(
    rooms: Rooms, model: Model, able: FakeProvider, clock: ManualClock
) -> None:
    scheduled(rooms, model, tokens_per_day=100_000, capabilities_every_days=30)
    hour, day = 67 * 60, 24 * 3600
    asked = []
    for wait in (hour, hour, 31 * day, hour):
        run(rooms, rooms.checks.look)
        last = rooms.checks.state(model.provider_id).last
        asked.append(last and last["capabilities"])
        clock.advance(wait)
    assert asked == [1, 0, 0, 1]
    assert {one.verdict for one in rooms.capabilities.known(model.id).capabilities} == {"yes"}
    rooms.providers.change(model.provider_id, ProviderChanges(api_key="canary-key-2"), AUTHOR)  # stale
    run(rooms, rooms.checks.look)
    last = rooms.checks.state(model.provider_id).last
    assert last is not None
    assert last["capabilities"] == 1


def test_a_capability_test_that_may_pass_the_cap_does_not_begin(rooms: Rooms, model: Model, able: FakeProvider) -> None:
    scheduled(rooms, model, tokens_per_day=2_000, capabilities_every_days=1)
    run(rooms, rooms.checks.look)
    last = rooms.checks.state(model.provider_id).last
    assert last is not None
    assert (last["outcome"], last["capabilities"], len(able.requests)) == ("capped", 0, 1)


@pytest.mark.parametrize("status", [401, 429])
def test_what_a_key_or_a_quota_prevents_is_blocked_and_waits_longer(
    rooms: Rooms, model: Model, able: FakeProvider, clock: ManualClock, status: int
) -> None:
    able.answer("/chat/completions", lambda got: refused("No.", status))
    scheduled(rooms, model)
    run(rooms, rooms.checks.look)
    state = rooms.checks.state(model.provider_id)
    assert state.last is not None
    assert (state.last["outcome"], state.failures) == ("blocked", 1)
    assert rooms.models.get(model.id).status == "untested"
    clock.advance(67 * 60)
    assert run(rooms, rooms.checks.look) == []
    clock.advance(67 * 60)
    assert run(rooms, rooms.checks.look) == [model.provider_id]


def test_a_status_changes_when_two_of_three_agree_both_ways_and_is_told(
    rooms: Rooms, model: Model, able: FakeProvider, clock: ManualClock
) -> None:
    scheduled(rooms, model)
    seen = []
    for answer in [
        hello(),
        hello(),
        *[refused("Broken.", 500)] * 2,
        hello(),
        refused("Broken.", 500),
        hello(),
        hello(),
    ]:
        able.answer("/chat/completions", answer)
        run(rooms, lambda: rooms.tests.check(model.id, "scheduled check"))
        seen.append(rooms.models.get(model.id).status)
        clock.advance(60)
    assert seen == ["untested", "ok", "ok", "failing", "failing", "failing", "ok", "ok"]
    [notice] = rooms.notices.page(limit=10, offset=0).notices
    assert (notice.kind, notice.subject) == ("model_failing", f"model {model.id}")


@pytest.mark.parametrize(
    ("outcomes", "before", "now"),
    [
        ([], None, None),
        ([False], None, None),
        ([False], True, True),
        ([False, True, True], True, True),
        ([False, False, True], True, False),
        ([True, False, False], False, False),
        ([True, True, False], False, True),
        ([False, False, False, True], True, False),
    ],
)
def test_two_of_the_latest_three_decide(outcomes: list[bool], before: bool | None, now: Any) -> None:
    assert judged(outcomes, before, window=3, agreeing=2) is now
