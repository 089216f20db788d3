"""Intervals for percentiles out of the ranked values themselves: no shape is assumed. Pure.

Of n independent values, the number below the true percentile p is binomial(n, p). So the l-th smallest value lies above
it with probability P(B < l), and the u-th below it with P(B ≥ u); l and u are chosen so that each is at most half of
what the level leaves. Where not even the extremes do (p90 below 36 values, p95 below 72, p99 below 368 at 95 %), there
is no interval. Source: Conover, Practical Nonparametric Statistics, 3.2; Hahn and Meeker, Statistical Intervals, 5.2.

Gaps between tokens come in requests and are not independent: a slow request makes many of them slow. Their interval
counts for as many values as would be as uncertain if they were independent (the design effect; Woodruff 1952,
doi:10.1080/01621459.1952.10483443; Korn and Graubard 1998). Checked by simulated coverage.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence

from model_lineup.benchmarks.judging.distributions import binomial_cdf

LEVEL = 0.95
LEAST_REQUESTS = 50
"""With fewer, how much requests differ is not known well enough to correct for it."""
Bounds = tuple[float, float]


def ranks(n: int, percent: int, level: float = LEVEL) -> tuple[int, int] | None:
    """The ranks (from 1) of the values that bound the percentile at `level`, or None where there are none."""
    p, tail = percent / 100, (1 - level) / 2
    if n < 1 or binomial_cdf(0, n, p) > tail or 1 - binomial_cdf(n - 1, n, p) > tail:
        return None
    below, above = 1, n  # P(B < l) ≤ tail holds at l = 1; P(B ≥ u) ≤ tail at u = n
    while below < above:
        middle = (below + above + 1) // 2
        below, above = (middle, above) if binomial_cdf(middle - 1, n, p) <= tail else (below, middle - 1)
    lower, below, above = below, 1, n
    while below < above:
        middle = (below + above) // 2
        below, above = (below, middle) if 1 - binomial_cdf(middle - 1, n, p) <= tail else (middle + 1, above)
    return lower, above


def percentile_interval(ranked: Sequence[float], percent: int, level: float = LEVEL) -> Bounds | None:
    """Of `ranked` (ascending, independent) values; both ends are values that occurred."""
    found = ranks(len(ranked), percent, level)
    return None if found is None else (ranked[found[0] - 1], ranked[found[1] - 1])


def clustered_interval(
    groups: Sequence[Sequence[float]], ranked: Sequence[float], percent: int, level: float = LEVEL
) -> Bounds | None:
    """The same for values that come in `groups` (requests), each ascending; `ranked` holds all of them."""
    n = len(ranked)
    if len(groups) < LEAST_REQUESTS or n == 0:
        return None
    worth = effective_count(groups, ranked[max(-(-percent * n // 100), 1) - 1], n)
    found = ranks(worth, percent, level)
    if found is None:
        return None
    lower, upper = math.floor((found[0] - 1) * n / worth), math.ceil(found[1] * n / worth) - 1
    return ranked[max(lower, 0)], ranked[min(upper, n - 1)]


def effective_count(groups: Sequence[Sequence[float]], at: float, n: int) -> int:
    """How many independent values would tell as much about the share of values ≤ `at`; never more than there are."""
    below = [bisect_right(group, at) for group in groups]
    share = sum(below) / n
    if share >= 1:
        return len(groups)
    off = math.fsum((count - share * len(group)) ** 2 for count, group in zip(below, groups, strict=True))
    variance = len(groups) / (len(groups) - 1) * off / n**2
    return n if variance == 0 else max(1, min(n, int(share * (1 - share) / variance)))
