"""What callers hear of a model that ends: headers before, moved aliases and a 404 with the reason from then on."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from model_lineup.catalog.shapes import Model, ModelChanges
from tests.fakes.clock import ManualClock
from tests.fakes.desk import BY
from tests.fakes.provider import FakeProvider, reply
from tests.fakes.v1 import V1

ANSWER = {"model": "m", "choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]}
DAY = 86_400


@pytest.fixture
def old(v1: V1, provider: FakeProvider) -> Model:
    """`old` with the alias `chat`, `new` beside it, `secret` hidden."""
    at = v1.provider("Acme", provider.base_url)
    model = v1.desk.model(at, "old", visible=True, agents_enabled=True)
    v1.desk.model(at, "new", visible=True)
    v1.desk.model(at, "secret")
    v1.desk.alias(model, "chat")
    provider.answer("/chat/completions", reply(ANSWER))
    return model


def say(v1: V1, model: Model, **lifecycle: Any) -> None:
    v1.rooms.models.change(model.id, ModelChanges(pins={"lifecycle": lifecycle}), BY)


def row(v1: V1, name: str) -> int:
    return v1.rooms.models.find(name).id


def test_until_then_answers_say_since_when_until_when_and_what_follows(v1: V1, old: Model, clock: ManualClock) -> None:
    end = clock.now() + timedelta(days=1)
    say(v1, old, sunset_at=end.isoformat(), successor_id=row(v1, "new"), message="Bitte wechseln; 新")
    got = v1.chat("chat")
    assert got.status == 200
    assert got.headers["x-lineup-model"] == "old"
    assert got.headers["deprecation"] == f"@{int(clock.now().timestamp())}"
    assert got.headers["sunset"] == "Fri, 02 Jan 2026 12:00:00 GMT"
    successor, notice = got.headers["link"].split(", ")
    assert successor == '</v1/models/new>; rel="successor-version"'
    assert notice.startswith('</v1/models/chat>; rel="deprecation"; type="application/json"; title*=UTF-8\'\'Bitte%20')
    assert "deprecation" not in v1.chat("new").headers
    entry = v1.call("/v1/models/old").json
    assert (entry["deprecated"], entry["successor"], entry["notice"]) == (True, "new", "Bitte wechseln; 新")
    assert datetime.fromisoformat(entry["sunset_at"]) == end
    assert "deprecated" not in v1.call("/v1/models/new").json


def test_from_that_second_on_its_id_is_404_and_its_alias_means_the_successor(
    v1: V1, old: Model, clock: ManualClock
) -> None:
    """No timer runs in this test: the clock alone decides."""
    end = clock.now() + timedelta(days=1)
    say(v1, old, sunset_at=end.isoformat(), successor_id=row(v1, "new"))
    clock.advance(DAY - 1)
    assert v1.chat("old").status == 200
    clock.advance(1)
    gone = v1.chat("old")
    assert (gone.status, gone.code) == (404, "model_retired")
    assert gone.json["error"]["message"] == "The model 'old' was retired on 02 Jan 2026. Use 'new' instead."
    assert gone.headers["sunset"] == "Fri, 02 Jan 2026 12:00:00 GMT"
    moved = v1.chat("chat")
    assert (moved.status, moved.headers["x-lineup-model"]) == (200, "new")
    assert v1.desk.answers("chat") == row(v1, "new")
    assert [one["id"] for one in v1.call("/v1/models").json["data"]] == ["chat", "new"]
    v1.rooms.retirement.carry_out(v1.rooms.follower.due())
    assert v1.chat("chat").headers["x-lineup-model"] == "new"
    assert v1.rooms.follower.due() == []
    assert v1.chat("old").code == "model_retired"
    say(v1, old, message="It stays.")
    assert v1.chat("old").status == 200


def test_without_a_successor_the_alias_ends_too_with_the_message(v1: V1, old: Model, clock: ManualClock) -> None:
    say(v1, old, sunset_at=clock.now().isoformat(), message="Ask the platform team.")
    for name in ("old", "chat", "acme/old", "CHAT"):
        gone = v1.chat(name)
        assert (gone.code, gone.json["error"]["message"]) == ("model_retired", "Ask the platform team.")
    assert v1.call("/v1/models/old").code == "model_retired"


def test_who_could_not_call_it_does_not_hear_of_it_and_nobody_hears_of_a_hidden_successor(
    v1: V1, old: Model, clock: ManualClock
) -> None:
    say(v1, old, sunset_at=(clock.now() + timedelta(days=1)).isoformat(), successor_id=row(v1, "secret"))
    assert "link" not in v1.chat("old").headers
    clock.advance(DAY)
    assert "secret" not in v1.chat("old").body.decode()
    assert v1.chat("chat").code == "model_not_found"
    assert v1.chat("old", key=v1.agent).code == "model_retired"
    v1.rooms.models.change(old.id, ModelChanges(agents_enabled=False), BY)
    assert v1.chat("old", key=v1.agent).code == "model_not_enabled_for_agents"
    v1.rooms.models.change(old.id, ModelChanges(visible=False), BY)
    hidden, unknown = v1.chat("old"), v1.chat("unk")
    assert (hidden.status, hidden.code) == (unknown.status, unknown.code) == (404, "model_not_found")
    assert not {"sunset", "deprecation", "link"} & set(hidden.headers)


def test_a_fallback_that_has_ended_is_not_tried(v1: V1, old: Model, provider: FakeProvider, clock: ManualClock) -> None:
    v1.desk.alias(row(v1, "new"), "safe", fallbacks=[old.id])
    provider.answer("/chat/completions", reply({"error": {"message": "down"}}, status=500))
    say(v1, old, sunset_at=clock.now().isoformat())
    assert v1.chat("safe").status == 502
    assert [got.json["model"] for got in provider.requests] == ["new"]


def test_what_a_list_says_is_told_as_well(v1: V1, old: Model) -> None:
    at = datetime(2027, 1, 1, tzinfo=UTC)
    say(v1, old, retires_at="2027-01-01", replacement="new")
    got = v1.chat("old")
    assert got.headers["sunset"] == at.strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert 'rel="successor-version"' in got.headers["link"]
