"""Runs as rows: the lease, the events, and what becomes of a run whose worker is gone. On both databases, without time.

The journeys drive the same through a server (`tests/journeys/test_runs.py`).
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from model_lineup.benchmarks.environment import Environment
from model_lineup.benchmarks.keeping import EventLog, Keeper
from model_lineup.benchmarks.plan import Plan
from model_lineup.benchmarks.protocol import ChildOutcome, Finished, Started
from model_lineup.benchmarks.records import Run
from model_lineup.benchmarks.report import report_of
from model_lineup.benchmarks.sample import Sample
from model_lineup.benchmarks.withdrawal import Withdrawal
from model_lineup.catalog.shapes import Model, ModelChanges
from model_lineup.errors import DatabaseBusy, RunInProgress, TooManyRequests
from model_lineup.rooms import Rooms
from tests.fakes.clock import ManualClock
from tests.fakes.desk import BY, Desk

LEASE = timedelta(seconds=10)
PLAN = Plan(requests=5)
DRAWN = 4711


class Worker:
    """The part of a worker that writes down, without anything being measured."""

    def __init__(self, rooms: Rooms, clock: ManualClock) -> None:
        self.rooms = rooms
        self.keeper = Keeper(rooms.database, clock)
        self.desk = Desk(rooms)
        self.provider = self.desk.provider()

    def model(self, model_id: str = "m") -> Model:
        return self.desk.model(self.provider, model_id)

    def open(self, model: Model) -> Run:
        return self.rooms.runs.get(self.keeper.open(model, PLAN, "tester", LEASE, at_once=3))

    def log(self, run: Run, *samples: Sample) -> EventLog:
        log = EventLog(self.keeper, run.id)
        log.append(Started(msgspec.structs.replace(PLAN, seed=DRAWN), Environment(kind="openai", cpus=7)))
        for sample in samples:
            log.append(sample)
        return log

    def kinds(self, run: Run) -> list[str]:
        return [event.kind for event in self.rooms.runs.events(run.id, after=0)]

    def report(self, run: Run) -> Any:
        return msgspec.json.decode(self.rooms.runs.get(run.id).report)


@pytest.fixture
def worker(rooms: Rooms, clock: ManualClock) -> Worker:
    return Worker(rooms, clock)


def sample(number: int) -> Sample:
    at = float(number)
    return Sample(
        number=number,
        started_s=at,
        ended_s=at + 0.5,
        response_time_ms=500.0,
        ttft_ms=100.0 + number,
        completion_tokens=7,
    )


def test_a_model_has_one_running_run(worker: Worker) -> None:
    model, other = worker.model(), worker.model("other")
    run = worker.open(model)
    with pytest.raises(RunInProgress) as refused:
        worker.open(model)
    assert refused.value.facts["run_id"] == run.id
    assert worker.open(other).id != run.id
    worker.keeper.end(run, ChildOutcome("completed", report_of(PLAN, [])))
    assert worker.open(model).id != run.id


def test_all_workers_together_run_no_more_than_they_may(worker: Worker) -> None:
    """Each of them judges in the transaction that stores the run, so a hundred at once are no different from three."""
    models = [worker.model(f"m{n}") for n in range(8)]

    def start(model: Model) -> Run | None:
        try:
            return worker.open(model)
        except TooManyRequests:
            return None

    with ThreadPoolExecutor(8) as pool:
        started = [run for run in pool.map(start, models) if run is not None]
    assert len(started) == 3
    worker.keeper.end(started[0], ChildOutcome("completed", report_of(PLAN, [])))
    assert worker.open(worker.model("one more")).state == "running"


def test_a_lease_that_is_renewed_lasts(worker: Worker, clock: ManualClock) -> None:
    run = worker.open(worker.model())
    for _ in range(5):
        clock.advance(LEASE.total_seconds() - 1)
        assert worker.keeper.renew(run.id, LEASE) is False
        assert worker.rooms.runs.get(run.id).state == "running"


def test_a_lease_that_ran_out_interrupts_the_run_and_keeps_its_samples(worker: Worker, clock: ManualClock) -> None:
    model = worker.model()
    run = worker.open(model)
    worker.log(run, sample(-1), sample(0), sample(1)).flush()
    clock.advance(LEASE.total_seconds() + 1)
    ended = worker.rooms.runs.get(run.id)
    assert (ended.state, ended.error, ended.ended_at) == ("interrupted", "interrupted", clock.now())
    report = worker.report(run)
    assert (report["succeeded"], report["usage"]["completion_tokens"], report["warmup"]["requests"]) == (2, 14, 1)
    assert (report["stopped"], report["plan"]["seed"]) == ("interrupted", DRAWN)
    assert (report["environment"]["kind"], report["environment"]["cpus"]) == ("openai", 7)
    assert report["environment"]["connections_opened"] == 3
    assert worker.kinds(run) == ["started", "sample", "sample", "sample", "interrupted"]
    shown = msgspec.json.decode(worker.rooms.models.get(model.id).last_benchmark)
    assert (shown["run_id"], shown["state"], shown["succeeded"]) == (run.id, "interrupted", 2)


def test_a_worker_that_lost_its_lease_is_told_to_end_and_changes_nothing(worker: Worker, clock: ManualClock) -> None:
    run = worker.open(worker.model())
    clock.advance(LEASE.total_seconds() + 1)
    worker.keeper.sweep()
    ended = worker.rooms.runs.get(run.id)
    assert worker.keeper.renew(run.id, LEASE) is True
    worker.keeper.end(run, ChildOutcome("completed", report_of(PLAN, [sample(0)])))
    assert worker.rooms.runs.get(run.id) == ended
    assert worker.kinds(run) == ["interrupted"]


def test_a_wish_to_cancel_reaches_the_worker(worker: Worker) -> None:
    run = worker.open(worker.model())
    assert worker.rooms.runs.cancel(run.id).state == "running"
    assert worker.keeper.renew(run.id, LEASE) is True
    worker.keeper.end(run, ChildOutcome("cancelled", report_of(PLAN, [sample(0)], stopped="cancelled")))
    ended = worker.rooms.runs.get(run.id)
    assert (ended.state, worker.report(run)["stopped"]) == ("cancelled", "cancelled")
    assert worker.rooms.runs.cancel(run.id) == ended


def test_events_are_numbered_on_and_read_from_anywhere(worker: Worker) -> None:
    run = worker.open(worker.model())
    log = worker.log(run, sample(0))
    log.flush()
    log.append(sample(1))
    log.append(Finished(report_of(PLAN, [])))
    log.flush()
    log.flush()
    assert [event.seq for event in worker.rooms.runs.events(run.id, after=0)] == [1, 2, 3]
    assert worker.kinds(run) == ["started", "sample", "sample"]
    assert [event.seq for event in worker.rooms.runs.events(run.id, after=2)] == [3]
    assert worker.rooms.runs.get(run.id).progress == 2


def test_events_that_cannot_be_written_keep_waiting(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    run = worker.open(worker.model())
    log = worker.log(run, sample(0))

    def busy(*_: object) -> None:
        raise DatabaseBusy("busy")

    with monkeypatch.context() as patched:
        patched.setattr(worker.keeper, "add_events", busy)
        with pytest.raises(DatabaseBusy):
            log.flush()
    log.append(sample(1))
    log.flush()
    assert worker.kinds(run) == ["started", "sample", "sample"]


def test_a_run_that_failed_throughout_leaves_the_models_figures_alone(worker: Worker) -> None:
    model = worker.model()
    first, second = worker.open(model), None
    worker.keeper.end(first, ChildOutcome("completed", report_of(PLAN, [sample(0)])))
    shown = worker.rooms.models.get(model.id).last_benchmark
    second = worker.open(model)
    worker.keeper.end(second, ChildOutcome("failed", report_of(PLAN, []), "auth", "The key was refused."))
    ended = worker.rooms.runs.get(second.id)
    assert (ended.state, ended.error, ended.message) == ("failed", "auth", "The key was refused.")
    assert worker.rooms.models.get(model.id).last_benchmark == shown


def test_runs_are_listed_newest_first_by_model_and_state(worker: Worker) -> None:
    model, other = worker.model(), worker.model("other")
    first = worker.open(model)
    worker.keeper.end(first, ChildOutcome("completed", report_of(PLAN, [])))
    second, third = worker.open(model), worker.open(other)

    def ids(**wanted: Any) -> list[int]:
        return [run.id for run in worker.rooms.runs.page(limit=10, offset=0, **wanted).runs]

    assert ids() == [third.id, second.id, first.id]
    assert ids(model_row=model.id) == [second.id, first.id]
    assert ids(state="running") == [third.id, second.id]
    assert ids(model_row=model.id, state="finished") == [first.id]


def test_a_model_that_was_shown_and_is_withdrawn_is_not_measured_on(worker: Worker) -> None:
    desk = worker.desk
    shown, deleted = desk.model(worker.provider, "shown", visible=True), worker.model("deleted")
    withdrawals = [Withdrawal(worker.rooms.models, model.id) for model in (shown, deleted)]
    assert [one.look() for one in withdrawals] == [None, None]
    worker.rooms.models.change(shown.id, ModelChanges(visible=False), BY)
    worker.rooms.models.delete(deleted.id, BY)
    why = [one.look() for one in withdrawals]
    assert [one.error for one in why if one is not None] == ["model_hidden", "model_deleted"]


def test_a_provider_that_is_switched_off_ends_the_measuring_of_its_models(worker: Worker) -> None:
    withdrawal = Withdrawal(worker.rooms.models, worker.model().id)
    assert withdrawal.look() is None
    worker.desk.change_provider(worker.provider.id, enabled=False)
    why = withdrawal.look()
    assert why is not None
    assert why.error == "provider_disabled"


def test_a_model_that_is_tried_before_it_is_shown_is_measured_to_the_end(worker: Worker) -> None:
    model = worker.model()
    withdrawal = Withdrawal(worker.rooms.models, model.id)
    for visible in (True, False, True):
        assert withdrawal.look() is None
        worker.rooms.models.change(model.id, ModelChanges(visible=visible), BY)
    assert withdrawal.look() is None
