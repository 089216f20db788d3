"""What a worker holds: booked once a second however many ask, never handed out twice, and given back."""

import pytest

from model_lineup.limits.keys import KeyLimits
from model_lineup.limits.purses import Purses
from model_lineup.limits.spending import Allowance, Denial, Grant
from model_lineup.rooms import Rooms
from tests.fakes.clock import ManualClock
from tests.fakes.instances import Kind


@pytest.fixture
def kind() -> Kind:
    """Purses live in memory; what they are filled from is tested on both databases."""
    return "sqlite"


class Worker:
    """As the gateway does it, one request after the other."""

    def __init__(self, rooms: Rooms, clock: ManualClock) -> None:
        self.limits, self.purses = KeyLimits(rooms.database, clock), Purses()
        self.booked = 0

    def ask(self, allowed: Allowance, tokens: int = 0) -> bool:
        now = self.limits.now()
        answer = self.purses.answer(1, allowed, tokens, 0, now)
        if answer is not None:
            return isinstance(answer, Grant)
        self.booked += 1
        settled, wanted = list(self.purses.over(now)), self.purses.wanted(1, allowed, tokens, 0, now)
        booking = self.limits.book([wanted], settled)[0]
        if booking.ahead is not None:
            back = self.purses.put(allowed, booking.ahead, now)
            self.limits.book([], [back] if back else [])
        if isinstance(booking.answer, Denial):
            self.purses.deny(wanted, booking.answer, now)
        return isinstance(booking.answer, Grant)

    def go(self) -> None:
        self.limits.book([], list(self.purses.over(self.limits.now())))


def test_a_busy_key_books_a_few_times_a_second_and_gets_exactly_its_limit(rooms: Rooms, clock: ManualClock) -> None:
    workers = [Worker(rooms, clock) for _ in range(3)]
    allowed = Allowance(requests_per_minute=2_000, tokens_per_minute=1_000_000)
    admitted = [worker.ask(allowed, 10) for _ in range(1_000) for worker in workers]
    assert admitted.count(True) == 2_000
    assert sum(worker.booked for worker in workers) < 200


def test_what_is_held_is_good_for_its_second_only(rooms: Rooms, clock: ManualClock) -> None:
    worker, allowed = Worker(rooms, clock), Allowance(requests_per_minute=1_000)
    for _ in range(40):
        assert worker.ask(allowed)
    booked = worker.booked
    clock.advance(0.9)
    assert worker.ask(allowed)
    assert worker.booked == booked
    clock.advance(0.2)
    assert worker.ask(allowed)
    assert worker.booked == booked + 1


def test_what_was_not_handed_out_goes_back(rooms: Rooms, clock: ManualClock) -> None:
    worker, allowed = Worker(rooms, clock), Allowance(requests_per_minute=1_000, tokens_per_minute=100_000)
    for _ in range(21):
        worker.ask(allowed, 7)
    clock.advance(1)
    worker.go()
    left = worker.limits.spent(1).left(allowed, clock.now().timestamp())
    assert (left.requests, left.tokens) == (1_000 - 21, 100_000 - 21 * 7)


def test_a_larger_request_than_what_is_held_is_booked_by_itself(rooms: Rooms, clock: ManualClock) -> None:
    worker, allowed = Worker(rooms, clock), Allowance(tokens_per_minute=100_000)
    for _ in range(6):
        worker.ask(allowed, 10)
    booked = worker.booked
    assert worker.ask(allowed, 90_000)
    assert worker.booked == booked + 1


def test_a_key_that_is_asked_with_now_and_then_books_nothing_ahead(rooms: Rooms, clock: ManualClock) -> None:
    worker, allowed = Worker(rooms, clock), Allowance(requests_per_minute=50)
    for _ in range(20):
        assert worker.ask(allowed)
        clock.advance(2)
    assert worker.limits.spent(1).left(allowed, 0).requests == 30


def test_who_was_denied_is_denied_from_memory_until_the_second_is_over(rooms: Rooms, clock: ManualClock) -> None:
    worker, allowed = Worker(rooms, clock), Allowance(requests_per_minute=3, tokens_per_minute=100)
    assert [worker.ask(allowed, 40) for _ in range(9)] == [True, True, *[False] * 7]
    assert worker.booked == 3
    assert worker.ask(allowed, 20), "a smaller one fits"
    assert worker.ask(Allowance(requests_per_minute=9), 40), "an administrator has allowed more"
    clock.advance(1)
    booked = worker.booked
    assert not worker.ask(allowed, 40)
    assert worker.booked == booked + 1
