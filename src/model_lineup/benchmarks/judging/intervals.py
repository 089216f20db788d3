"""The intervals of a run's figures: which method for which figure, and what has none. Pure.

Percentiles have theirs from order statistics, means from a bootstrap by request, both at 95 %. Gaps between tokens
belong to their request in both. What has too few values has no interval rather than a wide guess.
"""

from collections.abc import Sequence
from itertools import chain

from msgspec import Struct

from model_lineup.benchmarks.judging.bootstrap import Shares, mean_intervals
from model_lineup.benchmarks.judging.order_statistics import clustered_interval, percentile_interval

LEVEL = 0.95
Bounds = tuple[float, float]
Figure = Sequence[float | None]
"""One value per request, None where a request has none."""


class Intervals(Struct, frozen=True):
    """[low, high] at 95 %, or None: p50 needs n ≥ 6, p90 36, p95 72, p99 368, the mean 50. Gaps between tokens need 50
    requests for any, and for a percentile as many gaps as tell what so many independent values would."""

    mean: Bounds | None = None
    p50: Bounds | None = None
    p90: Bounds | None = None
    p95: Bounds | None = None
    p99: Bounds | None = None


def intervals_of(figures: Sequence[Figure], gaps: Sequence[Sequence[float]], *, seed: int) -> list[Intervals]:
    """For each figure, and last for the gaps. All over the same requests, in the same order."""
    shares = [
        Shares([value or 0.0 for value in figure], [float(value is not None) for value in figure]) for figure in figures
    ]
    shares.append(Shares([sum(group) for group in gaps], [float(len(group)) for group in gaps]))
    means = mean_intervals(shares, seed=seed)
    found = [
        _with(mean, _independent(sorted(value for value in figure if value is not None)))
        for figure, mean in zip(figures, means, strict=False)
    ]
    return [*found, _with(means[-1], _of_gaps(gaps))]


def _with(mean: Bounds | None, percentiles: Sequence[Bounds | None]) -> Intervals:
    return Intervals(mean, *percentiles)


def _independent(ranked: Sequence[float]) -> list[Bounds | None]:
    return [percentile_interval(ranked, percent, LEVEL) for percent in (50, 90, 95, 99)]


def _of_gaps(gaps: Sequence[Sequence[float]]) -> list[Bounds | None]:
    groups = [sorted(group) for group in gaps if group]
    ranked = sorted(chain.from_iterable(groups))
    return [clustered_interval(groups, ranked, percent, LEVEL) for percent in (50, 90, 95, 99)]
