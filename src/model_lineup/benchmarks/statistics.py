"""Figures from exact values: no histogram, no interpolation. Pure; units are the caller's."""

import math
from collections.abc import Sequence

from msgspec import Struct

from model_lineup.benchmarks.judging.intervals import Intervals

LEAST_FOR_P95 = 20
LEAST_FOR_P99 = 100


class Summary(Struct, frozen=True):
    """Of `n` values. Everything is `None` when n is 0; `p95` needs n ≥ 20 and `p99` n ≥ 100.

    `intervals`: how sure the figures are, each where it has one; `None` where nobody asked.
    """

    mean: float | None
    stddev: float | None
    min: float | None
    p50: float | None
    p90: float | None
    p95: float | None
    p99: float | None
    max: float | None
    n: int
    intervals: Intervals | None = None


def summary(values: Sequence[float], intervals: Intervals | None = None) -> Summary:
    """Mean, population standard deviation, extremes and nearest-rank percentiles.

    A p95 of 5 values would be their maximum under a grander name, so too few values give `None` (docs/decisions/0006).
    """
    ranked = sorted(values)
    n = len(ranked)
    if n == 0:
        return Summary(None, None, None, None, None, None, None, None, 0)
    mean = math.fsum(ranked) / n
    return Summary(
        mean=mean,
        stddev=math.sqrt(math.fsum((value - mean) ** 2 for value in ranked) / n),
        min=ranked[0],
        p50=percentile(ranked, 50),
        p90=percentile(ranked, 90),
        p95=percentile(ranked, 95) if n >= LEAST_FOR_P95 else None,
        p99=percentile(ranked, 99) if n >= LEAST_FOR_P99 else None,
        max=ranked[-1],
        n=n,
        intervals=intervals,
    )


def percentile(ranked: Sequence[float], percent: int) -> float:
    """Nearest rank: the least value with at least `percent` % of all values at or below it.

    `ranked`: ascending, at least one. The result is always one of the values. Integer arithmetic, because
    `0.95 * 20` is not 19 in floating point.
    """
    rank = -(-percent * len(ranked) // 100)
    return ranked[max(rank, 1) - 1]
