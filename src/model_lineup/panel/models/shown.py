"""What the page of one model is given: tests, benchmarks as a chart, changes."""

from typing import Any, NamedTuple

import msgspec

from model_lineup.benchmarks.records import Run, StoredTest
from model_lineup.journal import store as journal_store
from model_lineup.journal.shapes import ChangeSet
from model_lineup.panel import charts, wording
from model_lineup.panel.charts import Chart, Series
from model_lineup.rooms import Rooms

MOST_TESTS, MOST_RUNS, MOST_CHANGES = 10, 30, 20


class ShownTest(NamedTuple):
    test: StoredTest
    result: dict[str, Any]

    @property
    def verdicts(self) -> str:
        """What a test of capabilities found, in a few words."""
        found: dict[str, list[str]] = {}
        for one in self.result.get("capabilities", []):
            found.setdefault(one["verdict"].replace("_", " "), []).append(one["capability"].replace("_", " "))
        ended = [f"ended early: {self.result['stopped']}"] if self.result.get("stopped") else []
        return "; ".join([*(f"{verdict}: {', '.join(names)}" for verdict, names in found.items()), *ended])


class ShownRun(NamedTuple):
    run: Run
    ttft: str
    speed: str


def tests_of(there: Rooms, row_id: int) -> tuple[list[ShownTest], int]:
    found, total = there.tests.results(row_id, limit=MOST_TESTS, offset=0)
    return [ShownTest(one, msgspec.json.decode(one.result)) for one in found], total


def runs_of(there: Rooms, row_id: int) -> tuple[list[ShownRun], list[Chart], int]:
    """Newest first; and their medians over time."""
    page = there.runs.page(limit=MOST_RUNS, offset=0, model_row=row_id)
    measured = [(run, _medians(run)) for run in page.runs]
    shown = [ShownRun(run, wording.milliseconds(first), _speed(speed)) for run, (first, speed) in measured]
    ended = [(run, medians) for run, medians in reversed(measured) if run.is_over]
    if len(ended) < 2:
        return shown, [], page.total
    at = {number: run.created_at.strftime("%m-%d %H:%M") for number, (run, _) in enumerate(ended)}
    first = [(number, medians[0]) for number, (_, medians) in enumerate(ended)]
    speed = [(number, medians[1]) for number, (_, medians) in enumerate(ended)]
    drawn = [
        charts.lines(title, [Series("median", points)], value=value, x_name="Begun", x=lambda n: at.get(int(n), ""))
        for title, points, value in (
            ("Time to first token, median", first, wording.milliseconds),
            ("Output tokens/s of a request, median", speed, _speed),
        )
    ]
    return shown, drawn, page.total


def changes_of(there: Rooms, row_id: int) -> list[ChangeSet]:
    with there.database.read() as connection:
        return journal_store.of_row(connection, "model", row_id, most=MOST_CHANGES)


def _medians(run: Run) -> tuple[float | None, float | None]:
    report: dict[str, Any] = msgspec.json.decode(run.report) or {}
    first, speed = report.get("ttft_ms") or {}, report.get("output_tokens_per_s") or {}
    return first.get("p50"), speed.get("p50")


def _speed(value: float | None) -> str:
    return wording.DASH if value is None else f"{value:.1f}"
