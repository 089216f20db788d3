"""What the reports of two runs in turns may say: each model answered while the other waited. Pure."""

import msgspec

from model_lineup.benchmarks.protocol import ChildOutcome
from model_lineup.benchmarks.report import Report, Throughput
from model_lineup.benchmarks.sweep import Swept, swept, without_throughput


def in_turns_with(other_id: int, outcome: ChildOutcome) -> ChildOutcome:
    """Of a pair: how many requests a second it would have answered alone cannot be said."""
    report = outcome.report
    goodput = None if report.goodput is None else msgspec.structs.replace(report.goodput, requests_per_s=None)
    report = msgspec.structs.replace(
        report,
        interleaved_with=other_id,
        throughput=Throughput(),
        goodput=goodput,
        sweep=_swept_in_turns(report, other_id),
    )
    return msgspec.structs.replace(outcome, report=report)


def _swept_in_turns(report: Report, other_id: int) -> Swept | None:
    sweep = report.plan.sweep
    if sweep is None or report.sweep is None:
        return None
    found = swept(sweep, without_throughput(report.sweep.steps))
    if found.ended is None and report.stopped is None and 0 < len(found.steps) < len(sweep.loads):
        why = f"It ended with the sweep of run {other_id}, with which it was measured in turns."
        return msgspec.structs.replace(found, criterion=why)
    return found
