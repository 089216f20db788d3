"""An administrator who talks to the API without a socket."""

import pytest

from model_lineup.access.actor import Role
from model_lineup.rooms import Rooms
from tests.access.office import Office
from tests.fakes.asgi import InProcess


@pytest.fixture
def office(rooms: Rooms) -> Office:
    office = Office(rooms)
    office.person(role=Role.ADMIN)
    return office


@pytest.fixture
def admin(office: Office) -> InProcess:
    return InProcess(office.rooms, office.sign_in().access_token)
