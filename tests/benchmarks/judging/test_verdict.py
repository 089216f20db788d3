"""The verdict finds what differs, and little where nothing does."""

import math
import random
from collections import Counter

import pytest

from model_lineup.benchmarks.judging.verdict import Evidence, Pair, Verdict, judge, judge_all
from tests.fakes.counts import SEED, count

TIMES = ("ttft_ms", "response_time_ms", "itl_ms")


def run(source: random.Random, n: int, spread: float, slower: float = 1.0, failing: float = 0.02) -> Evidence:
    """Lognormal times, `spread` being the standard deviation of their logarithms; 40 gaps in each request."""
    first = [300 * slower * math.exp(source.gauss(0, spread)) for _ in range(n)]
    gaps = [
        (sum(20 * slower * pace * math.exp(source.gauss(0, 0.5)) for _ in range(40)), 40)
        for pace in (math.exp(source.gauss(0, spread)) for _ in range(n))
    ]
    whole = [ttft + total for ttft, (total, _) in zip(first, gaps, strict=True)]
    return Evidence(first, whole, gaps, sum(source.random() < failing for _ in range(n)), n)


def said(verdict: Verdict) -> dict[str, str]:
    return {one.metric: one.finding for one in verdict.metrics}


def test_a_run_that_takes_half_as_long_again_is_worse_and_the_reverse_better() -> None:
    source = random.Random(1)
    base, other = run(source, 40, 0.2), run(source, 40, 0.2, slower=1.5)
    found = judge(base, other)
    assert found.verdict == "worse"
    assert said(found) == {**dict.fromkeys(TIMES, "worse"), "failed": "no_difference"}
    assert judge(other, base).verdict == "better"
    for one in found.metrics[:3]:
        assert one.ratio == pytest.approx(1.5, rel=0.15)
        assert one.interval is not None
        assert one.ratio is not None
        assert 1 < one.interval[0] < one.ratio < one.interval[1]
        assert one.superior is None or one.superior > 0.9
        assert one.detectable == pytest.approx(0.2, abs=0.08)


def test_the_same_evidence_does_not_differ_from_itself() -> None:
    base = run(random.Random(2), 30, 0.5)
    found = judge(base, base)
    assert found.verdict == "no_difference"
    assert all(one.p == pytest.approx(1) for one in found.metrics)


def test_more_failures_are_worse_though_times_are_alike() -> None:
    source = random.Random(3)
    base, other = run(source, 40, 0.2, failing=0), run(source, 40, 0.2, failing=0.5)
    assert said(judge(base, other))["failed"] == "worse"
    assert judge(base, other).verdict == "worse"
    assert judge(other, base).verdict == "better"


def test_more_requests_that_met_the_objectives_are_better() -> None:
    base, other = Evidence(failed=0, answered=50, met=20), Evidence(failed=0, answered=50, met=48)
    assert said(judge(base, other)) == {"failed": "no_difference", "met_slo": "better"}
    assert judge(base, other).verdict == "better"


@pytest.mark.hard
def test_sweeps_between_which_nothing_differs_are_rarely_told_apart() -> None:
    source, tries = random.Random(SEED), count(20, 1_000)
    found = Counter(
        judge_all([Pair(run(source, 20, 0.3), run(source, 20, 0.3), load) for load in (1, 2, 4)], seed=number).verdict
        for number in range(tries)
    )
    assert tries - found["no_difference"] <= max(3, tries * 0.05)


def test_a_step_at_which_one_is_slower_is_found_among_the_others() -> None:
    source = random.Random(6)
    slower = {1.0: 1.0, 2.0: 1.0, 4.0: 1.6}
    pairs = [Pair(run(source, 40, 0.2), run(source, 40, 0.2, times), load) for load, times in slower.items()]
    found = judge_all(pairs)
    assert found.verdict == "worse"
    assert {one.load for one in found.metrics if one.finding == "worse"} == {4.0}
    alone = judge(*pairs[2][:2])
    for one, other in zip(found.metrics[-4:], alone.metrics, strict=True):
        assert one.metric == other.metric
        if one.interval is not None and other.interval is not None:
            assert one.interval[1] - one.interval[0] > other.interval[1] - other.interval[0]


def test_better_here_and_worse_there_is_mixed() -> None:
    source = random.Random(4)
    base, quick = run(source, 60, 0.2, failing=0), run(source, 60, 0.2, slower=0.5, failing=0.6)
    assert judge(base, quick).verdict == "mixed"


def test_too_few_requests_are_not_judged_but_shown() -> None:
    source = random.Random(5)
    found = judge(run(source, 9, 0.1), run(source, 40, 0.1, slower=5))
    assert said(found) == {**dict.fromkeys(TIMES, "not_tested"), "failed": "no_difference"}
    assert found.metrics[0].base is not None
    assert found.verdict == "no_difference"


def test_a_difference_below_one_percent_is_none_however_sure() -> None:
    base = [100 + number / 1000 for number in range(200)]
    found = judge(Evidence(response_time_ms=base), Evidence(response_time_ms=[value * 1.005 for value in base]))
    (one,) = found.metrics
    assert one.p_adjusted is not None
    assert one.p_adjusted < 1e-6
    assert found.verdict == "no_difference"


def test_tokens_that_come_together_have_no_gaps_to_compare() -> None:
    some = Evidence(gaps=[(0.0, 9)] * 11 + [(5.0, 9)])
    (one,) = [one for one in judge(some, some).metrics if one.metric == "itl_ms"]
    assert (one.ratio, one.interval, one.finding) == (1.0, None, "no_difference")
    none = Evidence(gaps=[(0.0, 9)] * 12)
    assert said(judge(none, some))["itl_ms"] == "not_tested"


def test_runs_of_nothing_are_no_difference() -> None:
    assert judge(Evidence(), Evidence()) == Verdict("no_difference", [])


def test_the_same_seed_gives_the_same_verdict() -> None:
    source = random.Random(6)
    base, other = run(source, 20, 0.4), run(source, 20, 0.4)
    assert judge(base, other, seed=9) == judge(base, other, seed=9)


@pytest.mark.hard
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize(("n", "spread"), [(40, 0.2), (40, 0.7), (12, 0.5)])
def test_where_nothing_differs_at_most_5_of_100_verdicts_say_so(n: int, spread: float) -> None:
    turns, source = count(4, 1_000), random.Random(f"{SEED}/{n}/{spread}")
    wrong = sum(
        judge(run(source, n, spread), run(source, n, spread), seed=seed).verdict != "no_difference"
        for seed in range(turns)
    )
    assert wrong <= count(2, 0.05 * turns)


@pytest.mark.hard
@pytest.mark.timeout(1_800)
def test_requests_twenty_percent_slower_are_found_with_forty_of_them() -> None:
    """In 9 of 10 cases where the logarithms of times spread by 0.2, as of a provider that is not overloaded."""
    turns, source = count(5, 1_000), random.Random(SEED)
    verdicts = Counter(
        judge(run(source, 40, 0.2), run(source, 40, 0.2, slower=1.2), seed=seed).verdict for seed in range(turns)
    )
    assert verdicts["worse"] >= count(3, 0.9 * turns)
