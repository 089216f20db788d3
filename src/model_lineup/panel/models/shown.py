"""What the page of one model is given: facts with their origins, tests, benchmarks as a chart, changes."""

from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from model_lineup.benchmarks.records import Run, StoredTest
from model_lineup.catalog.shapes import Fact, Model
from model_lineup.journal import store as journal_store
from model_lineup.journal.shapes import ChangeSet
from model_lineup.panel import charts, wording
from model_lineup.panel.charts import Chart, Series
from model_lineup.panel.models.rows import ORIGINS
from model_lineup.rooms import Rooms

LABELS = {
    "display_name": "Name",
    "description": "Description",
    "task": "Task",
    "context_length": "Context",
    "max_output_tokens": "Most output",
    "supports_tools": "Tools",
    "supports_vision": "Vision",
    "supports_streaming": "Streaming",
    "pricing": "Price",
    "lifecycle": "End",
}
MOST_TESTS, MOST_RUNS, MOST_CHANGES = 10, 30, 20
_FACTS = msgspec.json.Decoder(dict[str, Fact])


class ShownFact(NamedTuple):
    """`origin` empty: nobody has said it."""

    field: str
    label: str
    value: str
    origin: str
    at: datetime | None
    is_pinned: bool


class ShownTest(NamedTuple):
    test: StoredTest
    result: dict[str, Any]


class ShownRun(NamedTuple):
    run: Run
    ttft: str
    speed: str


def facts_of(model: Model) -> list[ShownFact]:
    told = _FACTS.decode(model.facts)
    return [_fact(field, label, told.get(field)) for field, label in LABELS.items()]


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


def told(value: Any) -> str:
    """A value of a fact or of a change, for reading."""
    if isinstance(value, dict) and value.keys() == {"value", "source"}:
        return f"{told(value['value'])} ({ORIGINS.get(value['source'], value['source'])})"
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {told(one)}" for name, one in value.items())
    return wording.number(value) if isinstance(value, int | float) else str(value)


def _fact(field: str, label: str, fact: Fact | None) -> ShownFact:
    if fact is None:
        return ShownFact(field, label, "unknown" if field != "lifecycle" else "none", "", None, False)
    return ShownFact(field, label, told(fact.value), ORIGINS[fact.source], fact.at, fact.source == "pin")


def _medians(run: Run) -> tuple[float | None, float | None]:
    report: dict[str, Any] = msgspec.json.decode(run.report) or {}
    first, speed = report.get("ttft_ms") or {}, report.get("output_tokens_per_s") or {}
    return first.get("p50"), speed.get("p50")


def _speed(value: float | None) -> str:
    return wording.DASH if value is None else f"{value:.1f}"
