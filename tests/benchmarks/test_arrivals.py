"""When requests of an open loop come."""

import math
from itertools import pairwise

import pytest
from scipy import stats

from model_lineup.benchmarks.arrivals import due_offsets


def test_constant_arrivals_are_even() -> None:
    assert due_offsets("constant", 4.0, 5, None) == [0, 0.25, 0.5, 0.75, 1.0]


def test_poisson_arrivals_have_exponential_gaps_of_the_rate() -> None:
    due = due_offsets("poisson", 10.0, 3_000, 7)
    gaps = [later - earlier for earlier, later in pairwise(due)]
    assert due[0] == 0
    assert math.fsum(gaps) / len(gaps) == pytest.approx(0.1, rel=0.06)
    assert stats.kstest(gaps, stats.expon(scale=0.1).cdf).pvalue > 0.01


def test_the_same_seed_asks_at_the_same_moments() -> None:
    first, again, other = (due_offsets("poisson", 5.0, 20, seed) for seed in (1, 1, 2))
    assert first == again != other
