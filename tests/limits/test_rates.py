"""Rates: as many as allowed in any window, and a wait that is neither too short nor too long."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from model_lineup.limits.tables import rate_windows
from model_lineup.rooms import Rooms
from tests.fakes.clock import ManualClock

MINUTE = timedelta(minutes=1)


def test_as_many_as_allowed_and_then_no_more(rooms: Rooms) -> None:
    taken = [rooms.rates.take("test", 7, limit=6, window=MINUTE) for _ in range(8)]
    assert taken[:6] == [0] * 6
    assert all(wait_s >= 1 for wait_s in taken[6:])
    assert rooms.rates.take("test", 8, limit=6, window=MINUTE) == 0, "another model has its own"


@pytest.mark.parametrize("offset_s", [0.0, 7.3, 59.9])
def test_whoever_waits_as_told_is_let_through(rooms: Rooms, clock: ManualClock, offset_s: float) -> None:
    clock.advance(offset_s)
    for _ in range(40):
        wait_s = rooms.rates.take("test", limit=6, window=MINUTE)
        if wait_s:
            clock.advance(wait_s - 1.001)
            assert rooms.rates.take("test", limit=6, window=MINUTE) > 0, "the wait was longer than it had to be"
            clock.advance(1.001)
            assert rooms.rates.take("test", limit=6, window=MINUTE) == 0
    assert clock.tick() >= 5 * 60


def test_no_window_holds_notably_more_than_the_limit(rooms: Rooms, clock: ManualClock) -> None:
    """Tried twice a second for four minutes: L-11 wants no more than a tenth above the limit."""
    let_through = []
    for _ in range(480):
        if not rooms.rates.take("test", limit=20, window=MINUTE):
            let_through.append(clock.tick())
        clock.advance(0.5)
    for start in let_through:
        assert sum(start <= moment < start + 60 for moment in let_through) <= 22


def test_many_at_once_share_one_count(rooms: Rooms) -> None:
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda _: rooms.rates.take("test", limit=10, window=MINUTE), range(40)))
    assert taken.count(0) == 10


def test_what_is_over_is_forgotten(rooms: Rooms, clock: ManualClock) -> None:
    for number in range(50):
        rooms.rates.take("test", number, limit=6, window=MINUTE)
    clock.advance(180)
    rooms.rates.take("test", limit=6, window=MINUTE)
    with rooms.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(rate_windows)).scalar_one() == 1
