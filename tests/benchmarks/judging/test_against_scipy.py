"""Every method gives what an independent implementation gives."""

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import special, stats

from model_lineup.benchmarks.judging import brunner_munzel, distributions, holm, proportions
from tests.fakes.counts import count

TIMES = st.lists(st.floats(0.1, 1e5), min_size=10, max_size=60)
TIED = st.lists(st.integers(1, 12).map(float), min_size=10, max_size=60)
FEW = settings(max_examples=count(12, 1_000), deadline=None)


@pytest.mark.hard
@pytest.mark.timeout(600)
@FEW
@given(st.floats(0, 1), st.floats(0.05, 5e4), st.floats(0.05, 5e4))
def test_the_incomplete_beta_function(x: float, a: float, b: float) -> None:
    assert distributions.beta_cdf(x, a, b) == pytest.approx(special.betainc(a, b, x), rel=1e-7, abs=1e-12)


@pytest.mark.hard
@pytest.mark.timeout(600)
@FEW
@given(st.integers(1, 5_000), st.floats(0.001, 0.999), st.floats(-0.1, 1.1))
def test_the_binomial_distribution(n: int, p: float, share: float) -> None:
    k = math.floor(share * n)
    assert distributions.binomial_cdf(k, n, p) == pytest.approx(stats.binom.cdf(k, n, p), rel=1e-7, abs=1e-12)


@pytest.mark.hard
@pytest.mark.timeout(600)
@FEW
@given(st.floats(-50, 50), st.floats(0.5, 1e4))
def test_students_t(t: float, freedom: float) -> None:
    assert distributions.student_two_sided(t, freedom) == pytest.approx(
        2 * stats.t.sf(abs(t), freedom), rel=1e-6, abs=1e-14
    )


@pytest.mark.hard
@pytest.mark.timeout(600)
@FEW
@given(st.floats(0.001, 0.999), st.floats(1, 1e4))
def test_quantiles_of_students_t(share: float, freedom: float) -> None:
    assert distributions.student_quantile(share, freedom) == pytest.approx(
        stats.t.ppf(share, freedom), rel=1e-6, abs=1e-9
    )


@pytest.mark.hard
@pytest.mark.timeout(600)
@FEW
@given(TIMES | TIED, TIMES | TIED)
def test_brunner_munzel(base: list[float], other: list[float]) -> None:
    found = brunner_munzel.compare(base, other)
    with_ties = [(theirs > ours) + (theirs == ours) / 2 for ours in base for theirs in other]
    assert found.superior == pytest.approx(math.fsum(with_ties) / len(with_ties))
    assume(0 < found.superior < 1 and max(base) > min(other) and max(other) > min(base))
    assume(len({*base, *other}) > 2)
    assert found.p == pytest.approx(stats.brunnermunzel(base, other).pvalue, rel=1e-5, abs=1e-12)


def test_brunner_munzel_where_nothing_overlaps_is_the_exact_chance_of_that() -> None:
    base, other = [float(number) for number in range(10)], [float(number) for number in range(20, 30)]
    exact = stats.mannwhitneyu(base, other, method="exact").pvalue
    assert tuple(brunner_munzel.compare(base, other)) == pytest.approx((1.0, exact))
    assert tuple(brunner_munzel.compare([5.0] * 10, [5.0] * 12)) == (0.5, 1.0)


@pytest.mark.hard
@pytest.mark.timeout(600)
@FEW
@given(TIMES | TIED, TIMES | TIED)
def test_the_ratio_is_the_median_over_all_pairs(base: list[float], other: list[float]) -> None:
    pairs = sorted(math.log(theirs) - math.log(ours) for ours in base for theirs in other)
    middle = (pairs[(len(pairs) - 1) // 2] + pairs[len(pairs) // 2]) / 2
    assert math.log(brunner_munzel.ratio(base, other)) == pytest.approx(middle, abs=1e-6)


@pytest.mark.hard
@pytest.mark.timeout(600)
@FEW
@given(TIMES, TIMES, st.sampled_from([0.9, 0.95, 0.99]))
def test_the_interval_of_the_ratio_holds_what_the_test_does_not_refuse(
    base: list[float], other: list[float], level: float
) -> None:
    low, high = brunner_munzel.ratio_interval(base, other, level)
    assert low <= brunner_munzel.ratio(base, other) <= high
    for end in (low, high):
        inside = end * math.exp(1e-7 if end == low else -1e-7)
        slowed = [value * inside for value in base]
        assert low == high or brunner_munzel.compare(slowed, other).p >= (1 - level) * 0.99


@pytest.mark.hard
@pytest.mark.timeout(600)
@FEW
@given(st.integers(0, 60), st.integers(0, 60), st.integers(1, 60), st.integers(1, 60))
def test_fishers_test(failed: int, other_failed: int, total: int, other_total: int) -> None:
    failed, other_failed = min(failed, total), min(other_failed, other_total)
    table = [[failed, total - failed], [other_failed, other_total - other_failed]]
    found = proportions.fisher(failed, total, other_failed, other_total)
    assert found == pytest.approx(stats.fisher_exact(table).pvalue, rel=1e-6)


@pytest.mark.hard
@pytest.mark.timeout(600)
@FEW
@given(st.integers(0, 500), st.integers(1, 500))
def test_clopper_and_pearsons_interval(met: int, total: int) -> None:
    met = min(met, total)
    theirs = stats.binomtest(met, total).proportion_ci(0.95, method="exact")
    assert proportions.share_interval(met, total) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
    assert proportions.share_interval(0, 0) is None


def _holm_by_definition(values: list[float], alpha: float) -> list[bool]:
    """Step down: refuse the least while it is below alpha / (questions left)."""
    refused, order = [False] * len(values), sorted(range(len(values)), key=values.__getitem__)
    for place, number in enumerate(order):
        if values[number] > alpha / (len(values) - place):
            break
        refused[number] = True
    return refused


@pytest.mark.hard
@pytest.mark.timeout(600)
@FEW
@given(st.lists(st.floats(0, 1), max_size=8), st.floats(0.001, 0.2))
def test_holm_refuses_what_its_steps_refuse(values: list[float], alpha: float) -> None:
    assume(all(abs(one * left - alpha) > 1e-12 for one in values for left in range(1, 9)))
    assert [p <= alpha for p in holm.adjusted(values)] == _holm_by_definition(values, alpha)


@pytest.mark.hard
@pytest.mark.timeout(600)
@FEW
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_lies_between_nothing_and_bonferroni(values: list[float]) -> None:
    found = holm.adjusted(values)
    assert all(p <= q <= min(1, len(values) * p) for p, q in zip(values, found, strict=True))
