"""A chore is one process's at a time, comes round when it says, and is not lost with who claimed it."""

from datetime import timedelta

from model_lineup.rooms import Rooms
from tests.fakes.clock import ManualClock

LEASE = timedelta(seconds=60)


def test_a_chore_is_claimed_once_and_comes_round(rooms: Rooms, clock: ManualClock) -> None:
    chores = rooms.chores
    assert [chores.claim("sweep", lease=LEASE) for _ in range(3)] == [True, False, False]
    assert chores.states(["sweep", "other"])["sweep"].is_under_way
    chores.done("sweep", again_in=timedelta(minutes=10), failures=2, outcome={"n": 1})
    state = chores.states(["sweep"])["sweep"]
    assert (state.is_under_way, state.failures, state.outcome, state.last_at) == (False, 2, {"n": 1}, clock.now())
    assert not chores.claim("sweep", lease=LEASE)
    clock.advance(599)
    assert not chores.claim("sweep", lease=LEASE)
    clock.advance(1)
    assert chores.claim("sweep", lease=LEASE)


def test_whoever_dies_loses_the_claim_after_its_lease(rooms: Rooms, clock: ManualClock) -> None:
    assert rooms.chores.claim("sweep", lease=LEASE)
    clock.advance(60)
    assert rooms.chores.claim("sweep", lease=LEASE)


def test_it_can_be_due_earlier_or_at_once_but_never_twice_at_a_time(rooms: Rooms, clock: ManualClock) -> None:
    chores = rooms.chores
    assert chores.claim("sweep", lease=LEASE)
    assert not chores.claim("sweep", lease=LEASE, at_once=True)
    chores.done("sweep", again_in=timedelta(days=1))
    assert not chores.claim("sweep", lease=LEASE, due_by=clock.now() + timedelta(seconds=1))
    assert chores.claim("sweep", lease=LEASE, due_by=clock.now())
    chores.done("sweep", again_in=timedelta(days=1))
    assert chores.claim("sweep", lease=LEASE, at_once=True)
