"""Fixtures for the tests of people, sessions and keys."""

import pytest

from model_lineup.rooms import Rooms
from tests.access.office import Office


@pytest.fixture
def office(rooms: Rooms) -> Office:
    return Office(rooms)
