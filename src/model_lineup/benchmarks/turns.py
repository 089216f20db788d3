"""Several benchmarks that were asked for at once: what may run now begins, the rest waits for its turn.

What waits is in the database (`turns`): the first process that finds a place free goes on with it, in the order in
which it was asked for.
"""

import asyncio
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from model_lineup.benchmarks.plan import Plan
from model_lineup.benchmarks.records import Run
from model_lineup.benchmarks.runs import Runs
from model_lineup.catalog.shapes import Model
from model_lineup.errors import RunInProgress, TooManyRequests, Unavailable
from model_lineup.turns.shapes import NotYetError, Turn, TurnKind, Wanted, Work
from model_lineup.turns.turns import Turns

KIND: TurnKind = "benchmark"
MOST_WAITING = 100


class Refusal(Struct, frozen=True):
    """One that did not begin, and why."""

    model_id: str
    reason: str


class Begun(Struct, frozen=True):
    started: list[Run]
    waiting: list[Turn]
    refused: list[Refusal]


class BenchmarkTurns:
    """One is begun at a time over all processes, so that they begin in their order."""

    def __init__(self, runs: Runs, turns: Turns) -> None:
        self._runs = runs
        self._turns = turns
        turns.serve(KIND, Work(self._begin_one, at_once=1, most=MOST_WAITING, has_place=runs.has_place))

    def waiting(self) -> list[Turn]:
        """Those that begin next come first."""
        return [one for one in self._turns.page(KIND) if one.state != "refused"]

    def refused(self) -> list[Refusal]:
        """Those that were refused within the last hour when their turn had come, newest first."""
        return [Refusal(one.model_id, one.reason) for one in reversed(self._turns.page(KIND, "refused"))]

    async def begin(self, models: Sequence[Model], plan: Plan, actor: str) -> Begun:
        """Start what may run now and keep the rest waiting. Raises InvalidInput (the plan), Unavailable."""
        begun, later = Begun([], [], []), list[Model]()
        someone_waits = bool(await asyncio.to_thread(self.waiting))
        for model in models:
            if someone_waits or later:
                later.append(model)
                continue
            try:
                begun.started.append(await self._runs.start(model.id, plan, actor))
            except TooManyRequests:
                later.append(model)
            except RunInProgress as error:
                begun.refused.append(Refusal(model.model_id, error.detail))
        if later:
            wanted = [Wanted(model.id, model.model_id) for model in later]
            added = await asyncio.to_thread(self._turns.add, KIND, wanted, plan, actor)
            begun.waiting.extend(added.waiting)
            full = f"{MOST_WAITING} benchmarks wait already."
            begun.refused.extend(Refusal(one.model_id, full) for one in added.full)
        return begun

    def forget(self) -> int:
        """What waits shall not begin, in whatever process it was asked for; how many that were. Raises Unavailable."""
        return self._turns.cancel(KIND)

    async def _begin_one(self, turn: Turn) -> None:
        plan = msgspec.json.decode(turn.asked, type=Plan)
        try:
            await self._runs.start(turn.model, plan, turn.actor)
        except (TooManyRequests, Unavailable):  # somebody else took the place, or this process is about to end
            raise NotYetError from None
