"""How many fallbacks after a failure are allowed."""

import pytest

from model_lineup.gateway.budget import BudgetRules, RetryBudget
from tests.fakes.clock import ManualClock


def test_a_lone_request_may_use_its_fallback(clock: ManualClock) -> None:
    budget = RetryBudget(BudgetRules(floor=2), now=clock.tick)
    budget.count()
    assert [budget.take() for _ in range(3)] == [True, True, False]
    clock.advance(20)
    assert budget.take()


@pytest.mark.parametrize("per_s", [20, 100, 1000])
def test_of_many_requests_a_fifth_may_at_any_rate(clock: ManualClock, per_s: int) -> None:
    results: list[str] = []
    budget = RetryBudget(BudgetRules(), now=clock.tick, note=results.append)
    for _ in range(40 * per_s):
        budget.count()
        budget.take()
        clock.advance(1 / per_s)
    made = results.count("made")
    assert 0.15 < made / len(results) <= 0.2 + 10 / len(results)


def test_the_requests_of_long_ago_do_not_count(clock: ManualClock) -> None:
    budget = RetryBudget(BudgetRules(floor=0), now=clock.tick)
    for _ in range(1000):
        budget.count()
    clock.advance(21)
    budget.count()
    assert not budget.take()


def test_nothing_is_allowed_where_nothing_is_wanted(clock: ManualClock) -> None:
    budget = RetryBudget(BudgetRules(percent=0, floor=0), now=clock.tick)
    for _ in range(100):
        budget.count()
        assert not budget.take()
