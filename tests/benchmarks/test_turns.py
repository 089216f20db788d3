"""Benchmarks that wait for their turn: in which order they begin, how many may wait, what is told of the refused."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from model_lineup.benchmarks import turns as benchmark_turns
from model_lineup.benchmarks.plan import Plan
from model_lineup.benchmarks.runs import Runs
from model_lineup.benchmarks.sweep import Sweep
from model_lineup.benchmarks.turns import BenchmarkTurns
from model_lineup.catalog.shapes import Model
from model_lineup.errors import LineupError, ModelNotFound, RunInProgress, TooManyRequests, Unavailable
from model_lineup.rooms import Rooms
from model_lineup.turns.turns import Turns

PLAN = Plan(requests=1, sweep=Sweep(concurrency=(1, 2)))


class Places:
    """Stands for the runs: `free` many may begin; what is in `refusals` is raised for a model instead."""

    def __init__(self, free: int) -> None:
        self.free = free
        self.started: list[int] = []
        self.refusals: dict[int, LineupError] = {}

    def has_place(self) -> bool:
        return self.free > 0

    async def start(self, model_row: int, plan: Plan, actor: str) -> Any:
        assert (plan, actor) == (PLAN, "tester")
        if model_row in self.refusals:
            raise self.refusals[model_row]
        if self.free == 0:
            raise TooManyRequests("All places are taken.", retry_after=1)
        self.free -= 1
        self.started.append(model_row)
        return model_row


class Waits:
    """Benchmarks of a process of its own over the rooms' database."""

    def __init__(self, rooms: Rooms, places: Places) -> None:
        self.turns = Turns(rooms.database, rooms.clock)
        self.benchmarks = BenchmarkTurns(cast("Runs", places), self.turns)

    async def until_nothing_waits(self) -> None:
        async with asyncio.timeout(60):
            while self.benchmarks.waiting():
                await self.turns.look()
                await asyncio.sleep(0)


def _models(*rows: int) -> Sequence[Model]:
    return cast("Sequence[Model]", [SimpleNamespace(id=row, model_id=f"model-{row}") for row in rows])


def play(story: Callable[[], Awaitable[None]]) -> None:
    async def told_to_its_end() -> None:
        await story()

    asyncio.run(told_to_its_end())


def test_what_may_run_starts_and_the_rest_follows_in_its_order(rooms: Rooms) -> None:
    async def story() -> None:
        places = Places(free=2)
        waits = Waits(rooms, places)
        begun = await waits.benchmarks.begin(_models(1, 2, 3, 4), PLAN, "tester")
        assert places.started == [1, 2]
        assert ([one.model for one in begun.waiting], begun.refused) == ([3, 4], [])
        await waits.turns.look()
        assert places.started == [1, 2], "no place is free yet"
        places.free = 1
        later = await waits.benchmarks.begin(_models(5), PLAN, "tester")
        assert [one.model_id for one in later.waiting] == ["model-5"], "who comes later does not overtake"
        places.free += 2
        await waits.until_nothing_waits()
        assert places.started == [1, 2, 3, 4, 5]

    play(story)


def test_no_more_wait_than_may(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark_turns, "MOST_WAITING", 3)

    async def story() -> None:
        waits = Waits(rooms, Places(free=0)).benchmarks
        begun = await waits.begin(_models(1, 2, 3, 4, 5), PLAN, "tester")
        assert [one.model for one in begun.waiting] == [1, 2, 3]
        assert [(one.model_id, one.reason) for one in begun.refused] == [
            ("model-4", "3 benchmarks wait already."),
            ("model-5", "3 benchmarks wait already."),
        ]
        assert waits.forget() == 3
        assert waits.waiting() == []

    play(story)


def test_who_is_refused_at_once_is_told_and_holds_nobody_up(rooms: Rooms) -> None:
    async def story() -> None:
        places = Places(free=2)
        places.refusals[1] = RunInProgress("Run 7 of this model goes on.")
        begun = await Waits(rooms, places).benchmarks.begin(_models(1, 2), PLAN, "tester")
        assert places.started == [2]
        assert [(one.model_id, one.reason) for one in begun.refused] == [("model-1", "Run 7 of this model goes on.")]

    play(story)


def test_a_turn_that_is_refused_when_it_comes_is_kept_to_be_told_and_the_next_begins(rooms: Rooms) -> None:
    async def story() -> None:
        places = Places(free=0)
        waits = Waits(rooms, places)
        await waits.benchmarks.begin(_models(1, 2, 3), PLAN, "tester")
        places.refusals = {1: ModelNotFound("Model 1 is gone."), 2: RunInProgress("Run 7 goes on.")}
        places.free = 1
        await waits.until_nothing_waits()
        assert places.started == [3]
        assert [(one.model_id, one.reason) for one in waits.benchmarks.refused()] == [
            ("model-2", "Run 7 goes on."),
            ("model-1", "Model 1 is gone."),
        ], "the newest first"

    play(story)


def test_what_a_server_that_is_about_to_end_cannot_begin_another_does(rooms: Rooms) -> None:
    async def story() -> None:
        ending, places = Places(free=0), Places(free=2)
        one, other = Waits(rooms, ending), Waits(rooms, places)
        await one.benchmarks.begin(_models(1, 2), PLAN, "tester")
        ending.free = 2
        ending.refusals = {row: Unavailable("The server is about to end.") for row in (1, 2)}
        await one.turns.look()
        await one.turns.close()
        assert (ending.started, one.benchmarks.refused()) == ([], [])
        await other.until_nothing_waits()
        assert places.started == [1, 2]

    play(story)
