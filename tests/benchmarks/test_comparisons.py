"""Runs beside each other: the verdict, what makes them not comparable, baselines and files. On both databases."""

import random
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from model_lineup.benchmarks.comparison import report_in
from model_lineup.benchmarks.environment import Environment
from model_lineup.benchmarks.goodput import Slo
from model_lineup.benchmarks.keeping import EventLog, Keeper
from model_lineup.benchmarks.pairing import in_turns_with
from model_lineup.benchmarks.plan import Plan
from model_lineup.benchmarks.protocol import ChildOutcome, Started
from model_lineup.benchmarks.records import Run
from model_lineup.benchmarks.report import report_of
from model_lineup.benchmarks.sample import Sample
from model_lineup.benchmarks.sweep import Sweep
from model_lineup.benchmarks.workload import warnings
from model_lineup.catalog.shapes import Model
from model_lineup.errors import InvalidInput, NotFound
from model_lineup.rooms import Rooms
from model_lineup.upstream.contract import Failure
from tests.fakes.clock import ManualClock
from tests.fakes.desk import Desk

PLAN = Plan(requests=30, seed=1)
Measured = Callable[..., Run]
FAILURE = Failure("timeout", "timeout", "slow")


def samples(slower: float, failed: int, source: random.Random) -> list[Sample]:
    found = []
    for number in range(30):
        ttft, gaps = 100 * slower * source.lognormvariate(0, 0.1), tuple(source.uniform(5, 15) for _ in range(9))
        whole = ttft + sum(gaps)
        good = Sample(
            number,
            number / 10,
            number / 10 + whole / 1000,
            response_time_ms=whole,
            ttft_ms=ttft,
            itl_ms=gaps,
            prompt_tokens=10,
            completion_tokens=10,
        )
        found.append(Sample(number, number / 10, number / 10 + 0.1, failure=FAILURE) if number < failed else good)
    return found


@pytest.fixture
def model(rooms: Rooms) -> Model:
    desk = Desk(rooms)
    return desk.model(desk.provider(), "m")


@pytest.fixture
def measured(rooms: Rooms, clock: ManualClock, model: Model) -> Measured:
    """A run that is over."""
    keeper, source = Keeper(rooms.database, clock), random.Random(3)

    def run(slower: float = 1.0, *, plan: Plan = PLAN, failed: int = 0, of: Model = model, **report: Any) -> Run:
        begun = rooms.runs.get(keeper.open(of, plan, "tester", timedelta(seconds=10), at_once=3))
        found, log = samples(slower, failed, source), EventLog(keeper, begun.id)
        log.append(Started(plan, Environment()))
        for sample in found:
            log.append(sample)
        log.flush()
        outcome = ChildOutcome("completed", report_of(plan, found))
        keeper.end(begun, msgspec.structs.replace(outcome, report=msgspec.structs.replace(outcome.report, **report)))
        return rooms.runs.get(begun.id)

    return run


def test_a_slower_run_is_worse_and_the_sentence_says_by_how_much(rooms: Rooms, measured: Measured) -> None:
    found = rooms.comparisons.compare(measured().id, measured(2.0).id)
    assert (found.verdict, found.refusals, found.warnings) == ("worse", [], [])
    assert re.match(
        r"Worse: time to first token worse by \+\d+\.\d % \(\+\d+\.\d % to \+\d+\.\d %\); resp", found.sentence
    )
    assert found is rooms.comparisons.compare(found.base, found.other)


def test_no_difference_says_what_could_have_been_seen(rooms: Rooms, measured: Measured) -> None:
    found = rooms.comparisons.compare(measured().id, measured().id)
    assert found.verdict == "no_difference"
    assert "No difference at this n (30 requests); it would have shown a change of" in found.sentence


def test_more_failures_are_worse_and_noted(rooms: Rooms, measured: Measured) -> None:
    base, other = measured(), measured(failed=12)
    found = rooms.comparisons.compare(base.id, other.id)
    assert "failed requests worse (0.0% to 40.0%)" in found.sentence
    assert found.warnings == [f"In run {other.id} 12 of 30 requests failed; times are of the others."]


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"concurrency": 2}, "concurrency"), ({"max_tokens": 5}, "max_tokens"), ({"rate": 2.0}, "rate")],
)
def test_other_work_is_not_compared(rooms: Rooms, measured: Measured, changes: dict[str, Any], field: str) -> None:
    other = measured(2.0, plan=msgspec.structs.replace(PLAN, **changes))
    found = rooms.comparisons.compare(measured().id, other.id)
    assert (found.verdict, [one.field for one in found.refusals]) == ("not_comparable", [field])
    assert {one.finding for one in found.metrics} == {"not_tested"}
    assert found.sentence.startswith(f"Not comparable: the plans ask for different work: {field} (")


SWEEP = Plan(requests=15, sweep=Sweep(concurrency=(1, 2)))


def test_two_sweeps_are_compared_at_each_load_that_both_reached(rooms: Rooms, measured: Measured) -> None:
    """With one verdict over all of it: each step more makes every other harder to answer."""
    other_steps = msgspec.structs.replace(SWEEP, sweep=Sweep(concurrency=(2, 4)))
    base, slower, elsewhere = measured(plan=SWEEP), measured(2.0, plan=SWEEP), measured(2.0, plan=other_steps)
    found = rooms.comparisons.compare(base.id, slower.id)
    assert (found.verdict, found.refusals) == ("worse", [])
    assert {(one.load, one.n_base, one.n_other) for one in found.metrics if one.metric == "ttft_ms"} == {
        (1.0, 15, 15),
        (2.0, 15, 15),
    }
    assert "time to first token at 1 worse by" in found.sentence
    assert "time to first token at 2 worse by" in found.sentence
    ps = sorted((one.p, one.p_adjusted) for one in found.metrics if one.p is not None)
    assert ps[0][1] == pytest.approx(min(1.0, ps[0][0] * len(ps))), "Holm goes over the figures of all steps"
    partly = rooms.comparisons.compare(base.id, elsewhere.id)
    assert {one.load for one in partly.metrics} == {2.0}
    assert f"Only run {base.id} was measured at 1; nothing is said of that." in partly.warnings
    assert f"Only run {elsewhere.id} was measured at 4; nothing is said of that." in partly.warnings


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (PLAN, "by concurrency and none"),
        (Plan(requests=15, sweep=Sweep(rate=(1.0, 2.0))), "by concurrency and by rate"),
        (Plan(requests=15, sweep=Sweep(concurrency=(4, 8))), "1, 2 and 4, 8"),
    ],
)
def test_a_sweep_is_compared_with_nothing_else(rooms: Rooms, measured: Measured, plan: Plan, words: str) -> None:
    found = rooms.comparisons.compare(measured(plan=SWEEP).id, measured(plan=plan).id)
    assert found.verdict == "not_comparable"
    assert words in found.sentence
    assert {one.finding for one in found.metrics} <= {"not_tested"}


def test_what_else_differs_is_told(rooms: Rooms, clock: ManualClock, measured: Measured, model: Model) -> None:
    other_model = Desk(rooms).model(Desk(rooms).provider("Other"), "n")
    base = measured()
    clock.advance(7200)
    environment = Environment(python="4", answered_models=("x",))
    plan = msgspec.structs.replace(PLAN, warmup=3, slo=Slo(ttft_ms=9))
    other = measured(plan=plan, of=other_model, environment=environment, saturated=True, stopped="time_limit")
    told = " ".join(rooms.comparisons.compare(base.id, other.id).warnings)
    for words in ("different models", "objectives differ", "warmed up by 1 and 3", "could not keep up", "ended early",
                  "same machine or version: python", "2 hours apart"):  # fmt: skip
        assert words in told


def test_one_model_at_two_providers_is_told_by_their_names(rooms: Rooms, measured: Measured) -> None:
    here, there = (msgspec.structs.replace(measured(), model=row, provider=name) for row, name in ((1, "a"), (2, "b")))
    reports = [report_in(run) for run in (here, there)]
    (told,) = warnings(here, there, reports[0], reports[1], interleaved=True)
    assert told == f"They are of {here.model_id} at two providers: a and b."


def test_a_changed_provider_is_told(rooms: Rooms, measured: Measured) -> None:
    runs = [measured(environment=Environment(target=word)) for word in ("here", "there")]
    (told,) = rooms.comparisons.compare(runs[0].id, runs[1].id).warnings
    assert "configured differently" in told


def test_interleaved_runs_know_each_other_and_have_no_throughput(measured: Measured) -> None:
    outcome = in_turns_with(7, ChildOutcome("completed", report_of(PLAN, samples(1, 0, random.Random(1)))))
    assert (outcome.report.interleaved_with, outcome.report.throughput.requests_per_s) == (7, None)


def test_a_baseline_is_of_a_model_and_its_work(rooms: Rooms, measured: Measured) -> None:
    comparisons, base = rooms.comparisons, measured()
    later, elsewhere = measured(2.0), measured(plan=msgspec.structs.replace(PLAN, concurrency=4))
    assert comparisons.against_baseline(later) is None
    comparisons.pin(base.id, "ann")
    assert comparisons.baseline_of(later) == base.id
    assert comparisons.baseline_of(elsewhere) is None
    assert comparisons.against_baseline(base) is None
    found = comparisons.against_baseline(later)
    assert found is not None
    assert (found.base, found.verdict) == (base.id, "worse")
    comparisons.pin(later.id, "ann")
    assert comparisons.baseline_of(base) == later.id
    comparisons.unpin(later.id)
    assert comparisons.baseline_of(base) is None


def test_a_run_without_a_report_is_refused(rooms: Rooms, clock: ManualClock, model: Model, measured: Measured) -> None:
    base = measured()
    running = Keeper(rooms.database, clock).open(model, PLAN, "tester", timedelta(seconds=10), at_once=3)
    with pytest.raises(InvalidInput, match="has not ended"):
        rooms.comparisons.compare(base.id, running)
    with pytest.raises(InvalidInput):
        rooms.comparisons.pin(running, "ann")
    with pytest.raises(NotFound):
        rooms.comparisons.compare(base.id, 999)


def test_a_run_as_files(rooms: Rooms, measured: Measured) -> None:
    base, other = measured(), measured(2.0, failed=2)
    rooms.comparisons.pin(base.id, "ann")
    assert msgspec.json.decode(rooms.comparisons.file(other.id, "json")) == msgspec.json.decode(other.report)
    lines = rooms.comparisons.file(other.id, "csv").splitlines()
    assert len(lines) == 31
    assert lines[0].startswith("number,started_s")
    assert ",timeout,0," in lines[1]
    page = rooms.comparisons.file(other.id, "html")
    assert "Worse: time to first token" in page
    assert page.count("<svg") == 4
    assert not re.search(r"<script|https?://|\bon\w+=|url\(|@import", page)
