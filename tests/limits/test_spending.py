"""What a key may use: never more than the limit in any minute, waits that are right, months that end."""

import random
from datetime import UTC, datetime

import pytest

from model_lineup.limits.spending import Allowance, Denial, Grant, Spending, month_of
from tests.fakes.counts import SEED

START_S = int(datetime(2026, 1, 31, 23, 50, tzinfo=UTC).timestamp())


def at(seconds: float) -> int:
    return round((START_S + seconds) * 1_000_000)


def take(spending: Spending, allowed: Allowance, seconds: float, tokens: int = 0, cost: int = 0) -> Grant | Denial:
    return spending.take(7, allowed, tokens, cost, at(seconds))


def test_no_minute_wherever_it_begins_holds_more_than_the_limits() -> None:
    chance, spending = random.Random(SEED), Spending([])
    allowed = Allowance(requests_per_minute=9, tokens_per_minute=500)
    let_in: list[tuple[float, int]] = []
    moment = 0.0
    for _ in range(4_000):
        moment += chance.expovariate(1.0)
        tokens = chance.randrange(1, 120)
        if isinstance(take(spending, allowed, moment, tokens), Grant):
            let_in.append((moment, tokens))
    assert len(let_in) > 300
    for begin, _ in let_in:
        inside = [tokens for moment, tokens in let_in if begin <= moment < begin + 60]
        assert len(inside) <= 9
        assert sum(inside) <= 500


@pytest.mark.parametrize("begin", [0.0, 0.25, 0.999])
def test_whoever_waits_as_told_is_let_in_and_a_second_earlier_is_not(begin: float) -> None:
    spending, allowed = Spending([]), Allowance(requests_per_minute=3, tokens_per_minute=100)
    assert all(isinstance(take(spending, allowed, begin + later, 30), Grant) for later in (0, 5, 10))
    denied = take(spending, allowed, begin + 20, 30)
    assert isinstance(denied, Denial)
    assert denied.which == "requests_per_minute"
    assert denied.wait_s is not None
    assert 40 < denied.wait_s <= 41
    assert isinstance(take(spending, allowed, begin + 20 + denied.wait_s - 1, 30), Denial)
    assert isinstance(take(spending, allowed, begin + 20 + denied.wait_s, 30), Grant)


def test_of_two_limits_the_one_that_takes_longer_is_named() -> None:
    spending, allowed = Spending([]), Allowance(requests_per_minute=2, tokens_per_minute=100)
    take(spending, allowed, 0, 10)
    take(spending, allowed, 30, 90)
    denied = take(spending, allowed, 31, 50)
    assert isinstance(denied, Denial)
    assert (denied.which, denied.limit, denied.wanted) == ("tokens_per_minute", 100, 50)
    assert denied.wait_s == 60


def test_a_request_that_is_larger_than_the_limit_is_never_told_to_wait() -> None:
    spending = Spending([])
    for allowed in (Allowance(tokens_per_minute=100), Allowance(tokens_per_month=100)):
        denied = take(spending, allowed, 0, 101)
        assert isinstance(denied, Denial)
        assert denied.wait_s is None


def test_a_denied_request_uses_nothing() -> None:
    spending, allowed = Spending([]), Allowance(tokens_per_minute=100)
    take(spending, allowed, 0, 90)
    assert all(isinstance(take(spending, allowed, 1, 20), Denial) for _ in range(5))
    assert isinstance(take(spending, allowed, 1, 10), Grant)


def test_what_was_reserved_too_much_is_given_back_in_its_minute_and_month() -> None:
    spending, allowed = Spending([]), Allowance(tokens_per_minute=100, tokens_per_month=200)
    grant = take(spending, allowed, 0, 100)
    assert isinstance(grant, Grant)
    assert isinstance(take(spending, allowed, 1, 1), Denial)
    spending.settle(grant, 1, 20, 0, at(2))
    later = take(spending, allowed, 3, 80)
    assert isinstance(later, Grant)
    assert later.left.tokens == 0
    assert spending.month_tokens == 100


def test_what_was_reserved_too_little_counts_from_when_it_is_known() -> None:
    spending, allowed = Spending([]), Allowance(tokens_per_minute=100, nanodollars_per_month=1_000)
    grant = take(spending, allowed, 0, 10, 500)
    assert isinstance(grant, Grant)
    spending.settle(grant, 1, 100, 900, at(59))
    denied = take(spending, allowed, 62, 20)
    assert isinstance(denied, Denial)
    assert denied.wait_s == pytest.approx(59 + 61 - 62)
    assert isinstance(take(spending, allowed, 121, 20, 100), Grant)
    assert isinstance(take(spending, allowed, 121, 20, 1), Denial)


def test_a_month_begins_anew_and_gets_nothing_back_of_the_one_before() -> None:
    spending, allowed = Spending([]), Allowance(tokens_per_month=100)
    old = take(spending, allowed, 0, 100)
    assert isinstance(old, Grant)
    denied = take(spending, allowed, 60, 1)
    assert isinstance(denied, Denial)
    assert denied.wait_s == 9 * 60, "until midnight in UTC"
    assert isinstance(take(spending, allowed, 600, 30), Grant)
    spending.settle(old, 1, 10, 0, at(601))
    assert spending.month_tokens == 30
    assert spending.month == month_of(START_S) + 1


def test_left_says_what_is_left_and_when_all_of_it_is_back() -> None:
    spending, allowed = Spending([]), Allowance(requests_per_minute=5, tokens_per_minute=100)
    take(spending, allowed, 0, 30)
    grant = take(spending, allowed, 10, 20)
    assert isinstance(grant, Grant)
    assert grant.left == (3, 61, 50, 61)


def test_of_two_clocks_the_one_that_is_ahead_counts_and_one_that_was_set_back_locks_nobody_out() -> None:
    spending, allowed = Spending([]), Allowance(requests_per_minute=1)
    assert isinstance(take(spending, allowed, 5, 0), Grant)
    behind = take(spending, allowed, 0, 0)
    assert isinstance(behind, Denial)
    assert behind.wait_s == 61
    set_back = take(spending, allowed, -3600, 0)
    assert isinstance(set_back, Denial)
    assert set_back.wait_s == 61
    assert isinstance(take(spending, allowed, -3600 + 61, 0), Grant)


def test_no_more_than_an_eighth_of_what_is_left_is_taken_ahead() -> None:
    spending, allowed = Spending([]), Allowance(requests_per_minute=100, tokens_per_month=1_000)
    ahead = spending.take_ahead(7, allowed, 10, 0, 50, at(0))
    assert ahead is not None
    assert (ahead.requests, ahead.tokens) == (12, 120)
    assert spending.take_ahead(7, allowed, 10, 0, 3, at(0)).requests == 3  # type: ignore[union-attr]
    assert spending.take_ahead(7, allowed, 200, 0, 3, at(0)) is None
    spending.settle(ahead, 2, 20, 0, at(1))
    assert spending.left(allowed, START_S + 1).requests == 100 - 5
    assert spending.month_tokens == 50
