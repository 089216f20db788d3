"""Failed guesses: how long they lock, what clears them, and what all processes count together."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from model_lineup.database.engines import Database
from model_lineup.limits.guesses import Guesses, GuessRules
from model_lineup.limits.tables import guess_failures
from model_lineup.rooms import Rooms
from model_lineup.vault import Vault, new_ring
from tests.fakes.clock import ManualClock

RULES = GuessRules(5, timedelta(seconds=30), timedelta(minutes=15), timedelta(minutes=15))
RING = new_ring()


@pytest.fixture
def guesses(rooms: Rooms, clock: ManualClock) -> Guesses:
    return Guesses(rooms.database, Vault(RING), clock, RULES)


def fail(database: Database, guesses: Guesses, subject: str) -> int:
    with database.write_activity() as connection:
        return guesses.failed(connection, subject)


def test_the_fifth_failure_locks_for_thirty_seconds_and_each_further_one_twice_as_long() -> None:
    locks = [RULES.lock_after(failures).total_seconds() for failures in range(1, 13)]
    assert locks == [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]
    assert RULES.lock_after(10**9) == timedelta(minutes=15)


def test_a_lock_counts_down_and_ends(rooms: Rooms, guesses: Guesses, clock: ManualClock) -> None:
    subject = guesses.subject("ada", "192.0.2.1")
    for _ in range(4):
        assert fail(rooms.database, guesses, subject) == 0
        assert guesses.locked_s(subject) == 0
    assert fail(rooms.database, guesses, subject) == 0
    assert guesses.locked_s(subject) == 30
    clock.advance(29.001)
    assert guesses.locked_s(subject) == 1
    clock.advance(0.999)
    assert guesses.locked_s(subject) == 0
    fail(rooms.database, guesses, subject)
    assert guesses.locked_s(subject) == 60


def test_another_subject_is_not_locked(rooms: Rooms, guesses: Guesses) -> None:
    subject = guesses.subject("ada", "192.0.2.1")
    for _ in range(5):
        fail(rooms.database, guesses, subject)
    for other in (("ada", "192.0.2.2"), ("bob", "192.0.2.1"), ("ada192.0.2.1", "")):
        assert guesses.locked_s(guesses.subject(*other)) == 0


def test_success_forgets_all_failures(rooms: Rooms, guesses: Guesses) -> None:
    subject = guesses.subject("ada", "192.0.2.1")
    for _ in range(3):
        for _ in range(4):
            fail(rooms.database, guesses, subject)
        assert guesses.succeeded(subject) == 0
    assert guesses.locked_s(subject) == 0


def test_a_guess_that_was_being_checked_while_the_lock_fell_tells_nothing(rooms: Rooms, guesses: Guesses) -> None:
    """Else two hundred guesses at once would be two hundred answers."""
    subject = guesses.subject("ada", "192.0.2.1")
    outcomes = [fail(rooms.database, guesses, subject) for _ in range(20)]
    assert outcomes == [0] * 5 + [30] * 15
    assert guesses.succeeded(subject) == 30
    assert guesses.locked_s(subject) == 30, "what was not told counts no further"


def test_of_many_guesses_at_once_only_the_allowed_ones_are_told(rooms: Rooms, guesses: Guesses) -> None:
    subject = guesses.subject("ada", "192.0.2.1")
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(lambda _: fail(rooms.database, guesses, subject), range(24)))
    assert outcomes.count(0) == 5


def test_a_failure_is_forgotten_every_quarter_of_an_hour(rooms: Rooms, guesses: Guesses, clock: ManualClock) -> None:
    subject = guesses.subject("ada", "192.0.2.1")
    for _ in range(4):
        fail(rooms.database, guesses, subject)
    for _ in range(20):  # a patient thief: four guesses in an hour, without end
        clock.advance(15 * 60)
        fail(rooms.database, guesses, subject)
        assert guesses.locked_s(subject) == 0
    clock.advance(60 * 60)
    for _ in range(4):
        fail(rooms.database, guesses, subject)
    assert guesses.locked_s(subject) == 0
    fail(rooms.database, guesses, subject)
    assert guesses.locked_s(subject) == 30


def test_nobody_gets_more_than_thirty_guesses_in_an_hour(rooms: Rooms, guesses: Guesses, clock: ManualClock) -> None:
    """Whoever tries again the moment the lock ends; CASES B-16."""
    subject, told = guesses.subject("ada", "192.0.2.1"), 0
    for second in range(4 * 3600):
        if guesses.locked_s(subject) == 0:
            told += fail(rooms.database, guesses, subject) == 0
        if second == 3600:
            assert told <= 15
        clock.advance(guesses.locked_s(subject) or 1)
        if clock.tick() > 4 * 3600:
            break
    assert told <= 5 + 7 + 4 * 4


def test_the_table_names_nobody_and_forgets(rooms: Rooms, guesses: Guesses, clock: ManualClock) -> None:
    for number in range(30):
        fail(rooms.database, guesses, guesses.subject(f"stranger{number}@example.com", "192.0.2.1"))
    with rooms.database.read() as connection:
        assert "stranger" not in repr(connection.execute(select(guess_failures)).all())
    clock.advance(15 * 60 + 1)
    fail(rooms.database, guesses, guesses.subject("one more", "192.0.2.1"))
    with rooms.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(guess_failures)).scalar_one() == 1
