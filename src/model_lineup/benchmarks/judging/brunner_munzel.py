"""Whether the requests of one run took longer than those of another: Brunner and Munzel's test, and by how much. Pure.

It asks how often a request of the one run takes longer than one of the other, which is a half where nothing differs.
It assumes no shape, no equal spread (as Mann and Whitney's does), and one stall of a minute weighs no more than any
slowest request. Source: Brunner and Munzel 2000, doi:10.1002/(SICI)1521-4036(200001)42:1<17::AID-BIMJ17>3.0.CO;2-U.
Checked against scipy. How much is the Hodges-Lehmann ratio: the median of all pairs' other/base. Its interval holds
every factor by which one run would have to be slowed for the test to see no difference any more.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from model_lineup.benchmarks.judging.distributions import student_two_sided

LEAST = 10
"""Values in each run below which the approximation by Student's t does not hold its level."""
_TURNS = 60


class Compared(NamedTuple):
    """`superior`: how often a value of the other run is the greater one, ties half. `p`: two-sided."""

    superior: float
    p: float


def compare(base: Sequence[float], other: Sequence[float]) -> Compared:
    """Of two samples of at least two values each, in any order."""
    statistic, freedom, superior = _statistic(sorted(base), sorted(other))
    if freedom is None:  # no value of the one lies among those of the other, or all are equal
        return Compared(
            superior, 1.0 if superior == 0.5 else min(1.0, 2 / math.comb(len(base) + len(other), len(base)))
        )
    return Compared(superior, student_two_sided(statistic, freedom))


def ratio(base: Sequence[float], other: Sequence[float]) -> float:
    """The median of other/base over all pairs; values > 0."""
    lower, upper = sorted(map(math.log, base)), sorted(map(math.log, other))
    pairs = len(lower) * len(upper)
    return math.exp((_pair(lower, upper, (pairs + 1) // 2) + _pair(lower, upper, pairs // 2 + 1)) / 2)


def ratio_interval(base: Sequence[float], other: Sequence[float], level: float) -> tuple[float, float]:
    """Of `ratio`, at `level`: the factors that the test would not refuse. Values > 0, at least two in each."""
    lower, upper = sorted(map(math.log, base)), sorted(map(math.log, other))
    middle = math.log(ratio(base, other))
    return tuple(  # type: ignore[return-value]
        math.exp(_edge(lower, upper, middle, end, level)) for end in (upper[0] - lower[-1], upper[-1] - lower[0])
    )


def _edge(lower: Sequence[float], upper: Sequence[float], kept: float, refused: float, level: float) -> float:
    """Between a shift that the test keeps and the outermost one, the last that it keeps."""
    for _ in range(_TURNS):
        middle = (kept + refused) / 2
        if abs(refused - kept) < 1e-9:
            break
        kept, refused = (middle, refused) if _keeps(lower, upper, middle, level) else (kept, middle)
    return kept


def _keeps(lower: Sequence[float], upper: Sequence[float], shift: float, level: float) -> bool:
    statistic, freedom, superior = _statistic([value + shift for value in lower], upper)
    if freedom is None:
        return superior == 0.5
    return student_two_sided(statistic, freedom) >= 1 - level


def _statistic(base: Sequence[float], other: Sequence[float]) -> tuple[float, float | None, float]:
    """The test's t, its degrees of freedom (None: it has no spread), and how often the other is greater. Ascending."""
    m, n = len(base), len(other)
    of_base, of_other = _placements(base, other), _placements(other, base)
    superior = math.fsum(of_other) / (m * n)
    spread_base, spread_other = _variance(of_base), _variance(of_other)
    pooled = spread_base / (n * n * m) + spread_other / (m * m * n)
    if pooled <= 0:
        return 0.0, None, superior
    first, second = spread_base / (n * n * m), spread_other / (m * m * n)
    freedom = pooled**2 / (first**2 / (m - 1) + second**2 / (n - 1))
    return (superior - 0.5) / math.sqrt(pooled), freedom, superior


def _placements(of: Sequence[float], among: Sequence[float]) -> list[float]:
    """For each value how many of the others are less, equal ones half. Both ascending: one walk through both."""
    found, less, upto = [], 0, 0
    for value in of:
        while less < len(among) and among[less] < value:
            less += 1
        upto = max(upto, less)
        while upto < len(among) and among[upto] <= value:
            upto += 1
        found.append((less + upto) / 2)
    return found


def _variance(values: Sequence[float]) -> float:
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)


def _pair(lower: Sequence[float], upper: Sequence[float], rank: int) -> float:
    """The `rank`-th smallest (from 1) of all upper − lower, without making them all."""
    low, high = upper[0] - lower[-1], upper[-1] - lower[0]
    for _ in range(_TURNS):
        middle = (low + high) / 2
        low, high = (low, middle) if _pairs_upto(lower, upper, middle) >= rank else (middle, high)
    return high


def _pairs_upto(lower: Sequence[float], upper: Sequence[float], limit: float) -> int:
    count, place = 0, 0
    for value in lower:
        while place < len(upper) and upper[place] - value <= limit:
            place += 1
        count += place
    return count
