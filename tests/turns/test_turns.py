"""Turns over several processes, each of which is a `Turns` of its own here: who does what, once, and what is told."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from model_lineup.errors import NotFound
from model_lineup.rooms import Rooms
from model_lineup.turns import turns as turns_module
from model_lineup.turns.shapes import NotYetError, Turn, Wanted, Work
from model_lineup.turns.turns import Turns
from tests.fakes.clock import ManualClock


class Process:
    """Carries out turns of one kind, as it is told to; `did` are the models, in order."""

    def __init__(self, rooms: Rooms, *, at_once: int = 2, most: int = 100) -> None:
        self.turns = Turns(rooms.database, rooms.clock)
        self.did: list[int] = []
        self.held: asyncio.Event | None = None
        self.ended: list[int] = []
        self.raises: dict[int, Exception] = {}
        self.has_place = True
        self.turns.serve("connection", Work(self.do, at_once, most, lambda: self.has_place))

    async def do(self, turn: Turn) -> None:
        self.did.append(turn.model)
        if turn.model in self.raises:
            raise self.raises.pop(turn.model)
        if self.held is not None:
            try:
                await self.held.wait()
            finally:
                self.ended.append(turn.model)


def add(process: Process, *rows: int, once: bool = False) -> list[int]:
    wanted = [Wanted(row, f"m{row}") for row in rows]
    return [one.model for one in process.turns.add("connection", wanted, {"x": 1}, "tester", once=once).waiting]


def told(process: Process) -> list[tuple[int, str, str]]:
    return [(one.model, one.state, one.reason) for one in process.turns.page("connection")]


async def until(process: Process, holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await process.turns.look()
            await asyncio.sleep(0)


def play(story: Callable[[], Awaitable[None]]) -> None:
    async def told_to_its_end() -> None:
        await story()

    asyncio.run(told_to_its_end())


def test_each_is_done_once_over_all_processes_in_its_order(rooms: Rooms) -> None:
    async def story() -> None:
        one, other = Process(rooms, at_once=1), Process(rooms, at_once=1)
        assert add(one, 5, 3, 4) == [5, 3, 4]
        assert told(other) == [(5, "waiting", ""), (3, "waiting", ""), (4, "waiting", "")]
        async with asyncio.timeout(60):
            while told(one):
                await asyncio.gather(one.turns.look(), other.turns.look())
                await asyncio.sleep(0)
        assert sorted(one.did + other.did) == [3, 4, 5]
        assert sorted(one.did, key=[5, 3, 4].index) == one.did

    play(story)


def test_no_more_are_under_way_than_may_be_in_all_processes_together(rooms: Rooms) -> None:
    async def story() -> None:
        one, other = Process(rooms), Process(rooms)
        one.held = other.held = asyncio.Event()
        add(one, 1, 2, 3)
        await until(one, lambda: len(one.did) == 2)
        assert await other.turns.look() == 1
        assert [state for _, state, _ in told(other)] == ["under_way", "under_way", "waiting"]
        one.held.set()
        await until(other, lambda: other.did == [3])
        await until(other, lambda: not told(other))
        assert one.did == [1, 2]

    play(story)


def test_what_is_there_already_is_not_asked_for_again_and_a_queue_has_its_bound(rooms: Rooms) -> None:
    process = Process(rooms, most=3)
    assert add(process, 1, 2, 1, once=True) == [1, 2, 1]
    assert add(process, 2, 3, once=True) == []
    found = process.turns.add("connection", [Wanted(7, "m7")], None, "tester")
    assert ([one.model for one in found.waiting], [one.row for one in found.full]) == ([], [7])
    assert process.turns.cancel("benchmark") == 0
    assert process.turns.cancel("connection") == 3
    assert told(process) == []


def test_whoever_cancels_ends_it_wherever_it_goes_on(rooms: Rooms, clock: ManualClock) -> None:
    async def story() -> None:
        one, other = Process(rooms), Process(rooms)
        one.held = asyncio.Event()
        add(one, 1, 2, 3)
        await until(one, lambda: len(one.did) == 2)
        assert other.turns.cancel("connection") == 3
        clock.advance(turns_module.HOLDS_EVERY_S)
        await until(one, lambda: one.ended == [1, 2])
        assert told(one) == []
        assert one.did == [1, 2]

    play(story)


def test_one_alone_can_be_cancelled(rooms: Rooms) -> None:
    process = Process(rooms)
    add(process, 1, 2)
    first = process.turns.page()[0]
    assert process.turns.cancel(turn_id=first.id) == 1
    assert process.turns.cancel(turn_id=first.id) == 0
    assert [model for model, _, _ in told(process)] == [2]


def test_a_process_that_ends_gives_back_what_it_has_not_done(rooms: Rooms) -> None:
    async def story() -> None:
        one, other = Process(rooms), Process(rooms)
        one.held = asyncio.Event()
        add(one, 1, 2, 3)
        await until(one, lambda: len(one.did) == 2)
        await one.turns.close()
        assert one.ended == [1, 2]
        assert [state for _, state, _ in told(other)] == ["waiting"] * 3
        assert await one.turns.look() == 3, "it begins nothing more"
        await until(other, lambda: not told(other))
        assert other.did == [1, 2, 3]

    play(story)


def test_what_was_under_way_in_a_process_that_died_is_told_as_lost_and_the_rest_goes_on(
    rooms: Rooms, clock: ManualClock
) -> None:
    async def story() -> None:
        dead, other = Process(rooms, at_once=1), Process(rooms, at_once=1)
        dead.held = asyncio.Event()
        add(dead, 1, 2)
        await until(dead, lambda: dead.did == [1])
        assert await other.turns.look() == 1
        clock.advance(turns_module.HOLD_FOR.total_seconds() + 1)  # and it never holds on again
        await until(other, lambda: other.did == [2])
        await until(other, lambda: len(told(other)) == 1)
        [(model, state, reason)] = told(other)
        assert (model, state) == (1, "refused")
        assert "ended without a word" in reason
        assert add(other, 1, once=True) == [1], "it can be asked for again"
        dead.turns._mine.clear()

    play(story)


def test_a_process_that_lives_holds_on_for_as_long_as_it_takes(rooms: Rooms, clock: ManualClock) -> None:
    async def story() -> None:
        one, other = Process(rooms, at_once=1), Process(rooms, at_once=1)
        one.held = asyncio.Event()
        add(one, 1)
        await until(one, lambda: one.did == [1])
        for _ in range(5):
            clock.advance(turns_module.HOLD_FOR.total_seconds() * 0.9)
            await one.turns.look()
            await other.turns.look()
        assert [state for _, state, _ in told(other)] == ["under_way"]
        one.held.set()
        await until(one, lambda: not told(other))

    play(story)


def test_what_is_refused_says_why_for_an_hour(rooms: Rooms, clock: ManualClock) -> None:
    async def story() -> None:
        process = Process(rooms)
        process.raises = {1: NotFound("Model 1 is gone."), 2: KeyError("odd")}
        add(process, 1, 2, 3)
        await until(process, lambda: len(told(process)) == 2 and all(one[1] == "refused" for one in told(process)))
        assert told(process) == [
            (1, "refused", "Model 1 is gone."),
            (2, "refused", "It failed in a way that nobody foresaw (KeyError)."),
        ]
        assert process.did == [1, 2, 3]
        clock.advance(turns_module.TOLD_FOR.total_seconds() + 1)
        assert told(process) == []

    play(story)


@pytest.mark.parametrize("again_in_s", [None, 60.0])
def test_whose_turn_has_not_come_waits_on(rooms: Rooms, clock: ManualClock, again_in_s: float | None) -> None:
    async def story() -> None:
        process = Process(rooms, at_once=1)
        process.raises = {1: NotYetError(again_in_s)}
        add(process, 1, 2)
        await until(process, lambda: process.did == ([1, 1, 2] if again_in_s is None else [1, 2]))
        if again_in_s is not None:
            await until(process, lambda: len(told(process)) == 1)
            assert told(process) == [(1, "waiting", "")]
            clock.advance(again_in_s)
        await until(process, lambda: not told(process))
        assert sorted(process.did) == [1, 1, 2]

    play(story)


def test_without_a_place_nothing_is_claimed_and_what_waits_for_a_day_does_not_begin(
    rooms: Rooms, clock: ManualClock
) -> None:
    async def story() -> None:
        process = Process(rooms)
        process.has_place = False
        add(process, 1)
        assert await process.turns.look() == 1
        clock.advance(timedelta(days=1, seconds=1).total_seconds())
        await process.turns.look()
        [(_, state, reason)] = told(process)
        assert state == "refused"
        assert "waited for a day" in reason
        process.has_place = True
        await process.turns.look()
        assert process.did == []

    play(story)


def test_adding_wakes_the_process_that_was_asked(rooms: Rooms) -> None:
    async def story() -> None:
        process = Process(rooms)
        running = asyncio.create_task(process.turns.run())
        await asyncio.to_thread(add, process, 1, 2)
        async with asyncio.timeout(60):
            while await asyncio.to_thread(told, process):
                await asyncio.sleep(0.01)
        assert process.did == [1, 2]
        running.cancel()
        await asyncio.wait({running})

    play(story)


@pytest.mark.parametrize("later", range(6))
def test_it_ends_also_where_it_is_woken_at_that_moment(rooms: Rooms, later: int) -> None:
    async def story() -> None:
        process = Process(rooms)
        running = asyncio.create_task(process.turns.run())
        await asyncio.sleep(0.05)
        process.turns.nudge()
        for _ in range(later):
            await asyncio.sleep(0)
        running.cancel()
        async with asyncio.timeout(30):
            await asyncio.wait({running})
        assert running.cancelled()

    play(story)
