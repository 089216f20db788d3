"""What is worth a notice: visible models that are gone, ending or failing, providers and keys; each state once."""

import asyncio
from datetime import timedelta

import pytest

from model_lineup.catalog.shapes import ModelChanges
from model_lineup.catalog.store import health
from model_lineup.database.metadata import dump
from model_lineup.errors import UpstreamFailed
from model_lineup.rooms import Rooms
from tests.fakes.clock import ManualClock
from tests.fakes.desk import BY, Desk, ScriptedProvider


@pytest.fixture
def desk(rooms: Rooms) -> Desk:
    return Desk(rooms)


def seen(rooms: Rooms) -> list[tuple[str, str, str]]:
    """What the next look makes of it, oldest first."""
    made = rooms.watch.look()
    page = rooms.notices.page(limit=max(made, 1), offset=0)
    return [(one.kind, one.subject, one.state) for one in reversed(page.notices[:made])]


def test_nothing_is_told_of_an_instance_where_all_is_well(rooms: Rooms, desk: Desk) -> None:
    desk.model(desk.provider(), "m", visible=True)
    assert seen(rooms) == []


def test_a_visible_model_that_is_gone_is_told_once_and_again_after_it_came_back(rooms: Rooms, desk: Desk) -> None:
    provider = desk.provider()
    scripted = ScriptedProvider("seen", "hidden", "stays")
    asyncio.run(desk.discovery(scripted).fetch(provider.id, BY))
    row = rooms.models.find("seen").id
    rooms.models.change(row, ModelChanges(visible=True), BY)
    scripted.lists("stays")
    asyncio.run(desk.plans(scripted).make(provider.id, BY))
    told = [("model_vanished", f"model {row}", "vanished")]
    assert seen(rooms) == told  # an open plan knows it
    rooms.plans.apply(1, BY)
    assert seen(rooms) == []
    scripted.lists("seen", "hidden", "stays")
    asyncio.run(desk.discovery(scripted).fetch(provider.id, BY))
    assert seen(rooms) == []
    scripted.lists("stays")
    asyncio.run(desk.discovery(scripted).fetch(provider.id, BY))
    assert seen(rooms) == told


def test_a_model_that_ends_soon_is_told_with_its_day(rooms: Rooms, desk: Desk, clock: ManualClock) -> None:
    provider = desk.provider()
    soon, late = ((clock.now() + timedelta(days=days)).date().isoformat() for days in (20, 40))
    asyncio.run(
        desk.discovery(
            ScriptedProvider(("a", {"lifecycle": {"retires_at": soon}}), ("b", {"lifecycle": {"retires_at": late}}))
        ).fetch(provider.id, BY)
    )
    rows = [rooms.models.find(one).id for one in ("a", "b")]
    for row in rows:
        rooms.models.change(row, ModelChanges(visible=True), BY)
    assert seen(rooms) == [("model_retiring", f"model {rows[0]}", soon)]
    clock.advance(15 * 24 * 3600)
    assert seen(rooms) == [("model_retiring", f"model {rows[1]}", late)]


def test_a_model_that_fails_and_a_key_that_is_refused(rooms: Rooms, desk: Desk) -> None:
    provider = desk.provider(api_key="sk-0123456789-wxyz")
    rows = [desk.model(provider, one, visible=True).id for one in ("a", "b")]

    def tested(row: int, passed: bool, stage: str) -> None:
        with rooms.database.write_activity() as connection:
            health.record_test(connection, row, passed=passed, last_test=dump({"stage": stage}))

    tested(rows[0], False, "timeout")
    assert seen(rooms) == [("model_failing", f"model {rows[0]}", "timeout")]
    tested(rows[0], False, "auth")
    tested(rows[1], False, "auth")
    assert seen(rooms) == [("credential_failing", f"provider {provider.id}", "key wxyz")]
    tested(rows[0], True, "")
    tested(rows[1], True, "")
    assert seen(rooms) == []
    tested(rows[0], False, "timeout")
    assert seen(rooms) == [("model_failing", f"model {rows[0]}", "timeout")]


def test_a_provider_whose_list_cannot_be_read(rooms: Rooms, desk: Desk) -> None:
    provider = desk.provider(api_key="sk-0123456789-wxyz")
    scripted = ScriptedProvider("a")
    for stage, told in (("timeout", "provider_failing"), ("auth", "credential_failing")):
        scripted.failure = UpstreamFailed("No.", stage=stage)
        with pytest.raises(UpstreamFailed):
            asyncio.run(desk.discovery(scripted).fetch(provider.id, BY))
        assert [one[0] for one in seen(rooms)] == [told]
    desk.change_provider(provider.id, enabled=False)
    assert seen(rooms) == []


def test_looks_are_taken_in_turn(rooms: Rooms, clock: ManualClock) -> None:
    assert [rooms.watch.in_turn(), rooms.watch.in_turn()] == [0, None]
    clock.advance(30)
    assert rooms.watch.in_turn() == 0
