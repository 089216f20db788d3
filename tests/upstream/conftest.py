"""A fake provider for each kind in the registry; what takes `kind_server` is a contract test of every kind."""

from collections.abc import Iterator

import pytest

from model_lineup.upstream.registry import offered
from tests.fakes.kind_server import KindServer
from tests.fakes.provider import fake_provider


@pytest.fixture(params=sorted(offered()))
def kind_server(request: pytest.FixtureRequest) -> Iterator[KindServer]:
    with fake_provider() as provider:
        yield KindServer(request.param, provider)
