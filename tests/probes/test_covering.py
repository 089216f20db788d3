"""The gate of a rollout: what the alias's own model can do must be proven of the other one, and proven still."""

from random import Random

import pytest

from model_lineup.catalog.shapes import Model, ModelChanges, NewAlias, NewModel, ProviderChanges
from model_lineup.changes.rollouts.shapes import NewRollout
from model_lineup.errors import NotProven
from model_lineup.rooms import Rooms
from tests.fakes.honest import honest, refused
from tests.fakes.provider import FakeProvider
from tests.probes.conftest import AUTHOR
from tests.probes.test_testing import proof

PINS = {"supports_tools": True}


@pytest.fixture
def pair(rooms: Rooms, model: Model) -> tuple[Model, Model]:
    """`m` with the alias `chat`, which declares tools alone, and another model beside it."""
    said = ModelChanges(visible=True, pins={**PINS, "supports_vision": False, "supports_streaming": False})
    rooms.models.change(model.id, said, AUTHOR)
    new = NewModel(provider_id=model.provider_id, model_id="new", visible=True)
    other = rooms.models.create(new, AUTHOR)[0]
    rooms.aliases.create(model.id, NewAlias(alias="chat"), AUTHOR)
    return model, other


def roll_out(rooms: Rooms, pair: tuple[Model, Model]) -> None:
    wanted = NewRollout(target=pair[1].id, share=20, sticky="request", gate=True)
    rooms.rollouts.set(pair[0].id, "chat", wanted, AUTHOR)


def test_what_is_claimed_of_the_other_model_opens_nothing_and_a_proof_does(
    rooms: Rooms, pair: tuple[Model, Model]
) -> None:
    rooms.models.change(pair[1].id, ModelChanges(pins=PINS), AUTHOR)
    with pytest.raises(NotProven, match="tools"):
        roll_out(rooms, pair)
    proof(rooms, pair[1], "tools")
    roll_out(rooms, pair)


def test_a_proof_that_has_become_stale_opens_nothing(rooms: Rooms, pair: tuple[Model, Model]) -> None:
    proof(rooms, pair[1], "tools")
    rooms.providers.change(pair[1].provider_id, ProviderChanges(api_key="another-canary"), AUTHOR)
    with pytest.raises(NotProven, match="tools"):
        roll_out(rooms, pair)
    proof(rooms, pair[1], "tools")
    roll_out(rooms, pair)


def test_a_proof_that_it_cannot_opens_nothing(rooms: Rooms, pair: tuple[Model, Model], able: FakeProvider) -> None:
    able.answer("/chat/completions", lambda got: refused("This model does not support tools."))
    proof(rooms, pair[1], "tools")
    with pytest.raises(NotProven, match="tools"):
        roll_out(rooms, pair)


def test_what_tests_alone_have_proven_of_the_own_model_counts_too(
    rooms: Rooms, pair: tuple[Model, Model], able: FakeProvider
) -> None:
    proof(rooms, pair[1], "tools")
    proof(rooms, pair[0], "stop")
    with pytest.raises(NotProven, match="stop"):
        roll_out(rooms, pair)
    able.answer("/chat/completions", lambda got: honest(got.json, Random(0)))
    proof(rooms, pair[1], "stop")
    roll_out(rooms, pair)
