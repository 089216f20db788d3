"""The single questions to two runs, each with its p and by how much they differ; nothing is decided here. Pure."""

import math
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from model_lineup.benchmarks.judging import brunner_munzel, gaps, proportions
from model_lineup.benchmarks.judging.distributions import NORMAL
from model_lineup.benchmarks.statistics import percentile

ALPHA = 0.03
"""The chance of calling anything better or worse where nothing differs, over all questions together."""
POWER = 0.9
_EFFICIENCY = 3 / math.pi
"""Of a test of ranks beside one of means, for logarithms that are normal."""

Finding = Literal["better", "worse", "no_difference", "not_tested"]


class Judged(Struct, frozen=True, kw_only=True):
    """One figure of both runs. `base`, `other`: the median of times, mean of gaps, share of requests. `ratio`:
    other/base (of times Hodges and Lehmann's, the median over all pairs); `interval` of it, which holds for all figures
    together at 97 %. `superior`: how often a request of the other run takes longer than one of the base. `p`, and
    `p_adjusted` by Holm, which is compared with 0.03. `detectable`: what change so many requests would have shown in
    9 of 10 cases, as a share of the figure. `load`: of two sweeps, the step at which both were measured."""

    metric: str
    n_base: int
    n_other: int
    base: float | None = None
    other: float | None = None
    ratio: float | None = None
    interval: tuple[float, float] | None = None
    superior: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    detectable: float | None = None
    finding: Finding = "not_tested"
    load: float | None = None


def may_ask_times(base: Sequence[float], other: Sequence[float]) -> bool:
    return min(len(base), len(other)) >= brunner_munzel.LEAST


def of_times(metric: str, base: Sequence[float], other: Sequence[float], asked: int) -> Judged:
    """`asked`: how many questions there are altogether, for which the interval is to hold together."""
    seen = Judged(metric=metric, n_base=len(base), n_other=len(other), base=_median(base), other=_median(other))
    if not may_ask_times(base, other) or min(*base, *other) <= 0:
        return seen
    found, level = brunner_munzel.compare(base, other), 1 - ALPHA / asked
    error = math.sqrt((_log_variance(base) / len(base) + _log_variance(other) / len(other)) / _EFFICIENCY)
    return replace(
        seen,
        ratio=brunner_munzel.ratio(base, other),
        interval=brunner_munzel.ratio_interval(base, other, level),
        superior=found.superior,
        p=found.p,
        detectable=_detectable(error, asked),
    )


def may_ask_gaps(base: Sequence[gaps.Part], other: Sequence[gaps.Part]) -> bool:
    return min(len(base), len(other)) >= gaps.LEAST


def of_gaps(base: Sequence[gaps.Part], other: Sequence[gaps.Part], asked: int, seed: int) -> Judged:
    """Of the gaps between tokens; `n` counts requests."""
    seen = Judged(metric="itl_ms", n_base=len(base), n_other=len(other), base=_mean(base), other=_mean(other))
    if not may_ask_gaps(base, other) or not seen.base or not seen.other:
        return seen
    found = gaps.compare(base, other, seed=seed)
    return replace(
        seen,
        ratio=found.ratio,
        interval=found.interval(1 - ALPHA / asked),
        p=found.p,
        detectable=_detectable(found.error, asked),
    )


def of_shares(metric: str, base: int, base_total: int, other: int, other_total: int) -> Judged:
    """Of requests that failed, or that met the objectives."""
    seen = Judged(
        metric=metric,
        n_base=base_total,
        n_other=other_total,
        base=base / base_total if base_total else None,
        other=other / other_total if other_total else None,
    )
    if not base_total or not other_total:
        return seen
    ratio = (other / other_total) / (base / base_total) if base else None
    return replace(seen, ratio=ratio, p=proportions.fisher(base, base_total, other, other_total))


def _detectable(error: float, asked: int) -> float | None:
    """From the standard error of a logarithm to the least change that is found in 9 of 10 cases."""
    needed = NORMAL.inv_cdf(1 - ALPHA / asked / 2) + NORMAL.inv_cdf(POWER)
    return math.expm1(needed * error) if needed * error < 10 else None


def _median(values: Sequence[float]) -> float | None:
    return percentile(sorted(values), 50) if values else None


def _mean(parts: Sequence[gaps.Part]) -> float | None:
    count = sum(count for _, count in parts)
    return math.fsum(total for total, _ in parts) / count if count else None


def _log_variance(values: Sequence[float]) -> float:
    logs = [math.log(value) for value in values]
    mean = math.fsum(logs) / len(logs)
    return math.fsum((value - mean) ** 2 for value in logs) / (len(logs) - 1)
