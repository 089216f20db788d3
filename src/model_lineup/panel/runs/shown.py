"""A run as its pages show it: figures for a row, words for states, samples for charts."""

from typing import Any, NamedTuple

import msgspec

from model_lineup.benchmarks.records import Run
from model_lineup.panel import charts, wording
from model_lineup.panel.charts import Chart, Series
from model_lineup.rooms import Rooms

MOST_SAMPLES = 2_000
"""Of which charts are drawn; figures are always of all."""
PERCENTILES = ("p50", "p90", "p95", "p99")
FIGURES = (
    ("ttft_ms", "Time to first token", "ms"),
    ("response_time_ms", "Response time", "ms"),
    ("itl_ms", "Between tokens (ITL)", "ms"),
    ("tpot_ms", "Time per output token", "ms"),
    ("output_tokens_per_s", "Output tokens/s per request", "/s"),
    ("late_ms", "Sent late (open loop)", "ms"),
)
STATES = {"running": "running", "finished": "ok", "failed": "bad", "cancelled": "warn", "interrupted": "warn"}
STOPPED = {
    "time_limit": "The time limit of the plan ended it early.",
    "token_limit": "The token limit of the plan ended it early.",  # nosec B105
    "cancelled": "It was cancelled; the figures are of what was measured until then.",
    "interrupted": "Its worker ended before it did; the figures are of what was written down until then.",
    "auth": "The provider refused the credential.",
    "quota": "The provider's quota is used up.",
    "errors": "The provider failed too often.",
}
REASONS = {
    "lag": "bytes lay here unread for more than 10 ms",
    "cpu": "it used over 95 % of a core",
    "sending": "requests went out more than 10 ms after they were due",
}


class Shown(NamedTuple):
    """`report`: as stored, None until there is one. `status`: the colour of the state."""

    run: Run
    report: dict[str, Any] | None
    status: str

    @property
    def failed(self) -> int:
        return self.report["failed"] if self.report else 0


class Spot(msgspec.Struct):
    """What charts need of a sample."""

    number: int
    ended_s: float
    failure: dict[str, Any] | None = None
    unfinished: bool = False
    response_time_ms: float | None = None
    ttft_ms: float | None = None

    @property
    def counts(self) -> bool:
        return self.number >= 0 and self.failure is None and not self.unfinished


def shown(run: Run) -> Shown:
    report = msgspec.json.decode(run.report)
    nothing = run.state == "finished" and not (report or {}).get("succeeded")
    return Shown(run, report, "bad" if nothing else STATES[run.state])


def spots(there: Rooms, run_id: int) -> list[Spot]:
    """Of the first requests that succeeded, in the order in which they ended."""
    found: list[Spot] = []
    after = 0
    while len(found) < MOST_SAMPLES:
        events = there.runs.events(run_id, after=after)
        if not events:
            break
        after = events[-1].seq
        samples = (msgspec.json.decode(event.data, type=Spot) for event in events if event.kind == "sample")
        found += [sample for sample in samples if sample.counts]
    return found[:MOST_SAMPLES]


def drawn(report: dict[str, Any], samples: list[Spot]) -> list[Chart]:
    """Charts of one run."""
    first = [one.ttft_ms for one in samples if one.ttft_ms is not None]
    whole = [one.response_time_ms for one in samples if one.response_time_ms is not None]
    return [
        timeline(samples),
        charts.cdf(
            "Distribution of times",
            [("Time to first token", first), ("Response time", whole)],
            value=wording.milliseconds,
            x_name="Requests",
        ),
        percentiles("Time to first token", [("TTFT", report["ttft_ms"])]),
        percentiles("Between tokens (ITL)", [("ITL", report["itl_ms"])]),
    ]


def sweep(found: dict[str, Any]) -> Chart:
    """Answers per second over the load; of one in turns with another's, which has no throughput, its times."""
    by_concurrency = found["by"] == "concurrency"
    if any(step["requests_per_s"] is not None for step in found["steps"]):
        what, value = "Answers per second", wording.rate
        series = [Series("requests/s", [(step["load"], step["requests_per_s"]) for step in found["steps"]])]
    else:
        what, value = "Times, p50", wording.milliseconds
        series = [
            Series(name, [(step["load"], step[figure]["p50"]) for step in found["steps"]])
            for name, figure in (("Time to first token", "ttft_ms"), ("Response time", "response_time_ms"))
        ]
    return charts.lines(
        what,
        series,
        value=value,
        x_name="At a time" if by_concurrency else "Offered, per second",
        x=lambda load: f"{load:g}",
    )


def timeline(samples: list[Spot]) -> Chart:
    points = sorted(samples, key=lambda one: one.ended_s)
    return charts.lines(
        "Over the run",
        [
            Series("Time to first token", [(one.ended_s, one.ttft_ms) for one in points]),
            Series("Response time", [(one.ended_s, one.response_time_ms) for one in points]),
        ],
        value=wording.milliseconds,
        x_name="Ended after",
        x=lambda seconds: f"{seconds:.1f}{wording.NARROW}s",
    )


def percentiles(title: str, summaries: list[tuple[str, dict[str, Any]]]) -> Chart:
    """A bar for each percentile, or, of several runs, for each run its median and p95."""
    if len(summaries) == 1:
        name, summary = summaries[0]
        values = [summary[percentile] for percentile in PERCENTILES]
        return charts.bars(title, PERCENTILES, [(name, values)], value=wording.milliseconds, x_name="Percentile")
    names = [name for name, _ in summaries]
    medians = [summary["p50"] for _, summary in summaries]
    return charts.bars(title, names, [("p50", medians)], value=wording.milliseconds, x_name="Run")
