"""How many models there are, at which provider, and in which state."""

import asyncio

from model_lineup.catalog.census import Census, Counts
from model_lineup.catalog.shapes import ModelChanges
from tests.fakes.desk import BY, Desk, ScriptedProvider


def test_without_models_all_counts_are_zero(desk: Desk) -> None:
    desk.provider()
    assert desk.rooms.census.by_provider() == {}
    assert desk.rooms.census.total() == Counts()
    assert desk.rooms.census.visible_by_status() == {}


def test_each_provider_is_counted_and_all_together(desk: Desk) -> None:
    one, other = desk.provider("One"), desk.provider("Other")
    desk.model(one, "a", visible=True, agents_enabled=True)
    desk.model(one, "b", visible=True)
    desk.model(other, "c")
    gone = desk.model(other, "d", visible=True)
    desk.rooms.models.delete(gone.id, BY)
    census = desk.rooms.census
    assert census.by_provider() == {
        one.id: Counts(models=2, visible=2, agents=1, vanished=0),
        other.id: Counts(models=1, visible=0, agents=0, vanished=0),
    }
    assert census.total() == Counts(models=3, visible=2, agents=1, vanished=0)


def test_counts_follow_every_change_and_are_kept_between(desk: Desk) -> None:
    census = desk.rooms.census
    model = desk.model(desk.provider(), "a")
    before = census.by_provider()
    assert census.by_provider() is before, "asked again, nothing is counted again"
    desk.rooms.models.change(model.id, ModelChanges(visible=True), BY)
    assert census.total() == Counts(models=1, visible=1)


def test_what_vanished_from_a_list_and_how_visible_models_fare(desk: Desk) -> None:
    provider = desk.provider()
    scripted = ScriptedProvider("stays", "goes")
    asyncio.run(desk.discovery(scripted).fetch(provider.id, BY))
    scripted.lists("stays")
    asyncio.run(desk.discovery(scripted).fetch(provider.id, BY))
    census = desk.rooms.census
    assert census.total() == Counts(models=2, vanished=1)
    assert census.visible_by_status() == {}, "hidden models are not counted"
    for model_id in ("stays", "goes"):
        desk.rooms.models.change(desk.rooms.models.find(model_id).id, ModelChanges(visible=True), BY)
    assert census.visible_by_status() == {"untested": 1, "vanished": 1}


def test_how_they_fare_is_kept_for_longer_the_longer_counting_takes(desk: Desk) -> None:
    desk.model(desk.provider(), "a", visible=True)
    times = iter([0.0, 0.5, 10.4, 10.6, 10.7, 20.0, 20.1])
    census = Census(desk.rooms.database, now=lambda: next(times))
    first = census.visible_by_status()
    assert census.visible_by_status() is first, "counting took half a second, so it holds for ten"
    assert census.visible_by_status() is not first
    desk.rooms.models.change(desk.rooms.models.find("a").id, ModelChanges(visible=False), BY)
    assert census.visible_by_status() == {}, "a change of the configuration is seen at once"
