"""Whatever a provider does wrong, through the rooms: fetch, test and benchmark end in time and say what it was.

No failed fetch may change the catalog; no connection test may ask twice; and a benchmark counts each failure by class.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
import uvloop

from model_lineup.app import open_instance
from model_lineup.benchmarks.driver import Driver
from model_lineup.benchmarks.plan import Plan
from model_lineup.benchmarks.report import Report, report_of
from model_lineup.benchmarks.runner import run_in_child
from model_lineup.clock import tick
from model_lineup.demo.faults.case import POISON, SECRET
from model_lineup.errors import UpstreamFailed
from model_lineup.rooms import Rooms
from model_lineup.upstream.contract import Target
from model_lineup.upstream.exchange import converse
from tests.fakes.counts import HARD, count
from tests.fakes.desk import BY, Desk
from tests.fakes.faults import LEEWAY_S, Fault, Faults, What, must_be, no_task_left, nothing_left
from tests.fakes.instances import Templates

AT_ONCE = 16
EVERY = count(9, 1)
"""In the normal run the cases are met in turns; all of them are in `tests/upstream/test_every_fault.py`."""
PLAN = Plan(requests=3, warmup=0, max_tokens=16, seed=1)
IN_A_CHILD = (
    "retry-after-seconds",
    *(("stream-cut-in-order", "silent", "model-swapped", "tls-expired") if HARD else ()),
)
STARTS_WITHIN_S = 10.0
"""What a process of its own may need on a busy machine, beside its plan's time."""


@dataclass
class Row:
    """A provider that meets one case, and its model."""

    fault: Fault
    what: What
    provider: int
    model: int

    @property
    def key(self) -> str:
        return key_of(self.fault, self.what)


@pytest.fixture
def rooms(templates: Templates, tmp_path: Path) -> Iterator[Rooms]:
    """On SQLite alone: what is asked of the database here, others hold to both."""
    with templates.settings("sqlite", tmp_path / "instance") as settings, open_instance(settings) as rooms:
        yield rooms


def key_of(fault: Fault, what: What) -> str:
    return f"sk-canary-{fault.case}-{what}"


def rows(rooms: Rooms, faults: Faults, what: What, *, first: int = 0, every: int = EVERY) -> list[Row]:
    """A provider and a model for each case; in the normal run for every so manieth, from `first` on."""
    desk, made = Desk(rooms), []
    for fault, wire in faults.pairs("openai")[first if every > 1 else 0 :: every]:
        provider = desk.provider(f"{fault.case} {what}", api_key=key_of(fault, what), **fault.fields(wire, what))
        model = desk.model(provider, "drill", pins={"display_name": "By hand"})
        made.append(Row(fault, what, provider.id, model.id))
    return made


def run(what: Callable[[], Awaitable[list[str]]], close: Callable[[], Awaitable[None]]) -> None:
    """In a loop as the server has it; afterwards nothing may be left."""

    async def main() -> list[str]:
        async with no_task_left():
            found = await what()
            await close()
        return found

    with nothing_left(), asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        must_be(loop.run(main()))


async def each(made: list[Row], judge: Callable[[Row], Awaitable[tuple[str, str]]]) -> list[str]:
    """Many at once; what is not as promised, in words. `judge` gives the outcome and all that can be read of it."""
    free = asyncio.Semaphore(AT_ONCE)

    async def one(row: Row) -> list[str]:
        async with free:
            began = tick()
            found, told = await judge(row)
            took_s, deadline_s = tick() - began, row.fault.deadline_s(row.what)
        wrong = [] if row.fault.allows(row.what, found) else [f"{row.fault.expected[row.what]}, but {found}: {told}"]
        wrong += [f"took {took_s:.1f} s of {deadline_s:g} s"] if took_s > deadline_s + LEEWAY_S else []
        wrong += [f"{secret} can be read: {told}" for secret in (row.key, SECRET, POISON) if secret in told]
        return [f"{row.fault.case}: {line}" for line in wrong]

    found = await asyncio.gather(*map(one, made))
    return [line for lines in found for line in lines]


def outcome(failed: bool, stage: Any, code: Any) -> str:
    return f"{stage}/{code}" if failed else "passes"


@pytest.mark.hard
def test_no_bad_list_changes_the_catalog(rooms: Rooms, faults: Faults) -> None:
    """Whether a list was bad is what is expected of it; what was good may store its models."""
    made = rows(rooms, faults, "list")
    bad = [row for row in made if row.fault.expected["list"] != "passes"]
    good = [row for row in made if row.fault.expected["list"] == "passes"]
    desk = Desk(rooms)
    golden = desk.tables("activity.provider_fetches")

    async def fetch(row: Row) -> tuple[str, str]:
        try:
            plan = await rooms.discovery.fetch(row.provider, BY)
        except UpstreamFailed as error:
            return outcome(True, error.facts["stage"], error.facts.get("reason")), f"{error.detail} {error.facts}"
        return "passes", repr(plan)

    async def all_of_them() -> list[str]:
        found = await each(bad, fetch)
        after = desk.tables("activity.provider_fetches")
        found += [f"{table} was changed by a bad list" for table in golden if golden[table] != after[table]]
        return found + (await each(good, fetch) if HARD else [])

    run(all_of_them, rooms.upstream.close)
    shown = [rooms.providers.get(row.provider).last_fetch for row in bad]
    assert all(one is not None and b'"failed"' in bytes(one) for one in shown)
    assert faults.none_is_open()


@pytest.mark.hard
def test_every_connection_test_says_what_it_was_and_asks_once(rooms: Rooms, faults: Faults) -> None:
    made = rows(rooms, faults, "test", first=1)
    faults.forget()

    async def test(row: Row) -> tuple[str, str]:
        result = await rooms.tests.connection(row.model, "tester")
        stages = {one.partition("/")[0] for one in row.fault.expected["test"].split(" or ")}
        found = row.fault.expected["test"].split(" or ")[0] if result.stage in stages else f"{result.stage}"
        return "passes" if result.passed else found, repr(result)

    run(lambda: each(made, test), rooms.upstream.close)
    stats = faults.stats()
    assert {case: times for case, times in stats["asked"].items() if times != 1} == {}
    assert stats["baited"] == []
    for row in made:
        [kept] = rooms.tests.results(row.model, limit=10, offset=0)[0]
        assert kept.passed == (row.fault.expected["test"] == "passes"), row.fault.case


@pytest.mark.hard
def test_every_benchmark_counts_its_failures_by_class(rooms: Rooms, faults: Faults) -> None:
    """Through driver and report as the measuring process uses them, but in this one; real ones follow below."""
    made = rows(rooms, faults, "test", first=2)

    async def benchmark(row: Row) -> tuple[str, str]:
        target = rooms.routes.target(row.model)
        plan = msgspec.structs.replace(PLAN, time_limit_s=row.fault.deadline_s("test"))
        client = rooms.upstream.get()
        driver = Driver(plan, lambda ask: converse(client, target, ask, total_s=plan.time_limit_s), lambda _: None)
        await driver.run()
        report = report_of(plan, driver.samples, stopped=driver.stopped)
        return judged(row, report), msgspec.json.encode(report).decode()

    run(lambda: each(made, benchmark), rooms.upstream.close)


def allowed_s(fault: Fault) -> float:
    """A run's time limit: connections are opened ahead, so one deadline passes before the first request of three."""
    return 1 + 3 * fault.deadline_s("test")


def judged(row: Row, report: Report) -> str:
    """A report's outcome; requests that the time limit cut are the deadline itself."""
    expected = {one.partition("/")[2]: one for one in row.fault.expected["test"].split(" or ")}
    if report.errors:
        return expected[next(iter(report.errors))] if report.errors.keys() <= expected.keys() else f"{report.errors}"
    if report.unfinished and not report.succeeded and row.fault.slow:
        return next(iter(expected.values()))
    return "passes" if report.succeeded == PLAN.requests and report.failed == 0 else f"{report}"


@pytest.mark.hard
@pytest.mark.parametrize("case", IN_A_CHILD)
def test_a_run_in_its_own_process_ends_in_time_and_leaves_none(rooms: Rooms, faults: Faults, case: str) -> None:
    fault = faults.one(case)
    target = Target(fault.endpoint("openai", "test", "sk-canary-child"), "drill")
    plan = msgspec.structs.replace(PLAN, time_limit_s=allowed_s(fault))

    async def measure() -> list[str]:
        began = tick()
        ended = await run_in_child(plan, target, on_event=lambda _: None, cancel=asyncio.Event())
        found = judged(Row(fault, "test", 0, 0), ended.report)
        latest_s = plan.time_limit_s + LEEWAY_S + STARTS_WITHIN_S
        wrong = [] if fault.allows("test", found) else [f"{case}: {found} {ended.message}"]
        if case.startswith("retry-after"):
            assert (ended.error, ended.report.retry_after_s) == ("quota", 7)
        assert b"sk-canary" not in msgspec.json.encode(ended)
        return wrong + ([f"{case}: took too long"] if tick() - began > latest_s else [])

    run(measure, rooms.upstream.close)


@pytest.mark.hard
@pytest.mark.timeout(count(120, 900))
def test_every_run_in_its_own_process(rooms: Rooms, faults: Faults) -> None:
    """All cases as stored runs, a few at once; in the normal run only some."""
    made = rows(rooms, faults, "test", first=3, every=count(120, 1))
    free = asyncio.Semaphore(2)

    async def start(row: Row) -> tuple[str, str]:
        async with free:
            plan = msgspec.structs.replace(PLAN, time_limit_s=allowed_s(row.fault))
            started = await rooms.runs.start(row.model, plan, "tester")
            ended = await rooms.runs.wait(started.id)
        report = msgspec.json.decode(ended.report, type=Report)
        return judged(row, report), f"{ended.state} {ended.error} {report}"

    async def all_of_them() -> list[str]:
        lines = await each(made, start)
        return [line for line in lines if ": took " not in line]  # they wait for each other, and for processes

    run(all_of_them, rooms.upstream.close)
    assert all(run.is_over for run in rooms.runs.page(limit=1000, offset=0).runs)
