"""What impact says callers will get is what they get."""

import json
from typing import Any

import pytest

from model_lineup.catalog.shapes import ModelChanges
from tests.fakes.desk import BY
from tests.fakes.v1 import V1, Reply


@pytest.mark.parametrize("how", ["hidden", "deleted", "switched off"])
def test_a_model_that_is_gone_answers_as_was_foretold(v1: V1, how: str) -> None:
    provider = v1.provider("Acme", "http://127.0.0.1:9/v1")
    row = v1.desk.model(provider, "m/1", visible=True).id
    foretold = v1.rooms.impacts.of(row, "the-request").when_unavailable
    if how == "hidden":
        v1.rooms.models.change(row, ModelChanges(visible=False), BY)
    elif how == "deleted":
        v1.rooms.models.delete(row, BY)
    else:
        v1.desk.change_provider(provider.id, enabled=False)
    same(foretold, v1.chat("m/1"))


def test_agents_are_told_what_was_foretold(v1: V1) -> None:
    row = v1.desk.model(v1.provider("Acme", "http://127.0.0.1:9/v1"), "m", visible=True, agents_enabled=True).id
    foretold = v1.rooms.impacts.of(row, "the-request").when_not_for_agents
    v1.rooms.models.change(row, ModelChanges(agents_enabled=False), BY)
    same(foretold, v1.chat("m", key=v1.agent))


def same(foretold: Any, got: Reply) -> None:
    """But for the id of the request."""
    told = {**json.loads(bytes(foretold.body)), "request_id": got.headers["x-request-id"]}
    assert (foretold.status, told) == (got.status, got.json)
