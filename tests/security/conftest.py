"""Fixtures for the tests of people, sessions and keys."""

import pytest
from argon2 import PasswordHasher

from model_lineup.access import passwords
from model_lineup.rooms import Rooms
from tests.access.office import Office


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing a password takes 30 ms on purpose; here it is done some hundred times."""
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def office(rooms: Rooms) -> Office:
    return Office(rooms)
