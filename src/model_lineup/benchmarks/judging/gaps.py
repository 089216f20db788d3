"""Whether the gaps between tokens differ in two runs. They come in requests, so requests are what is exchanged. Pure.

The figure is the mean of all gaps of a run, not the mean of its requests' means: a request of many tokens counts for
its many gaps. If the runs do not differ, it does not matter which run a request was of; so requests are dealt out anew
many times, and p is how often that makes a difference as large as the one seen. Each difference is taken in units of
its own standard error, which keeps the level where the two runs are unequal in size or spread. Source: Janssen 1997,
doi:10.1016/S0167-7152(97)00043-6 (studentised permutation); the error of a ratio is Cochran's, Sampling Techniques, 6.
"""

import math
import random
from collections.abc import Sequence
from typing import NamedTuple

LEAST = 10
"""Requests with gaps in each run."""
MOST_TURNS, LEAST_TURNS = 2_000, 1_000
_DRAWS = 1_000_000
_WIDEST = 50.0

Part = tuple[float, int]
"""Of one request: the sum of its gaps, and how many they are."""


class Compared(NamedTuple):
    """`ratio` of the other's mean gap to the base's, `error` the standard error of its logarithm; `turns` the sizes of
    the differences that dealing out anew made, in standard errors, ascending."""

    ratio: float
    error: float
    p: float
    turns: Sequence[float]

    def interval(self, level: float) -> tuple[float, float] | None:
        """Of the ratio: what this test would not refuse; None where that has no end."""
        rank = min(math.ceil(level * (len(self.turns) + 1)), len(self.turns))
        wide = self.turns[rank - 1] * self.error
        if not wide < _WIDEST:
            return None
        return self.ratio * math.exp(-wide), self.ratio * math.exp(wide)


class _Sums(NamedTuple):
    """Of totals t and counts c over some requests: n, Σt, Σc, Σt², Σtc, Σc²."""

    n: int
    t: float
    c: float
    tt: float
    tc: float
    cc: float

    def minus(self, other: "_Sums") -> "_Sums":
        return _Sums(self.n - other.n, *(one - two for one, two in zip(self[1:], other[1:], strict=True)))

    @property
    def mean(self) -> float:
        return self.t / self.c

    @property
    def log_variance(self) -> float:
        """Of the logarithm of the mean."""
        off = self.tt - 2 * self.mean * self.tc + self.mean**2 * self.cc
        return max(0.0, self.n / (self.n - 1) * off / self.t**2)


def compare(base: Sequence[Part], other: Sequence[Part], *, seed: int) -> Compared:
    """Of at least two requests in each, every one with gaps, whose sums are above 0."""
    whole = [*base, *other]
    columns = _columns(whole)
    of_all = _sums(columns, range(len(whole)))
    of_base = _sums(columns, range(len(base)))
    seen, error = _difference(of_base, of_all.minus(of_base))
    source = random.Random(seed)  # noqa: S311 # nosec B311 - chance for figures, not for secrets
    requests, turns = range(len(whole)), max(LEAST_TURNS, min(MOST_TURNS, _DRAWS // len(whole)))
    dealt = []
    for _ in range(turns):
        drawn = _sums(columns, source.sample(requests, len(base)))
        dealt.append(abs(_in_errors(*_difference(drawn, of_all.minus(drawn)))))
    size = abs(_in_errors(seen, error))
    as_large = sum(value >= size * (1 - 1e-9) for value in dealt)
    return Compared(math.exp(seen), error, (1 + as_large) / (1 + turns), sorted(dealt))


def _columns(parts: Sequence[Part]) -> list[list[float]]:
    return [
        [total for total, _ in parts],
        [float(count) for _, count in parts],
        [total * total for total, _ in parts],
        [total * count for total, count in parts],
        [float(count * count) for _, count in parts],
    ]


def _sums(columns: Sequence[Sequence[float]], chosen: Sequence[int]) -> _Sums:
    return _Sums(len(chosen), *(sum(map(column.__getitem__, chosen)) for column in columns))


def _difference(base: _Sums, other: _Sums) -> tuple[float, float]:
    """Of the logarithms, and its standard error. Where all tokens came together, gaps are 0, and it is endless."""
    if base.t <= 0 or other.t <= 0:
        return math.inf, 1.0
    return math.log(other.mean / base.mean), math.sqrt(base.log_variance + other.log_variance)


def _in_errors(difference: float, error: float) -> float:
    """Where nothing spreads, any difference is endlessly many errors."""
    if error > 0:
        return difference / error
    return 0.0 if abs(difference) < 1e-12 else math.inf
