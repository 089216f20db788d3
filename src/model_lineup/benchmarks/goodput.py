"""Objectives of a plan, and how many requests met all of them: goodput. Pure.

A request that failed met none. A figure that an objective asks for and that a request does not have is not met, but for
the time per output token of a reply that came in one piece: it has none to be slow. Source of the word: Zhong et al.,
DistServe (OSDI 2024).
"""

from collections.abc import Sequence

from msgspec import Struct

from model_lineup.benchmarks.judging.proportions import share_interval
from model_lineup.benchmarks.sample import Sample


class Slo(Struct, frozen=True):
    """Milliseconds at most, each or none: time to first token, time per output token, the whole response."""

    ttft_ms: float | None = None
    tpot_ms: float | None = None
    e2e_ms: float | None = None


class Goodput(Struct, frozen=True):
    """`met` of `requests` met all objectives; `share` with its exact 95 % `interval` (Clopper and Pearson);
    `requests_per_s` of those that did."""

    slo: Slo
    requests: int
    met: int
    share: float | None = None
    interval: tuple[float, float] | None = None
    requests_per_s: float | None = None


def meets(sample: Sample, slo: Slo) -> bool:
    """Whether this request met every objective."""
    if not sample.succeeded:
        return False
    pairs = ((sample.ttft_ms, slo.ttft_ms), (sample.response_time_ms, slo.e2e_ms))
    if any(limit is not None and (value is None or value > limit) for value, limit in pairs):
        return False
    return slo.tpot_ms is None or sample.tpot_ms is None or sample.tpot_ms <= slo.tpot_ms


def goodput_of(answered: Sequence[Sample], slo: Slo | None, duration_s: float) -> Goodput | None:
    """`answered`: measured requests that were not cut short. None without objectives."""
    if slo is None:
        return None
    met, total = sum(meets(sample, slo) for sample in answered), len(answered)
    return Goodput(
        slo,
        total,
        met,
        share=met / total if total else None,
        interval=share_interval(met, total),
        requests_per_s=met / duration_s if duration_s > 0 else None,
    )
