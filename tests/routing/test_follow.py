"""A snapshot is as new as the configuration: in threads, on the event loop, in other processes; and cheap to keep."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from model_lineup.catalog.shapes import ModelChanges, ProviderChanges, Selection
from model_lineup.errors import Unavailable
from model_lineup.rooms import Rooms
from model_lineup.routing import follow, store
from model_lineup.routing.follow import Follower
from model_lineup.routing.snapshot import Snapshot
from tests.fakes.clock import ManualClock
from tests.fakes.desk import BY, Desk


@pytest.fixture
def desk(rooms: Rooms) -> Desk:
    return Desk(rooms)


@pytest.fixture
def follower(rooms: Rooms, clock: ManualClock) -> Iterator[Follower]:
    with contextlib.closing(Follower(rooms.database, now=clock.tick)) as made:
        yield made


@pytest.fixture
def asked_for(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The revisions since which rows were read."""
    found: list[int] = []
    original = store.changed_since

    def counted(connection: Any, since: int) -> store.Changed:
        found.append(since)
        return original(connection, since)

    monkeypatch.setattr(store, "changed_since", counted)
    return found


def test_a_snapshot_is_kept_until_the_revision_moves(desk: Desk, follower: Follower) -> None:
    provider = desk.provider()
    first = follower.current()
    assert follower.current() is first
    model = desk.model(provider, "m", visible=True)
    second = follower.current()
    assert (second.revision, first.models, list(second.models)) == (desk.revision(), {}, [model.id])
    desk.rooms.models.change(model.id, ModelChanges(visible=True), BY)
    assert follower.current() is second  # nothing was changed
    desk.rooms.models.delete(model.id, BY)
    assert follower.current().models == {}


def test_another_process_sees_a_change_on_its_next_look(desk: Desk, follower: Follower) -> None:
    model = desk.model(desk.provider(), "m", visible=True)
    for visible in (False, True, False):
        desk.rooms.models.change(model.id, ModelChanges(visible=visible), BY)
        assert [one.current().available(model.id) for one in (follower, desk.rooms.follower)] == [visible, visible]


def test_only_what_changed_is_read_and_what_did_not_is_shared(
    desk: Desk, follower: Follower, asked_for: list[int]
) -> None:
    provider = desk.provider()
    model, other = desk.model(provider, "m", visible=True), desk.model(provider, "n", visible=True)
    desk.alias(model, "fast")
    before = follower.current()
    desk.rooms.models.change(model.id, ModelChanges(visible=False), BY)
    after = follower.current()
    assert asked_for == [-1, before.revision]
    assert before.available(model.id)
    assert not after.available(model.id)
    assert after.models[other.id] is before.models[other.id]
    assert (after.by_id, after.aliases, after.folded) == (before.by_id, before.aliases, before.folded)
    assert after.by_id is before.by_id
    assert after.aliases is before.aliases


def test_switching_or_reordering_providers_touches_no_model(desk: Desk, follower: Follower) -> None:
    one, two = desk.provider("One"), desk.provider("Two")
    first, second = desk.model(one, "m", visible=True), desk.model(two, "m", visible=True, confirm=True)
    before = follower.current()
    desk.rooms.providers.reorder([two.id, one.id], BY, confirm=True)
    reordered = follower.current()
    assert (list(before.with_id("m")), list(reordered.with_id("m"))) == ([first.id, second.id], [second.id, first.id])
    desk.rooms.providers.change(two.id, ProviderChanges(enabled=False), BY, confirm=True)
    switched = follower.current()
    assert [switched.available(row) for row in (first.id, second.id)] == [True, False]
    assert switched.models is reordered.models is before.models


def test_a_name_that_goes_from_one_row_to_another_in_one_step_is_the_new_rows(desk: Desk, follower: Follower) -> None:
    provider = desk.provider("Box")
    old, new = desk.model(provider, "old", visible=True), desk.model(provider, "new", visible=True)
    desk.alias(old, "Fast")
    follower.current()
    desk.rooms.models.delete(old.id, BY)
    desk.alias(new, "fast")
    assert follower.current().alias_without_case("fast") == new.id
    assert follower.current().alias("Fast") is None
    desk.rooms.providers.delete(provider.id, BY, force=True)
    again = desk.provider("Box")
    third = desk.model(again, "new", visible=True)
    assert follower.current().at_provider("box", "new") == third.id


def test_a_history_that_was_replaced_is_read_from_its_beginning(
    desk: Desk, follower: Follower, asked_for: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after restoring a backup: the same revision, or a higher one, of another past."""
    model = desk.model(desk.provider(), "m", visible=True)
    followed = follower.current()
    follower._stored = Snapshot(revision=followed.revision, stamp=1)  # of another past
    desk.rooms.models.change(model.id, ModelChanges(visible=False), BY)
    assert list(follower.current().models) == [model.id]
    follower._stored = Snapshot(revision=followed.revision + 5, stamp=1)
    desk.rooms.models.change(model.id, ModelChanges(visible=True), BY)
    assert follower.current().available(model.id)
    assert asked_for == [-1, -1, -1]


def test_the_event_loop_gets_it_without_waiting_and_reads_once_for_all(
    desk: Desk, follower: Follower, asked_for: list[int]
) -> None:
    model = desk.model(desk.provider(), "m", visible=True)
    bulk = Selection(model_ids=[model.id])

    async def main() -> None:
        assert follower.fresh() is None
        first = await follower.newest()
        assert follower.fresh() is first
        for n in range(3):
            await asyncio.to_thread(desk.rooms.bulk.set_flag, bulk, "visible", bool(n % 2), BY)
            assert follower.fresh() is None
            found = await asyncio.gather(*(follower.newest() for _ in range(20)))
            assert {one.available(model.id) for one in found} == {bool(n % 2)}
        assert len(asked_for) == 4

    asyncio.run(main())


def test_a_process_without_requests_follows_too(
    desk: Desk, follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "LOOK_EVERY_S", 0.005)
    monkeypatch.setattr(follow, "POLL_EVERY_S", 0.005)
    model = desk.model(desk.provider(), "m", visible=True)

    async def main() -> None:
        following = asyncio.create_task(follower.follow())
        for visible in (False, True):
            await asyncio.to_thread(desk.rooms.models.change, model.id, ModelChanges(visible=visible), BY)
            async with asyncio.timeout(60):
                while (found := follower._snapshot) is None or found.available(model.id) != visible:
                    await asyncio.sleep(0.001)
        following.cancel()

    asyncio.run(main())


def test_out_of_reach_the_last_snapshot_serves_for_ten_seconds_and_then_nothing_does(
    desk: Desk, follower: Follower, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.model(desk.provider(), "m", visible=True)
    good = follower.current()

    def gone() -> Any:
        raise Unavailable("gone")

    async def newest() -> Snapshot:
        return await follower.newest()

    with monkeypatch.context() as broken:
        broken.setattr(desk.rooms.database, "read", gone)
        broken.setattr(follower._in_threads, "mark", lambda: None)
        broken.setattr(follower._on_loop, "mark", lambda: None)
        clock.advance(seconds=9)
        assert follower.current() is good
        assert asyncio.run(newest()) is good
        clock.advance(seconds=2)
        for ask in (follower.current, lambda: asyncio.run(newest())):
            with pytest.raises(Unavailable) as refused:
                ask()
            assert refused.value.status == 503
    assert follower.current() is good
    assert asyncio.run(newest()) is good


def test_before_the_first_snapshot_a_database_out_of_reach_is_no_empty_one(
    desk: Desk, follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> Any:
        raise Unavailable("gone")

    with monkeypatch.context() as out_of_reach:
        out_of_reach.setattr(desk.rooms.database, "read", gone)
        with pytest.raises(Unavailable):
            follower.current()


def test_a_read_that_has_just_ended_is_not_taken_for_one_to_come(desk: Desk, follower: Follower) -> None:
    """The loop may run a request between the end of a read and the word of it; what was written since is newer."""
    model = desk.model(desk.provider(), "m", visible=True)

    async def scenario() -> bool:
        ended = follower._read_on()
        await ended
        follower._reading = ended
        await asyncio.to_thread(desk.rooms.models.change, model.id, ModelChanges(visible=False), BY)
        return (await follower.newest()).available(model.id)

    assert asyncio.run(scenario()) is False


@pytest.mark.parametrize("kind", ["postgresql"])
def test_what_another_process_writes_is_seen_before_the_next_look_where_the_database_tells(
    desk: Desk, follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "POLL_EVERY_S", 3600)
    model = desk.model(desk.provider(), "m", visible=True)

    async def main() -> None:
        following = asyncio.create_task(follower.follow())
        async with asyncio.timeout(60):
            while follower.listens != "ok":
                await asyncio.sleep(0.001)
            for visible in (False, True):
                await asyncio.to_thread(desk.rooms.models.change, model.id, ModelChanges(visible=visible), BY)
                while (found := follower._snapshot) is None or found.available(model.id) != visible:
                    await asyncio.sleep(0.001)
        following.cancel()

    asyncio.run(main())
    assert follower.listens is not None


def test_nobody_waits_longer_for_a_read_than_the_snapshot_may_serve(
    desk: Desk, follower: Follower, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network that swallows packets lets a read hang."""
    desk.model(desk.provider(), "m", visible=True)
    hanging, released = follower._look, threading.Event()

    async def main() -> None:
        await follower.newest()
        monkeypatch.setattr(follower, "_look", lambda: released.wait(60) and hanging())
        clock.advance(seconds=11)
        with monkeypatch.context() as hurried:
            hurried.setattr(follow, "GRACE_S", 0.01)
            hurried.setattr(follower._on_loop, "mark", lambda: None)
            for _ in range(2):
                with pytest.raises(Unavailable):
                    await follower.newest()
        released.set()
        await follower.newest()

    asyncio.run(main())
