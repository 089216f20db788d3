"""Intervals for means by resampling requests: BCa (bias-corrected and accelerated). Pure, and seeded.

The requests of a run are drawn again, with replacement, as many as there were, a thousand times or more; how the mean
spreads over these is how uncertain it is. BCa shifts the ends for skew, which latencies always have. A mean of gaps is
a ratio: all gaps of a request are drawn with it, because they belong together. With few requests the ends are widened
as Student's t is wider than the normal distribution. Above 2 000 requests nothing is drawn: the ends are those that BCa
tends to, which cost nothing. Sources: Efron 1987, doi:10.1080/01621459.1987.10478410; Hesterberg 2015,
doi:10.1080/00031305.2015.1089789 (the widening); Johnson 1978, doi:10.1080/01621459.1978.10480051 (the limit).
Checked by simulated coverage.
"""

import math
import random
from collections.abc import Sequence
from typing import NamedTuple

from model_lineup.benchmarks.judging.distributions import NORMAL, student_quantile

LEAST_FOR_MEAN = 50
LEVEL = 0.95
MOST_TURNS, LEAST_TURNS = 2_000, 1_000
MOST_DRAWN = 2_000
"""Requests above which the limit is taken."""
_DRAWS = 400_000
"""About how many requests are drawn altogether, where that leaves at least `LEAST_TURNS` turns."""


class Shares(NamedTuple):
    """One figure over the requests of a run: its mean is Σ totals / Σ counts. A request without it has (0, 0)."""

    totals: Sequence[float]
    counts: Sequence[float]

    @property
    def n(self) -> int:
        return sum(count > 0 for count in self.counts)


def mean_intervals(figures: Sequence[Shares], *, seed: int, level: float = LEVEL) -> list[tuple[float, float] | None]:
    """For each figure an interval of its mean, None below 50 requests. All are of the same requests, in one order.

    They share the draws, so that it takes less than a second for any run.
    """
    wanted = [number for number, figure in enumerate(figures) if figure.n >= LEAST_FOR_MEAN]
    found: list[tuple[float, float] | None] = [None] * len(figures)
    if wanted and len(figures[0].totals) > MOST_DRAWN:
        for number in wanted:
            found[number] = limit(figures[number], level)
    elif wanted:
        drawn = _drawn([figures[number] for number in wanted], seed)
        for number, means in zip(wanted, drawn, strict=True):
            found[number] = _bca(figures[number], sorted(means), level)
    return found


def _drawn(figures: Sequence[Shares], seed: int) -> list[list[float]]:
    """The means of each figure, turn after turn."""
    requests = range(len(figures[0].totals))
    turns = max(LEAST_TURNS, min(MOST_TURNS, _DRAWS // len(requests)))
    source = random.Random(seed)  # noqa: S311 # nosec B311 - chance for figures, not for secrets
    whole = [all(count == 1 for count in figure.counts) for figure in figures]
    means: list[list[float]] = [[] for _ in figures]
    for _ in range(turns):
        drawn = source.choices(requests, k=len(requests))
        for figure, every, kept in zip(figures, whole, means, strict=True):
            total = sum(map(figure.totals.__getitem__, drawn))
            count = len(drawn) if every else sum(map(figure.counts.__getitem__, drawn))
            if count:
                kept.append(total / count)
    return means


def _bca(figure: Shares, means: Sequence[float], level: float) -> tuple[float, float]:
    """`means`: ascending."""
    total, count = math.fsum(figure.totals), math.fsum(figure.counts)
    mean = total / count
    if means[0] == means[-1]:
        return means[0], means[-1]
    below = sum(value < mean for value in means) + sum(value == mean for value in means) / 2
    bias = NORMAL.inv_cdf(min(max(below / len(means), 0.5 / len(means)), 1 - 0.5 / len(means)))
    skew = _acceleration(figure, total, count)
    n = figure.n
    wide = math.sqrt(n / (n - 1)) * student_quantile((1 + level) / 2, n - 1)
    ends = [NORMAL.cdf(bias + (bias + z) / (1 - skew * (bias + z))) for z in (-wide, wide)]
    return _quantile(means, ends[0]), _quantile(means, ends[1])


def limit(figure: Shares, level: float = LEVEL) -> tuple[float, float]:
    """What BCa tends to with many requests: the normal interval, moved by the skew of what requests add to the mean."""
    total, count, n = math.fsum(figure.totals), math.fsum(figure.counts), figure.n
    mean, z = total / count, NORMAL.inv_cdf((1 + level) / 2)
    off = [(one - mean * of) * n / count for one, of in zip(figure.totals, figure.counts, strict=True)]
    variance = math.fsum(value**2 for value in off) / n
    if not variance:
        return mean, mean
    skew = math.fsum(value**3 for value in off) / n / variance**1.5
    error, moved = math.sqrt(variance / n), skew / (6 * math.sqrt(n)) * (2 * z * z + 1)
    return mean + error * (moved - z), mean + error * (moved + z)


def _acceleration(figure: Shares, total: float, count: float) -> float:
    """From leaving out each request in turn."""
    pairs = zip(figure.totals, figure.counts, strict=True)
    without = [(total - one) / (count - of) for one, of in pairs if of and count > of]
    centre = math.fsum(without) / len(without)
    cubes = math.fsum((centre - value) ** 3 for value in without)
    squares = math.fsum((centre - value) ** 2 for value in without)
    return cubes / (6 * squares**1.5) if squares else 0.0


def _quantile(ranked: Sequence[float], share: float) -> float:
    place = min(max(share * (len(ranked) + 1) - 1, 0.0), len(ranked) - 1.0)
    low = int(place)
    high = min(low + 1, len(ranked) - 1)
    return ranked[low] + (ranked[high] - ranked[low]) * (place - low)
