"""Fixtures for the linter's tests."""

import pytest

from model_lineup.rooms import Rooms
from tests.fakes.desk import Desk


@pytest.fixture
def desk(rooms: Rooms) -> Desk:
    return Desk(rooms)
