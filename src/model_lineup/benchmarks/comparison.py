"""Two runs beside each other with a verdict, as callers read it. Pure."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from model_lineup.benchmarks.evidence import evidence_of
from model_lineup.benchmarks.judging.questions import Judged
from model_lineup.benchmarks.judging.verdict import Overall, judge
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
    `throughput`: requests per second of both, which one number each cannot judge."""

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


def compared(base: Run, other: Run, ours: Sequence[Sample], theirs: Sequence[Sample]) -> Comparison:
    """Of two runs that are over and have a report, and their samples."""
    first, second = report_in(base), report_in(other)
    slo = base.plan.slo if base.plan.slo == other.plan.slo else None
    found = judge(evidence_of(ours, slo), evidence_of(theirs, slo), seed=base.id)
    refused = refusals(base.plan, other.plan)
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
        warnings=warnings(base, other, first, second, interleaved=interleaved),
        interleaved=interleaved,
        throughput=(first.throughput.requests_per_s, second.throughput.requests_per_s),
    )


def report_in(run: Run) -> Report:
    return msgspec.json.decode(run.report, type=Report)


def sentence(verdict: Overall, metrics: Sequence[Judged]) -> str:
    """What was found, and by how much."""
    if verdict == "no_difference":
        return _nothing(metrics)
    parts = [f"{METRICS[one.metric]} {one.finding}{_by(one)}" for one in metrics if one.finding in ("better", "worse")]
    return f"{verdict.capitalize()}: {'; '.join(parts)}."


def _nothing(metrics: Sequence[Judged]) -> str:
    tested = [one for one in metrics if one.p is not None and one.metric.endswith("_ms")]
    if not tested:
        return "No difference at this n: too few requests succeeded to judge their times; 10 in each run are needed."
    least = min(min(one.n_base, one.n_other) for one in tested)
    could = [one for one in tested if one.detectable is not None]
    told = ", ".join(f"{one.detectable or 0:.0%} of {METRICS[one.metric]}" for one in could)
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
        parts += "; compare steps of a sweep by runs of their own"
    return f"Not comparable: the plans ask for different work: {parts}."
