"""What callers get of an alias that is being rolled out: the model that their key is given, and nothing else new."""

from typing import Any

import pytest

from model_lineup.catalog.rollouts import Rollout
from model_lineup.catalog.shapes import AliasChanges, Model
from model_lineup.changes.rollouts.shapes import NewRollout
from model_lineup.gateway.resolve import Routes
from tests.fakes.desk import BY
from tests.fakes.provider import FakeProvider, reply
from tests.fakes.v1 import V1

ANSWER = {"model": "m", "choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]}


@pytest.fixture
def pair(v1: V1, provider: FakeProvider) -> tuple[Model, Model]:
    """`old` with the alias `chat`, and `new` beside it."""
    at = v1.provider("Acme", provider.base_url)
    models = [v1.desk.model(at, name, visible=True) for name in ("old", "new")]
    v1.desk.alias(models[0], "chat")
    provider.answer("/chat/completions", reply(ANSWER))
    return models[0], models[1]


def roll_out(v1: V1, pair: tuple[Model, Model], share: float, **more: Any) -> None:
    v1.rooms.rollouts.set(pair[0].id, "chat", NewRollout(target=pair[1].id, share=share, **more), BY)


def test_who_is_moved_is_told_who_answered_and_the_list_stays(v1: V1, pair: tuple[Model, Model]) -> None:
    before = v1.call("/v1/models").json["data"]
    roll_out(v1, pair, 100, sticky="request")
    got = v1.chat("chat")
    assert (got.headers["x-lineup-model"], got.json["model"]) == ("new", "chat")
    assert v1.call("/v1/models").json["data"] == before
    assert v1.call("/v1/models/chat").json["alias_of"] == "old"
    v1.rooms.rollouts.stop(pair[0].id, "chat", BY)
    assert v1.chat("chat").headers["x-lineup-model"] == "old"


def test_one_request_stays_with_its_model_and_the_declared_fallbacks(
    v1: V1, pair: tuple[Model, Model], provider: FakeProvider
) -> None:
    """The alias's own model is no fallback of the other one; and that one is not asked twice."""
    spare = v1.desk.model(pair[0].provider_id, "spare", visible=True)
    changes = AliasChanges(fallbacks=[pair[1].id, spare.id])
    v1.rooms.aliases.change(pair[0].id, "chat", changes, BY)
    roll_out(v1, pair, 100, sticky="request")
    provider.answer("/chat/completions", reply({"error": {"message": "down"}}, status=500))
    assert v1.chat("chat").status == 502
    assert [got.json["model"] for got in provider.requests] == ["new", "spare"]


def test_a_key_is_placed_once_and_other_names_never(
    v1: V1, pair: tuple[Model, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    placed: list[str] = []
    moves = Rollout.moves

    def noted(self: Rollout, folded: str, who: str) -> bool:
        placed.append(who)
        return moves(self, folded, who)

    for number in range(10):
        v1.desk.key(f"key-{number}")
    roll_out(v1, pair, 50)
    snapshot, routes = v1.rooms.follower.current(), Routes()
    callers = [one for one in snapshot.callers.values() if one.kind == "user"]
    monkeypatch.setattr(Rollout, "moves", noted)
    for _ in range(3):
        for caller in callers:
            assert routes.of(snapshot, "old", caller, "r").models[0].id == pair[0].id
            routes.of(snapshot, "chat", caller, "r")
    assert sorted(placed) == sorted(f"key {caller.key_id}" for caller in callers)
