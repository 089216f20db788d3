"""Two runs beside each other with a verdict, as callers read it. Pure."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from model_lineup.benchmarks.evidence import pairs_of
from model_lineup.benchmarks.judging.questions import Judged
from model_lineup.benchmarks.judging.verdict import Overall, Pair, judge_all
from model_lineup.benchmarks.records import Run
from model_lineup.benchmarks.report import Report
from model_lineup.benchmarks.sample import Sample
from model_lineup.benchmarks.workload import Difference, refusals, warnings

METRICS = {
    "ttft_ms": "time to first token",
    "response_time_ms": "response time",
    "itl_ms": "gap between tokens",
    "failed": "failed requests",
    "met_slo": "requests that met the objectives",
}


class Comparison(Struct, frozen=True, kw_only=True):
    """`verdict` of the other run, seen from the base: better, worse, mixed, no_difference at this n, or not_comparable
    with `refusals`. `sentence`: the same in words. `interleaved`: the two were measured request by request in turns.
    `throughput`: requests per second of both, which one number each cannot judge.

    Two sweeps are judged at each load that both reached, and `metrics` say which; alpha holds over all of them."""

    base: int
    other: int
    verdict: Overall
    sentence: str
    metrics: list[Judged]
    alpha: float
    refusals: list[Difference]
    warnings: list[str]
    interleaved: bool
    throughput: tuple[float | None, float | None]


def compared(
    base: Run, other: Run, ours: Sequence[Sample], theirs: Sequence[Sample], *, most: int = 2_000
) -> Comparison:
    """Of two runs that are over and have a report, and their samples, `most` of each."""
    first, second = report_in(base), report_in(other)
    slo = base.plan.slo if base.plan.slo == other.plan.slo else None
    pairs = pairs_of((base.plan, other.plan), (ours, theirs), slo, most=most)
    found = judge_all(pairs, seed=base.id)
    refused = refusals(base.plan, other.plan)
    if not refused and not pairs:
        refused = [Difference("sweep", _reached(first), _reached(second))]
    interleaved = first.interleaved_with == other.id and second.interleaved_with == base.id
    verdict: Overall = "not_comparable" if refused else found.verdict
    return Comparison(
        base=base.id,
        other=other.id,
        verdict=verdict,
        sentence=_refused(refused) if refused else sentence(verdict, found.metrics),
        metrics=[replace(one, finding="not_tested") for one in found.metrics] if refused else found.metrics,
        alpha=found.alpha,
        refusals=refused,
        warnings=[
            *(_unpaired(base, first, pairs) + _unpaired(other, second, pairs) if base.plan.sweep else []),
            *warnings(base, other, first, second, interleaved=interleaved),
        ],
        interleaved=interleaved,
        throughput=(first.throughput.requests_per_s, second.throughput.requests_per_s),
    )


def report_in(run: Run) -> Report:
    return msgspec.json.decode(run.report, type=Report)


def sentence(verdict: Overall, metrics: Sequence[Judged]) -> str:
    """What was found, and by how much."""
    if verdict == "no_difference":
        return _nothing(metrics)
    parts = [f"{label(one)} {one.finding}{_by(one)}" for one in metrics if one.finding in ("better", "worse")]
    return f"{verdict.capitalize()}: {'; '.join(parts)}."


def label(one: Judged) -> str:
    """What was judged, and of sweeps at which load."""
    return METRICS[one.metric] + ("" if one.load is None else f" at {one.load:g}")


def _reached(report: Report) -> str:
    return (
        "nothing" if report.sweep is None else ", ".join(f"{step.load:g}" for step in report.sweep.steps) or "nothing"
    )


def _unpaired(run: Run, report: Report, pairs: Sequence[Pair]) -> list[str]:
    """Steps that only this run reached, and why the other may not have."""
    judged = {pair.load for pair in pairs}
    alone = [f"{step.load:g}" for step in (report.sweep.steps if report.sweep else ()) if step.load not in judged]
    found = [f"Only run {run.id} was measured at {', '.join(alone)}; nothing is said of that."] if alone else []
    if report.sweep is not None and report.sweep.ended is not None:
        found.append(f"The sweep of run {run.id} ended: {report.sweep.criterion}.")
    return found


def _nothing(metrics: Sequence[Judged]) -> str:
    tested = [one for one in metrics if one.p is not None and one.metric.endswith("_ms")]
    if not tested:
        return "No difference at this n: too few requests succeeded to judge their times; 10 in each run are needed."
    least = min(min(one.n_base, one.n_other) for one in tested)
    could = [one for one in tested if one.detectable is not None]
    told = ", ".join(f"{one.detectable or 0:.0%} of {label(one)}" for one in could)
    return f"No difference at this n ({least} requests); it would have shown a change of {told} in 9 of 10 cases."


def _by(one: Judged) -> str:
    if one.metric.endswith("_ms") and one.ratio is not None:
        bounds = f" ({_percent(one.interval[0])} to {_percent(one.interval[1])})" if one.interval else ""
        return f" by {_percent(one.ratio)}{bounds}"
    return f" ({one.base or 0:.1%} to {one.other or 0:.1%})"


def _percent(ratio: float) -> str:
    return f"{(ratio - 1) * 100:+.1f} %"


def _refused(found: Sequence[Difference]) -> str:
    parts = ", ".join(f"{one.field} ({one.base} and {one.other})" for one in found)
    if any(one.field == "sweep" for one in found):
        parts += "; two sweeps are compared at the loads that both reached"
    return f"Not comparable: the plans ask for different work: {parts}."
