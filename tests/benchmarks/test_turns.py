"""Benchmarks that wait for their turn: in which order they begin, how many may wait, what is told of the refused."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from model_lineup.benchmarks import turns
from model_lineup.benchmarks.plan import Plan
from model_lineup.benchmarks.runs import Runs
from model_lineup.benchmarks.turns import Turns
from model_lineup.catalog.shapes import Model
from model_lineup.errors import LineupError, ModelNotFound, RunInProgress, TooManyRequests, Unavailable

PLAN = Plan(requests=1)


class Places:
    """Stands for the runs: `free` many may begin; what is in `refusals` is raised for a model instead."""

    def __init__(self, free: int) -> None:
        self.free = free
        self.started: list[int] = []
        self.refusals: dict[int, LineupError] = {}

    async def start(self, model_row: int, plan: Plan, actor: str) -> Any:
        assert (plan, actor) == (PLAN, "tester")
        if model_row in self.refusals:
            raise self.refusals[model_row]
        if self.free == 0:
            raise TooManyRequests("All places are taken.", retry_after=1)
        self.free -= 1
        self.started.append(model_row)
        return model_row


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "LOOKS_EVERY_S", 0.001)


def _of(places: Places) -> Turns:
    return Turns(cast("Runs", places))


def _models(*rows: int) -> Sequence[Model]:
    return cast("Sequence[Model]", [SimpleNamespace(id=row, model_id=f"model-{row}") for row in rows])


async def _until_nothing_waits(turns: Turns) -> None:
    async with asyncio.timeout(60):
        while turns.waiting():
            await asyncio.sleep(0.001)


def test_what_may_run_starts_and_the_rest_follows_in_its_order() -> None:
    async def play() -> None:
        places = Places(free=2)
        waits = _of(places)
        begun = await waits.begin(_models(1, 2, 3, 4), PLAN, "tester")
        assert places.started == [1, 2]
        assert ([one.model_row for one in begun.waiting], begun.refused) == ([3, 4], [])
        await asyncio.sleep(0.02)
        assert places.started == [1, 2], "no place is free yet"
        places.free = 1
        later = await waits.begin(_models(5), PLAN, "tester")
        assert [one.model_id for one in later.waiting] == ["model-5"], "who comes later does not overtake"
        places.free += 2
        await _until_nothing_waits(waits)
        assert places.started == [1, 2, 3, 4, 5]
        await waits.close()

    asyncio.run(play())


def test_no_more_wait_than_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "MOST_WAITING", 3)

    async def play() -> None:
        waits = _of(Places(free=0))
        begun = await waits.begin(_models(1, 2, 3, 4, 5), PLAN, "tester")
        assert [one.model_row for one in begun.waiting] == [1, 2, 3]
        assert [(one.model_id, one.reason) for one in begun.refused] == [
            ("model-4", "3 benchmarks wait already."),
            ("model-5", "3 benchmarks wait already."),
        ]
        assert waits.forget() == 3
        assert waits.waiting() == []
        await waits.close()

    asyncio.run(play())


def test_who_is_refused_at_once_is_told_and_holds_nobody_up() -> None:
    async def play() -> None:
        places = Places(free=2)
        places.refusals[1] = RunInProgress("Run 7 of this model goes on.")
        begun = await _of(places).begin(_models(1, 2), PLAN, "tester")
        assert places.started == [2]
        assert [(one.model_id, one.reason) for one in begun.refused] == [("model-1", "Run 7 of this model goes on.")]

    asyncio.run(play())


def test_a_turn_that_is_refused_when_it_comes_is_kept_to_be_told_and_the_next_begins() -> None:
    async def play() -> None:
        places = Places(free=0)
        waits = _of(places)
        await waits.begin(_models(1, 2, 3), PLAN, "tester")
        places.refusals = {1: ModelNotFound("Model 1 is gone."), 2: RunInProgress("Run 7 goes on.")}
        places.free = 1
        await _until_nothing_waits(waits)
        assert places.started == [3]
        assert [(one.model_id, one.reason) for one in waits.refused()] == [
            ("model-2", "Run 7 goes on."),
            ("model-1", "Model 1 is gone."),
        ], "the newest first"
        await waits.close()

    asyncio.run(play())


def test_nothing_waits_for_a_server_that_is_about_to_end() -> None:
    async def play() -> None:
        places = Places(free=0)
        waits = _of(places)
        await waits.begin(_models(1, 2), PLAN, "tester")
        places.refusals[1] = Unavailable("The server is about to end.")
        await _until_nothing_waits(waits)
        assert (places.started, waits.refused()) == ([], [])
        await waits.close()

    asyncio.run(play())
