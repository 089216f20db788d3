"""Work that is done once, whoever tries."""

from datetime import timedelta

import pytest

from model_lineup.jobs.leases import Leases
from model_lineup.rooms import Rooms
from tests.fakes.clock import ManualClock

LIFE = timedelta(seconds=30)


@pytest.fixture
def two(rooms: Rooms) -> tuple[Leases, Leases]:
    """Two workers."""
    return Leases(rooms.database, rooms.clock), Leases(rooms.database, rooms.clock)


def test_one_of_two_has_it(two: tuple[Leases, Leases]) -> None:
    one, other = two
    assert one.take("fetch/1", LIFE)
    assert not other.take("fetch/1", LIFE)
    assert other.take("fetch/2", LIFE)
    assert other.held("fetch/1")


def test_it_is_free_when_it_is_given_back_by_who_has_it(two: tuple[Leases, Leases]) -> None:
    one, other = two
    assert one.take("fetch/1", LIFE)
    other.give_back("fetch/1")
    assert not other.take("fetch/1", LIFE)
    one.give_back("fetch/1")
    assert other.take("fetch/1", LIFE)


def test_it_is_free_when_its_time_is_over_unless_it_was_held_for_longer(
    two: tuple[Leases, Leases], clock: ManualClock
) -> None:
    one, other = two
    assert one.take("fetch/1", LIFE)
    clock.advance(20)
    assert one.take("fetch/1", LIFE)
    clock.advance(20)
    assert not other.take("fetch/1", LIFE)
    clock.advance(11)
    assert not other.held("fetch/1")
    assert other.take("fetch/1", LIFE)
    assert not one.take("fetch/1", LIFE)
