"""From the samples of a run to what a verdict rests on. Pure."""

import math
from collections.abc import Iterable, Sequence

from model_lineup.benchmarks.goodput import Slo, meets
from model_lineup.benchmarks.judging.verdict import Evidence, Pair
from model_lineup.benchmarks.plan import Plan
from model_lineup.benchmarks.sample import Sample


def evidence_of(samples: Iterable[Sample], slo: Slo | None) -> Evidence:
    """Of the measured requests that were not cut short. `slo`: what both plans ask for, or None."""
    answered = [sample for sample in samples if not sample.warmup and not sample.unfinished]
    good = [sample for sample in answered if sample.succeeded]
    return Evidence(
        ttft_ms=[sample.ttft_ms for sample in good if sample.ttft_ms is not None],
        response_time_ms=[sample.response_time_ms for sample in good if sample.response_time_ms is not None],
        gaps=[(sum(sample.itl_ms), len(sample.itl_ms)) for sample in good if sample.itl_ms],
        failed=len(answered) - len(good),
        answered=len(answered),
        met=None if slo is None else sum(meets(sample, slo) for sample in answered),
    )


def pairs_of(
    plans: tuple[Plan, Plan], samples: tuple[Sequence[Sample], Sequence[Sample]], slo: Slo | None, *, most: int
) -> list[Pair]:
    """The whole runs beside each other, or two sweeps at each load at which both measured anything.

    `most`: requests of each run that are looked at, the first ones; of a sweep so many of each step that the work stays
    the same, which grows with their square.
    """
    if plans[0].sweep is None or plans[1].sweep is None:
        return [Pair(evidence_of(samples[0][:most], slo), evidence_of(samples[1][:most], slo))]
    ours, theirs = (by_load(plan, found) for plan, found in zip(plans, samples, strict=True))
    shared = [load for load in ours if load in theirs]
    each = int(most / math.sqrt(len(shared) or 1))
    return [Pair(evidence_of(ours[at][:each], slo), evidence_of(theirs[at][:each], slo), at) for at in shared]


def by_load(plan: Plan, samples: Iterable[Sample]) -> dict[float, list[Sample]]:
    """What was measured at each step of a sweep that was reached, in order."""
    loads, found = plan.sweep.loads if plan.sweep is not None else (), dict[float, list[Sample]]()
    for one in samples:
        if not one.warmup and not one.unfinished and one.number // plan.requests < len(loads):
            found.setdefault(float(loads[one.number // plan.requests]), []).append(one)
    return dict(sorted(found.items()))
