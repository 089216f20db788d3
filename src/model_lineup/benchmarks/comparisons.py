"""Comparing stored runs, and the baseline that new runs of a model and plan are held against.

A comparison is worked out when somebody looks, from the samples that were written down, and kept in memory: runs that
are over do not change. A baseline is a record of its own, beside the runs, one for each model and kind of work.
"""

from collections import OrderedDict
from threading import Lock
from typing import Literal

import msgspec

from model_lineup.benchmarks import store
from model_lineup.benchmarks.comparison import Comparison, compared, report_in
from model_lineup.benchmarks.files import requests_csv
from model_lineup.benchmarks.files.page import page
from model_lineup.benchmarks.records import Run
from model_lineup.benchmarks.runs import Runs
from model_lineup.benchmarks.sample import Sample
from model_lineup.benchmarks.workload import key_of
from model_lineup.clock import Clock
from model_lineup.database.engines import Database
from model_lineup.database.metadata import micros
from model_lineup.errors import InvalidInput

MOST_REQUESTS = 2_000
"""Of each run, the first ones: more would tell no more, and take seconds."""
_KEPT = 200


class Comparisons:
    def __init__(self, database: Database, runs: Runs, clock: Clock) -> None:
        self._database = database
        self._runs = runs
        self._clock = clock
        self._known: OrderedDict[tuple[int, int], Comparison] = OrderedDict()
        self._lock = Lock()

    def compare(self, base_id: int, other_id: int) -> Comparison:
        """The other run, seen from the base. Raises NotFound, InvalidInput for one that is not over."""
        base, other = self._over(base_id, "base"), self._over(other_id, "other")
        key = (base_id, other_id)
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        ours, theirs = (self._samples(one, limit=None if one.plan.sweep else MOST_REQUESTS) for one in (base, other))
        found = compared(base, other, ours, theirs, most=MOST_REQUESTS)
        with self._lock:
            self._known[key] = found
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return found

    def baseline_of(self, run: Run) -> int | None:
        """The run that is the baseline of this one's model and plan."""
        with self._database.read() as connection:
            return store.baseline(connection, run.model, key_of(run.plan))

    def against_baseline(self, run: Run) -> Comparison | None:
        """None for a run that is not over, has no baseline, or is it."""
        base = self.baseline_of(run) if run.is_over and _measured(run) else None
        return None if base is None or base == run.id else self.compare(base, run.id)

    def pin(self, run_id: int, actor: str) -> Run:
        """Make this run the baseline of its model and plan, instead of another. Raises NotFound, InvalidInput."""
        run = self._over(run_id, "run")
        with self._database.write_activity() as connection:
            store.pin(connection, run.model, key_of(run.plan), run_id, actor=actor, at=micros(self._clock.now()))
        return run

    def unpin(self, run_id: int) -> Run:
        """New runs are held against nothing; a run that is no baseline stays as it is. Raises NotFound."""
        run = self._runs.get(run_id)
        with self._database.write_activity() as connection:
            store.unpin(connection, run_id)
        return run

    def file(self, run_id: int, format: Literal["json", "csv", "html"]) -> str:
        """The report, the requests, or both as a page. Raises NotFound, InvalidInput for a run without a report."""
        run = self._over(run_id, "run")
        if format == "json":
            return msgspec.json.format(bytes(run.report).decode(), indent=2) + "\n"
        if format == "csv":
            return "".join(requests_csv.lines(self._samples(run, limit=None)))
        return page(run, report_in(run), self._samples(run), self.against_baseline(run))

    def _over(self, run_id: int, field: str) -> Run:
        run = self._runs.get(run_id)
        if not run.is_over or not _measured(run):
            why = "has not ended" if not run.is_over else "measured nothing"
            raise InvalidInput.at(f"/{field}", f"run {run_id} {why}; choose one that has a report")
        return run

    def _samples(self, run: Run, limit: int | None = MOST_REQUESTS) -> list[Sample]:
        with self._database.read() as connection:
            found = store.samples(connection, run.id, limit=limit)
        return [msgspec.json.decode(sample, type=Sample) for sample in found]


def _measured(run: Run) -> bool:
    return bytes(run.report) != b"null"
