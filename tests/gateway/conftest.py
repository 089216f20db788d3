from collections.abc import Iterator

import pytest

from model_lineup.rooms import Rooms
from tests.fakes.instances import Kind
from tests.fakes.provider import FakeProvider, fake_provider
from tests.fakes.v1 import V1


@pytest.fixture
def kind() -> Kind:
    """What is served comes from the snapshot; that this follows PostgreSQL too is shown where snapshots are tested."""
    return "sqlite"


@pytest.fixture
def v1(rooms: Rooms) -> V1:
    return V1(rooms)


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with fake_provider() as provider:
        yield provider
