"""Writing down what a run does. Synchronous: called in threads, and in the last moments of a task."""

import threading
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from model_lineup.benchmarks import store
from model_lineup.benchmarks.cost import cost_of
from model_lineup.benchmarks.plan import Plan
from model_lineup.benchmarks.protocol import ChildEvent, ChildOutcome, Finished, Started
from model_lineup.benchmarks.records import Run, summary_of
from model_lineup.benchmarks.report import Report, report_of
from model_lineup.benchmarks.sample import Sample
from model_lineup.catalog.shapes import Model
from model_lineup.catalog.store import health
from model_lineup.catalog.store import models as model_store
from model_lineup.clock import Clock
from model_lineup.database.engines import Database
from model_lineup.database.metadata import dump, micros, moment
from model_lineup.errors import RunInProgress, TooManyRequests
from model_lineup.journal import store as journal_store

_STATES = {"completed": "finished", "cancelled": "cancelled", "failed": "failed"}


class Keeper:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def open(self, model: Model, plan: Plan, actor: str, lease: timedelta, *, at_once: int) -> int:
        """The new run's id. Raises RunInProgress for a model that has one, TooManyRequests beyond `at_once` runs.

        Both are judged in the transaction that stores the run, with every other worker waiting: they are exact.
        """
        now = self._clock.now()
        with self._database.read() as connection:
            revision = journal_store.revision(connection)
        values = {
            "model_row": model.id,
            "model_id": model.model_id,
            "provider": model.provider.slug,
            "state": "running",
            "plan": dump(plan),
            "actor": actor,
            "revision": revision,
            "cancel_requested": 0,
            "lease_until": micros(now + lease),
            "created_at": micros(now),
        }
        with self._database.write_activity() as connection:
            running = store.lock_running(connection)
            _refuse_second(model.id, running)
            if len(running) >= at_once:
                raise TooManyRequests(
                    f"{len(running)} benchmarks are running already (LINEUP_RUNS_AT_ONCE). Try again later.",
                    retry_after=10,
                )
            return store.add_run(connection, values)

    def add_events(self, run_id: int, events: Sequence[tuple[str, str]]) -> None:
        """Append (kind, data) to the run's events."""
        if events:
            at = micros(self._clock.now())
            with self._database.write_activity() as connection:
                store.add_events(connection, run_id, [(at, kind, data) for kind, data in events])

    def renew(self, run_id: int, lease: timedelta) -> bool:
        """Hold the lease longer; True when somebody asked for the end of the run, or ended it."""
        with self._database.write_activity() as connection:
            return store.renew(connection, run_id, micros(self._clock.now() + lease))

    def end(self, run: Run, outcome: ChildOutcome) -> None:
        """Keep the report, and the medians beside the model."""
        error = {"code": outcome.error, "message": outcome.message} if outcome.error else None
        self._end(run.id, run.model, _STATES[outcome.state], outcome.report, error)

    def interrupt(self, run_id: int, message: str) -> None:
        """End a run whose worker is gone, with a report of the samples that were written down."""
        with self._database.read() as connection:
            run = store.run(connection, run_id)
            started, stored = store.started(connection, run_id), store.samples(connection, run_id)
        if run is not None and not run.is_over:
            samples = [msgspec.json.decode(sample, type=Sample) for sample in stored]
            begun = Started(run.plan) if started is None else msgspec.json.decode(started, type=Started)
            report = report_of(begun.plan, samples, environment=begun.environment, stopped="interrupted")
            self._end(run_id, run.model, "interrupted", report, {"code": "interrupted", "message": message})

    def lapsed(self) -> list[int]:
        """Runs whose lease has ended, and that nobody has marked yet."""
        with self._database.read() as connection:
            return store.lapsed(connection, micros(self._clock.now()))

    def sweep(self) -> None:
        """Mark runs whose lease has ended."""
        for run_id in self.lapsed():
            self.interrupt(run_id, "The worker that measured stopped before the end.")

    def _end(self, run_id: int, model_row: int, state: str, report: Report, error: dict[str, Any] | None) -> None:
        at = micros(self._clock.now())
        report = self._with_cost(report, model_row)
        encoded = msgspec.json.encode(report).decode()
        values = {"state": state, "report": encoded, "error": dump(error) if error else None, "ended_at": at}
        shown = {**summary_of(report), "run_id": run_id, "state": state, "at": moment(at)}
        with self._database.write_activity() as connection:
            if not store.end(connection, run_id, values):
                return
            store.add_events(connection, run_id, [(at, state, encoded)])
            if report.succeeded and report.sweep is None:  # medians over all loads would describe none of them
                health.record_benchmark(
                    connection,
                    model_row,
                    last_benchmark=msgspec.json.encode(shown).decode(),
                    ttft_ms=report.ttft_ms.p50,
                    tokens_per_s=report.output_tokens_per_s.p50,
                )

    def _with_cost(self, report: Report, model_row: int) -> Report:
        with self._database.read() as connection:
            model = model_store.one(connection, model_row)
        if model is None:
            return report
        used = report.usage
        cost = cost_of(
            model.pricing,
            requests=report.succeeded,
            prompt=used.prompt_tokens,
            completion=used.completion_tokens,
            cached=used.cached_tokens,
        )
        return msgspec.structs.replace(report, cost=cost)


def _refuse_second(model_row: int, running: Mapping[int, int]) -> None:
    if (other := running.get(model_row)) is not None:
        raise RunInProgress(
            f"Model {model_row} is being benchmarked already, by run {other}. "
            f"GET /api/admin/runs/{other} shows it, DELETE cancels it.",
            run_id=other,
        )


class EventLog:
    """A run's events on their way into the database. Any thread may flush; every event is written once, in order."""

    def __init__(self, keeper: Keeper, run_id: int) -> None:
        self._keeper = keeper
        self._run_id = run_id
        self._waiting: list[ChildEvent] = []
        self._one_writer = threading.Lock()

    def append(self, event: ChildEvent) -> None:
        self._waiting.append(event)

    def flush(self) -> None:
        """Write what waits; what cannot be written keeps waiting. The report is kept with the run, not as an event."""
        with self._one_writer:
            taken = list(self._waiting)
            rows = [
                (str(event.__struct_config__.tag), msgspec.json.encode(event).decode())
                for event in taken
                if not isinstance(event, Finished)
            ]
            self._keeper.add_events(self._run_id, rows)
            del self._waiting[: len(taken)]
