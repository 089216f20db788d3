"""When something is left alone, for how long, and what ends that."""

import pytest

from model_lineup.gateway.breaker import Blocked, BreakerRules, Breakers
from model_lineup.routing.snapshot import ModelState, ProviderState
from tests.fakes.clock import ManualClock

ACME = ProviderState(1, "acme", True, 0, 7)
CHANGED = ProviderState(1, "acme", True, 0, 8)
OTHER = ProviderState(2, "other", True, 1, 7)
ONE, TWO = (ModelState(row, f"m{row}", 1, "", True, True, True) for row in (1, 2))
ELSEWHERE = ModelState(3, "m3", 2, "", True, True, True)


class Bench:
    def __init__(self, clock: ManualClock, chance: float = 0.0) -> None:
        self.clock = clock
        self.noted: list[tuple[str, int]] = []
        rules = BreakerRules(failures=5, open_s=30, longest_s=300)
        self.breakers = Breakers(
            rules, now=clock.tick, chance=lambda: chance, note=lambda slug, count: self.noted.append((slug, count))
        )

    def fails(self, model: ModelState = ONE, *, provider: ProviderState = ACME, connected: bool = True) -> None:
        probe = self.breakers.admit(provider, model)
        self.breakers.failed(provider, model, probe=probe, connected=connected)

    def answers(self, model: ModelState = ONE, provider: ProviderState = ACME) -> None:
        self.breakers.answered(provider, model, probe=self.breakers.admit(provider, model))

    def blocked_for(self, model: ModelState = ONE, provider: ProviderState = ACME) -> int | None:
        try:
            if self.breakers.admit(provider, model):
                self.breakers.left(provider, model)
        except Blocked as blocked:
            return blocked.retry_after_s
        return None

    def open(self, model: ModelState = ONE) -> None:
        for _ in range(5):
            self.fails(model)


@pytest.fixture
def bench(clock: ManualClock) -> Bench:
    return Bench(clock)


def test_five_failures_in_a_row_open_it_and_an_answer_between_them_does_not(bench: Bench) -> None:
    for _ in range(4):
        bench.fails()
    bench.answers()
    for _ in range(4):
        bench.fails()
    assert bench.blocked_for() is None
    bench.fails()
    assert bench.blocked_for() == 30
    assert bench.noted == [("acme", 1)]


def test_a_model_that_fails_leaves_its_neighbours_and_other_providers_alone(bench: Bench) -> None:
    bench.open()
    assert bench.blocked_for(TWO) is None
    assert bench.blocked_for(ELSEWHERE, OTHER) is None


def test_a_way_that_is_broken_is_broken_for_all_models_there(bench: Bench) -> None:
    for number in range(5):
        bench.fails((ONE, TWO)[number % 2], connected=False)
    assert bench.blocked_for(ONE) == bench.blocked_for(TWO) == 30
    assert bench.blocked_for(ELSEWHERE, OTHER) is None


def test_one_probe_at_a_time_goes_when_the_time_is_over_and_its_failure_makes_it_longer(bench: Bench) -> None:
    bench.open()
    for openings in range(2, 15):
        bench.clock.advance(bench.blocked_for() or 0)
        assert bench.breakers.admit(ACME, ONE)
        with pytest.raises(Blocked):
            bench.breakers.admit(ACME, ONE)
        bench.breakers.failed(ACME, ONE, probe=True, connected=True)
        assert bench.blocked_for() == min(30 * openings, 273)
    bench.clock.advance(273)
    bench.answers()
    assert bench.blocked_for() is None
    assert bench.noted[-1] == ("acme", 0)
    bench.open()
    assert bench.blocked_for() == 30


@pytest.mark.parametrize(("chance", "first", "longest"), [(0.0, 30, 273), (1.0, 33, 300)])
def test_the_time_is_spread_a_little_and_bounded(clock: ManualClock, chance: float, first: int, longest: int) -> None:
    bench = Bench(clock, chance)
    bench.open()
    assert bench.blocked_for() == first
    for _ in range(20):
        clock.advance(bench.blocked_for() or 0)
        bench.fails()
    assert bench.blocked_for() == longest


def test_a_probe_whose_caller_left_is_followed_by_another(bench: Bench) -> None:
    bench.open()
    bench.clock.advance(30)
    assert bench.breakers.admit(ACME, ONE)
    bench.breakers.left(ACME, ONE)
    assert bench.breakers.admit(ACME, ONE)


def test_what_was_asked_before_it_opened_counts_neither_way(bench: Bench) -> None:
    bench.open()
    for _ in range(50):
        bench.breakers.failed(ACME, ONE, probe=False, connected=True)
    bench.breakers.answered(ACME, ONE, probe=False)
    assert bench.blocked_for() == 30


def test_a_probe_of_the_way_that_meets_a_failing_model_closes_the_way(bench: Bench) -> None:
    for _ in range(5):
        bench.fails(connected=False)
    bench.clock.advance(30)
    bench.fails(connected=True)
    assert bench.blocked_for(TWO) is None


def test_a_change_of_the_provider_and_a_passed_test_forget_everything(bench: Bench) -> None:
    bench.open()
    bench.breakers.cool(ACME, 60)
    assert bench.blocked_for(provider=CHANGED) is None
    bench.open()
    bench.breakers.cool(ACME, 60)
    bench.breakers.forget(ACME.id, ONE.id)
    assert bench.blocked_for() is None
    assert bench.noted == [("acme", 1), ("acme", 0)] * 2


@pytest.mark.parametrize(("asked", "kept"), [(10, 10), (0.2, 1), (3600, 3600), (1e9, 3600)])
def test_a_provider_that_asks_for_time_gets_it_for_all_its_models(bench: Bench, asked: float, kept: int) -> None:
    bench.breakers.cool(ACME, asked)
    assert bench.blocked_for(ONE) == bench.blocked_for(TWO) == kept
    assert bench.blocked_for(ELSEWHERE, OTHER) is None
    bench.clock.advance(kept)
    assert bench.blocked_for() is None


def test_what_is_kept_is_bounded(bench: Bench) -> None:
    for row in range(10_000):
        provider = ProviderState(row, f"p{row}", True, 0)
        bench.breakers.cool(provider, 60)
        bench.fails(ModelState(row, "m", row, "", True, True, True), provider=ProviderState(row + 10_000, "p", True, 0))
    assert len(bench.breakers._troubles) <= 4096
    assert len(bench.breakers._cooling) <= 4096
