"""When requests go out, and when a run stops; without a network."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from model_lineup.benchmarks.driver import Driver
from model_lineup.benchmarks.pairing import in_turns_with
from model_lineup.benchmarks.plan import Plan
from model_lineup.benchmarks.protocol import ChildOutcome
from model_lineup.benchmarks.report import report_of
from model_lineup.benchmarks.sample import Sample
from model_lineup.benchmarks.sweep import Sweep
from model_lineup.benchmarks.tandem import Tandem
from model_lineup.clock import tick
from model_lineup.upstream.contract import Ask, Exchange, Failure, Stage, Usage


def answered(usage: Usage | None = None, failure: Failure | None = None) -> Exchange:
    now = tick()
    return Exchange(
        sent_at=now - 0.001, ended_at=now, content_at=(now,), last_event_at=now, usage=usage, failure=failure
    )


def failing(stage: Stage) -> Callable[[Ask], Awaitable[Exchange]]:
    async def ask(_: Ask) -> Exchange:
        await asyncio.sleep(0)
        return answered(failure=Failure(stage, stage, "no"))

    return ask


async def at_once(_: Ask) -> Exchange:
    await asyncio.sleep(0)
    return answered(Usage(10, 5))


async def never(_: Ask) -> Exchange:
    await asyncio.Event().wait()
    raise AssertionError


def drive(plan: Plan, ask: Callable[[Ask], Awaitable[Exchange]]) -> tuple[Driver, list[Sample]]:
    heard: list[Sample] = []

    async def main() -> Driver:
        driver = Driver(plan, ask, heard.append)
        await driver.run()
        return driver

    return asyncio.run(main()), heard


def numbers(samples: list[Sample]) -> list[int]:
    return sorted(sample.number for sample in samples)


def test_every_request_goes_out_once_after_the_warmup() -> None:
    driver, heard = drive(Plan(requests=25, concurrency=4, warmup=3), at_once)
    assert numbers(heard) == list(range(-3, 25))
    assert driver.samples == heard
    assert driver.stopped is None


def test_closed_loop_keeps_concurrency_under_way() -> None:
    under_way, most = 0, 0

    async def ask(_: Ask) -> Exchange:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.001)
        under_way -= 1
        return answered()

    drive(Plan(requests=30, concurrency=5, warmup=0), ask)
    assert most == 5


def test_open_loop_sends_when_due_though_nothing_came_back() -> None:
    sent, all_are_sent = 0, asyncio.Event()

    async def ask(_: Ask) -> Exchange:
        nonlocal sent
        sent += 1
        if sent == 5:
            all_are_sent.set()
        sent_at = tick()
        await all_are_sent.wait()
        return Exchange(sent_at=sent_at, ended_at=tick(), content_at=(), last_event_at=sent_at)

    _, heard = drive(Plan(requests=5, rate=50.0, warmup=0, time_limit_s=60), ask)
    assert all(sample.late_ms is not None and sample.late_ms >= 0 for sample in heard)
    due_s = sorted(sample.started_s for sample in heard)
    assert due_s[-1] - due_s[0] == pytest.approx(0.08, abs=0.001)


def test_getting_ready_comes_between_warmup_and_measuring_and_knows_how_many_are_under_way() -> None:
    happened: list[object] = []

    async def get_ready(connections: int) -> None:
        happened.append(("ready", connections))

    async def main(plan: Plan) -> None:
        await Driver(plan, at_once, lambda sample: happened.append(sample.number), get_ready).run()

    asyncio.run(main(Plan(requests=3, concurrency=8, warmup=1)))
    assert happened == [-1, ("ready", 3), 0, 1, 2]


def test_at_a_rate_the_warmup_tells_how_many_will_be_under_way() -> None:
    asked: list[int] = []

    async def get_ready(connections: int) -> None:
        asked.append(connections)

    async def ask(_: Ask) -> Exchange:
        now = tick()
        return Exchange(sent_at=now - 0.5, ended_at=now, content_at=(now,), last_event_at=now)

    async def main() -> None:
        driver = Driver(Plan(requests=20, rate=20.0, time_limit_s=0.01), ask, lambda _: None, get_ready)
        await driver.run()
        assert driver.first_sent_at is not None

    asyncio.run(main())
    assert asked == [13]  # 20 a second for half a second, a fifth more, and one


def test_a_run_stopped_in_the_warmup_gets_nothing_ready() -> None:
    async def get_ready(_: int) -> None:
        raise AssertionError

    async def main() -> None:
        driver = Driver(Plan(warmup=1), failing("auth"), lambda _: None, get_ready)
        await driver.run()

    asyncio.run(main())


def test_each_prompt_is_its_own() -> None:
    asked: list[str] = []

    async def ask(what: Ask) -> Exchange:
        asked.append(what.messages[0].content)
        return await at_once(what)

    drive(Plan(requests=50, seed=7), ask)
    assert len(set(asked)) == 51


@pytest.mark.parametrize("stage", ["auth", "quota"])
def test_a_refused_credential_or_a_spent_quota_stops_at_once(stage: Stage) -> None:
    driver, heard = drive(Plan(requests=50, warmup=0), failing(stage))
    assert driver.stopped == stage
    assert len([sample for sample in heard if sample.failure]) == 1


def test_a_refused_credential_in_the_warmup_stops_before_measuring() -> None:
    driver, heard = drive(Plan(warmup=1), failing("auth"))
    assert driver.stopped == "auth"
    assert [sample.number for sample in heard if not sample.unfinished] == [-1]


def test_too_many_errors_stop_after_ten() -> None:
    driver, heard = drive(Plan(requests=50, warmup=0), failing("timeout"))
    assert driver.stopped == "errors"
    assert 10 <= len(heard) <= 11


def test_half_errors_are_tolerated() -> None:
    turn = iter(range(100))

    async def ask(what: Ask) -> Exchange:
        return await (failing("timeout") if next(turn) % 2 else at_once)(what)

    driver, heard = drive(Plan(requests=40, warmup=0), ask)
    assert driver.stopped is None
    assert len(heard) == 40


def test_a_token_limit_starts_nothing_new() -> None:
    driver, heard = drive(Plan(requests=50, warmup=0, token_limit=60), at_once)
    assert driver.stopped == "token_limit"
    assert len(heard) == 4
    assert not any(sample.unfinished for sample in heard)


def test_the_time_limit_cuts_what_is_under_way() -> None:
    started = tick()
    driver, heard = drive(Plan(requests=5, concurrency=3, warmup=0, time_limit_s=0.1), never)
    assert 0.1 <= tick() - started < 30
    assert driver.stopped == "time_limit"
    assert [sample.unfinished for sample in heard] == [True] * 3


def test_a_cancel_keeps_what_was_measured() -> None:
    async def main() -> Driver:
        turn = iter(range(100))

        async def ask(what: Ask) -> Exchange:
            return await (at_once if next(turn) < 3 else never)(what)

        driver = Driver(Plan(requests=9, warmup=0), ask, lambda _: None)
        asyncio.get_running_loop().call_later(0.05, driver.stop, "cancelled")
        await driver.run()
        return driver

    driver = asyncio.run(main())
    assert driver.stopped == "cancelled"
    assert [sample.succeeded for sample in driver.samples] == [True, True, True, False]


def test_a_mistake_of_ours_is_not_swallowed() -> None:
    async def ask(_: Ask) -> Exchange:
        raise ZeroDivisionError

    with pytest.raises(ExceptionGroup):
        drive(Plan(warmup=0), ask)


def test_cold_requests_go_first_one_by_one_over_the_way_for_cold_ones() -> None:
    asked: list[str] = []

    def way(name: str) -> Callable[[Ask], Awaitable[Exchange]]:
        async def ask(_: Ask) -> Exchange:
            asked.append(name)
            return answered(Usage(10, 5))

        return ask

    async def main() -> Driver:
        driver = Driver(Plan(requests=2, warmup=1, cold=2), way("warm"), lambda _: None, ask_cold=way("cold"))
        await driver.run()
        return driver

    driver = asyncio.run(main())
    assert asked == ["cold", "cold", "warm", "warm", "warm"]
    assert [(sample.number, sample.cold) for sample in driver.samples[:3]] == [(-3, True), (-2, True), (-1, False)]


def test_a_sweep_ends_at_the_step_that_brings_no_more() -> None:
    """An upstream that answers one request at a time."""

    async def main() -> Driver:
        lock, now = asyncio.Lock(), tick()  # its own time, in which nothing but its work takes any

        async def ask(_: Ask) -> Exchange:
            nonlocal now
            sent_at = now
            async with lock:
                await asyncio.sleep(0)
                now += 0.004
            return Exchange(sent_at=sent_at, ended_at=now, content_at=(now,), last_event_at=now)

        driver = Driver(Plan(requests=12, warmup=0, sweep=Sweep(concurrency=(1, 4, 16))), ask, lambda _: None)
        await driver.run()
        return driver

    driver = asyncio.run(main())
    assert numbers(driver.samples) == list(range(24))
    report = report_of(driver.plan, driver.samples)
    assert report.sweep is not None
    assert (report.sweep.ended, report.sweep.knee, len(report.sweep.steps)) == ("throughput", 1, 2)


def answering_after(ms: float, failing_from: int | None = None) -> Callable[[Ask], Awaitable[Exchange]]:
    """In its own time; `failing_from`: that request and all after it fail."""
    asked = 0

    async def ask(_: Ask) -> Exchange:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        now = tick()
        failure = Failure("protocol", "server_error", "no") if failing_from and asked > failing_from else None
        at = () if failure else (now,)
        return Exchange(sent_at=now - ms / 1000, ended_at=now, content_at=at, last_event_at=now, failure=failure)

    return ask


def tandem(plan: Plan, *asks: Callable[[Ask], Awaitable[Exchange]]) -> tuple[list[Driver], list[int]]:
    """Two drivers in turns, and for how many requests at once they got ready."""
    ready: list[int] = []

    async def get_ready(connections: int) -> None:
        ready.append(connections)

    async def main() -> list[Driver]:
        drivers = [Driver(plan, ask, lambda _: None) for ask in asks]
        await Tandem(drivers[0], drivers[1], get_ready).run()
        return drivers

    return asyncio.run(main()), ready


@pytest.mark.parametrize("sweep", [Sweep(concurrency=(1, 2, 4)), Sweep(rate=(500.0, 1000.0, 2000.0))])
def test_two_sweeps_go_up_level_by_level_in_turns(sweep: Sweep) -> None:
    plan = Plan(requests=4, warmup=0, sweep=sweep)
    order = list[str]()

    def noted(who: str) -> Callable[[Ask], Awaitable[Exchange]]:
        answer = answering_after(100_000)  # so slow that no queue ever counts as one

        async def ask(what: Ask) -> Exchange:
            order.append(who)
            return await answer(what)

        return ask

    drivers, ready = tandem(plan, noted("one"), noted("other"))
    assert [numbers(driver.samples) for driver in drivers] == [list(range(12))] * 2
    assert len(ready) == 3
    for level in (order[:8], order[8:16], order[16:]):  # nobody begins one before the other has ended the one before
        assert (level.count("one"), level.count("other")) == (4, 4)


def test_two_sweeps_in_turns_end_with_the_first_that_meets_a_rule() -> None:
    """Not by requests per second: each answers while the other waits."""
    plan = Plan(requests=4, warmup=0, sweep=Sweep(concurrency=(1, 2, 4)))
    drivers, _ = tandem(plan, answering_after(1), answering_after(1, failing_from=4))
    assert [numbers(driver.samples) for driver in drivers] == [list(range(8))] * 2
    outcomes = [ChildOutcome("completed", report_of(plan, driver.samples)) for driver in drivers]
    ours, theirs = (in_turns_with(7, outcome).report.sweep for outcome in outcomes)
    assert ours is not None
    assert theirs is not None
    assert (theirs.ended, theirs.knee) == ("errors", 1)
    assert (ours.ended, ours.criterion) == (
        None,
        "It ended with the sweep of run 7, with which it was measured in turns.",
    )
    assert {step.requests_per_s for step in (*ours.steps, *theirs.steps)} == {None}
