"""A model at a provider that can do everything, or that lies as a test wants it to."""

from collections.abc import Iterator
from random import Random

import pytest

from model_lineup.catalog.shapes import Model, NewModel, NewProvider
from model_lineup.journal.record import Author
from model_lineup.rooms import Rooms
from tests.fakes.honest import honest
from tests.fakes.provider import FakeProvider, fake_provider

AUTHOR = Author("admin@example.com")


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeProvider]:
    with fake_provider() as running:
        yield running


@pytest.fixture
def able(provider: FakeProvider) -> FakeProvider:
    """It can do everything, until a test says otherwise."""
    provider.answer("/chat/completions", lambda got: honest(got.json, Random(0)))
    del provider.requests[:]
    return provider


@pytest.fixture
def model(rooms: Rooms, able: FakeProvider) -> Model:
    made, _ = rooms.providers.create(
        NewProvider(name="Fake", type="openai", base_url=able.base_url, network_scope="loopback", api_key="canary-key"),
        AUTHOR,
    )
    pins = {"pricing": {"input_per_million": 1, "output_per_million": 2}}
    return rooms.models.create(NewModel(provider_id=made.id, model_id="m", pins=pins), AUTHOR)[0]
