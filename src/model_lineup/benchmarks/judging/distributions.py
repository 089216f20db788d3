"""The distributions that the methods need: binomial, Student's t, normal. Pure.

Two of them are the regularised incomplete beta function in disguise, computed by its continued fraction (Lentz's
method; NIST Digital Library of Mathematical Functions, 8.17.22). Checked against scipy by tests.
"""

import math
from statistics import NormalDist

NORMAL = NormalDist()
_MOST_TURNS = 100_000
_ENOUGH = 1e-14
_TINY = 1e-300


def beta_cdf(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b). `a`, `b` > 0; 0 ≤ x ≤ 1."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if x > (a + 1) / (a + b + 2):  # the fraction converges quickly on the other side
        return 1 - beta_cdf(1 - x, b, a)
    front = a * math.log(x) + b * math.log1p(-x) - math.log(a) - _log_beta(a, b)
    return math.exp(front) / _fraction(x, a, b)


def binomial_cdf(k: int, n: int, p: float) -> float:
    """P(at most `k` of `n` independent trials succeed), each with probability 0 < p < 1."""
    if k < 0:
        return 0.0
    return 1.0 if k >= n else beta_cdf(1 - p, n - k, k + 1)


def student_two_sided(t: float, freedom: float) -> float:
    """P(|T| ≥ |t|) of Student's t with `freedom` > 0 degrees, which need not be whole."""
    return beta_cdf(freedom / (freedom + t * t), freedom / 2, 0.5)


def student_quantile(share: float, freedom: float) -> float:
    """The t that `share` (0 < share < 1) of Student's t with `freedom` degrees stays below, by bisection."""
    if share == 0.5:
        return 0.0
    tail, low, high = 2 * min(share, 1 - share), 0.0, 1.0
    while student_two_sided(high, freedom) > tail and high < 1e12:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if student_two_sided(middle, freedom) > tail else (low, middle)
    return math.copysign(high, share - 0.5)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _fraction(x: float, a: float, b: float) -> float:
    """1/h of Lentz's method, h being the continued fraction 1/(1 + d1/(1 + d2/(1 + …)))."""
    c, d = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1))
    h = d
    for m in range(1, _MOST_TURNS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for part in (even, odd):
            c, d = _not_zero(1 + part / c), 1 / _not_zero(1 + part * d)
            h *= c * d
        if abs(c * d - 1) < _ENOUGH:
            break
    return 1 / h


def _not_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
