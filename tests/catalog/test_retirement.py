"""Models that end: what an administrator may say of it, and what happens once when the time has come."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from model_lineup.catalog.shapes import Model, ModelChanges
from model_lineup.errors import InvalidInput
from model_lineup.rooms import Rooms
from tests.fakes.clock import ManualClock
from tests.fakes.desk import BY, Desk, ScriptedProvider


@pytest.fixture
def desk(rooms: Rooms) -> Desk:
    return Desk(rooms)


def say(desk: Desk, model: Model, lifecycle: dict[str, Any] | None) -> Model:
    return desk.rooms.models.change(model.id, ModelChanges(pins={"lifecycle": lifecycle}), BY)[0]


def in_days(clock: ManualClock, days: float) -> str:
    return (clock.now() + timedelta(days=days)).isoformat()


def test_at_its_end_a_model_is_retired_and_its_aliases_move_in_one_change_set(desk: Desk, clock: ManualClock) -> None:
    provider = desk.provider()
    old, new, other = (desk.model(provider, name, visible=True) for name in ("old", "new", "other"))
    desk.alias(old, "chat", fallbacks=[new.id, other.id])
    desk.alias(other, "else")
    say(desk, old, {"sunset_at": in_days(clock, 1), "successor_id": new.id, "message": "Bye."})
    before = desk.revision()
    desk.rooms.retirement.carry_out([old.id])
    assert desk.revision() == before, "not yet"
    clock.advance(86_400)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(desk.rooms.retirement.carry_out, [[old.id, new.id]] * 8))
    assert desk.revision() == before + 1, "once, however many see to it"
    change = desk.last_change()
    assert (change.actor, change.operation) == ("retirement", "models.retire")
    assert [(entry.entity, entry.label) for entry in change.entries or ()] == [("model", "old"), ("alias", "chat")]
    aliases = desk.rooms.aliases.of_model(new.id)
    assert [(one.alias, [row.id for row in one.fallbacks]) for one in aliases] == [("chat", [other.id])]
    assert desk.rooms.models.get(old.id).status == "retired"
    assert desk.ids(status="retired") == ["old"]


def test_without_a_successor_aliases_stay_where_they_are(desk: Desk, clock: ManualClock) -> None:
    old = desk.model(desk.provider(), "old")
    desk.alias(old, "chat")
    say(desk, old, {"sunset_at": in_days(clock, -1)})
    desk.rooms.retirement.carry_out([old.id])
    assert [one.alias for one in desk.rooms.aliases.of_model(old.id)] == ["chat"]


def test_aliases_go_to_the_first_that_has_not_ended_itself(desk: Desk, clock: ManualClock) -> None:
    provider = desk.provider()
    first, second, third = (desk.model(provider, name) for name in ("first", "second", "third"))
    desk.alias(first, "chat")
    say(desk, second, {"sunset_at": in_days(clock, 1), "successor_id": third.id})
    say(desk, first, {"sunset_at": in_days(clock, 1), "successor_id": second.id})
    clock.advance(2 * 86_400)
    desk.rooms.retirement.carry_out([first.id, second.id])
    assert [one.alias for one in desk.rooms.aliases.of_model(third.id)] == ["chat"]


def test_taking_it_back_brings_the_model_back(desk: Desk, clock: ManualClock) -> None:
    old = desk.model(desk.provider(), "old")
    say(desk, old, {"sunset_at": in_days(clock, -1)})
    desk.rooms.retirement.carry_out([old.id])
    again = say(desk, old, None)
    assert again.status == "untested"
    assert msgspec.json.decode(again.lifecycle) is None


def test_what_a_providers_list_says_ends_a_model_too_and_stays(desk: Desk, clock: ManualClock) -> None:
    provider = desk.provider()
    ending = ("old", {"lifecycle": {"retires_at": in_days(clock, 1), "replacement": "new"}})
    scripted = ScriptedProvider(ending, "new")
    discovery = desk.discovery(scripted)
    asyncio.run(discovery.fetch(provider.id, BY))
    old, new = desk.rooms.models.find("old"), desk.rooms.models.find("new")
    desk.alias(old, "chat")
    clock.advance(2 * 86_400)
    desk.rooms.retirement.carry_out([old.id])
    assert desk.answers("chat") is None, "both are hidden"
    assert [one.alias for one in desk.rooms.aliases.of_model(new.id)] == ["chat"]
    asyncio.run(discovery.fetch(provider.id, BY))
    assert desk.rooms.models.get(old.id).status == "retired"


def test_what_cannot_be_is_refused(desk: Desk, clock: ManualClock) -> None:
    provider = desk.provider()
    first, second = desk.model(provider, "first"), desk.model(provider, "second")
    say(desk, second, {"successor_id": first.id})
    for lifecycle, words in (
        ({"successor_id": first.id}, "its own successor"),
        ({"successor_id": second.id}, "succeeded by this model"),
        ({"successor_id": 999}, "no model has the id 999"),
        ({"sunset_at": in_days(clock, 1), "deprecated_at": in_days(clock, 2)}, "before it is retired"),
    ):
        with pytest.raises(InvalidInput, match=words):
            say(desk, first, lifecycle)
