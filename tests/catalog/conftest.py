"""Fixtures for the catalog's tests."""

import pytest
import trustme

from model_lineup.rooms import Rooms
from tests.fakes.desk import Desk


@pytest.fixture
def desk(rooms: Rooms) -> Desk:
    return Desk(rooms)


@pytest.fixture(scope="session")
def bundle() -> str:
    """A certificate authority, as PEM."""
    return trustme.CA().cert_pem.bytes().decode()
