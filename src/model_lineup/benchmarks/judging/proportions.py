"""Shares of requests: those that failed in two runs, and those that met an objective. Pure.

Counts are small and failures rare, so both are exact: Fisher's test of two shares, and Clopper and Pearson's interval
of one, which covers at least at its level, mostly more.
"""

import math

from model_lineup.benchmarks.judging.distributions import beta_cdf

LEVEL = 0.95
_TIES = 1 + 1e-7
"""Two outcomes count as equally likely up to this, as in R and scipy: the logarithms have rounded."""


def fisher(failed: int, total: int, other_failed: int, other_total: int) -> float:
    """The two-sided p of two shares being one: the chance of every split of the failures that is as unlikely."""
    failures, everything = failed + other_failed, total + other_total
    first, last = max(0, failures - other_total), min(failures, total)
    whole = _log_choose(everything, failures)
    chances = [
        math.exp(_log_choose(total, k) + _log_choose(other_total, failures - k) - whole) for k in range(first, last + 1)
    ]
    seen = chances[failed - first] * _TIES
    return min(1.0, math.fsum(chance for chance in chances if chance <= seen))


def share_interval(count: int, total: int, level: float = LEVEL) -> tuple[float, float] | None:
    """Of `count` among `total`; None of none."""
    if total <= 0:
        return None
    tail = (1 - level) / 2
    low = 0.0 if count == 0 else _beta_quantile(tail, count, total - count + 1)
    high = 1.0 if count == total else _beta_quantile(1 - tail, count + 1, total - count)
    return low, high


def _beta_quantile(share: float, a: float, b: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if beta_cdf(middle, a, b) < share else (low, middle)
    return (low + high) / 2


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
