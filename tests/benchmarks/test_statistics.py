"""Percentiles are real values of the sample, and absent where they would mean nothing."""

import math
import statistics as reference

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_lineup.benchmarks.statistics import Summary, percentile, summary

VALUES = st.lists(st.floats(0, 1e6), min_size=1, max_size=300)


def simple_percentile(values: list[float], percent: int) -> float:
    """The definition, word for word: the least value with at least `percent` % of all at or below it."""
    return next(v for v in sorted(values) if 100 * sum(other <= v for other in values) >= percent * len(values))


@given(VALUES, st.integers(1, 100))
def test_percentile_is_nearest_rank(values: list[float], percent: int) -> None:
    assert percentile(sorted(values), percent) == simple_percentile(values, percent)


@given(VALUES)
def test_summary_agrees_with_the_standard_library(values: list[float]) -> None:
    found = summary(values)
    assert found.n == len(values)
    assert (found.min, found.max) == (min(values), max(values))
    assert found.mean == pytest.approx(reference.fmean(values))
    assert found.stddev == pytest.approx(reference.pstdev(values), abs=1e-6)
    assert found.p50 == simple_percentile(values, 50)
    assert found.p90 == simple_percentile(values, 90)


@given(VALUES)
def test_order_does_not_matter(values: list[float]) -> None:
    assert summary(values) == summary(values[::-1])


@pytest.mark.parametrize(("n", "p95", "p99"), [(19, None, None), (20, 19.0, None), (99, 95.0, None), (100, 95.0, 99.0)])
def test_p95_needs_20_values_and_p99_100(n: int, p95: float | None, p99: float | None) -> None:
    found = summary([float(number) for number in range(1, n + 1)])
    assert (found.p95, found.p99) == (p95, p99)


def test_nothing_measured_is_null_not_zero() -> None:
    assert summary([]) == Summary(None, None, None, None, None, None, None, None, 0)


def test_one_value() -> None:
    assert summary([7.0]) == Summary(7.0, 0.0, 7.0, 7.0, 7.0, None, None, 7.0, 1)


def test_a_small_spread_on_a_large_mean_keeps_its_precision() -> None:
    assert math.isclose(summary([1e9 + 1, 1e9 + 3]).stddev or 0, 1.0)
