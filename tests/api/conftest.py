"""An administrator who talks to the API without a socket."""

import pytest
from argon2 import PasswordHasher

from model_lineup.access import passwords
from model_lineup.access.actor import Role
from model_lineup.rooms import Rooms
from tests.access.office import Office
from tests.fakes.asgi import InProcess


@pytest.fixture
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing a password takes 30 ms on purpose."""
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def office(rooms: Rooms, cheap_hashes: None) -> Office:
    office = Office(rooms)
    office.person(role=Role.ADMIN)
    return office


@pytest.fixture
def admin(office: Office) -> InProcess:
    return InProcess(office.rooms, office.sign_in().access_token)
