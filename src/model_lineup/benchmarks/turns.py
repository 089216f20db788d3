"""Several benchmarks that were asked for at once, each in its turn.

What may run now is started; the rest waits in the memory of this process until a place is free. A process that ends
forgets what waits, and says so nowhere else: nothing of it has been measured.
"""

import asyncio
from collections import deque
from collections.abc import Sequence

from msgspec import Struct

from model_lineup.benchmarks.plan import Plan
from model_lineup.benchmarks.records import Run
from model_lineup.benchmarks.runs import Runs
from model_lineup.catalog.shapes import Model
from model_lineup.errors import LineupError, RunInProgress, TooManyRequests, Unavailable

LOOKS_EVERY_S = 0.5
MOST_WAITING = 100
KEPT_REFUSALS = 20


class Waiting(Struct, frozen=True):
    """A benchmark that has not begun."""

    model_row: int
    model_id: str
    plan: Plan
    actor: str


class Refusal(Struct, frozen=True):
    """One that did not begin, and why."""

    model_id: str
    reason: str


class Begun(Struct, frozen=True):
    started: list[Run]
    waiting: list[Waiting]
    refused: list[Refusal]


class Turns:
    """Of one process and its event loop."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._waiting: deque[Waiting] = deque()
        self._refused: deque[Refusal] = deque(maxlen=KEPT_REFUSALS)
        self._task: asyncio.Task[None] | None = None

    def waiting(self) -> list[Waiting]:
        """Those that begin next come first."""
        return list(self._waiting)

    def refused(self) -> list[Refusal]:
        """The latest of those that were refused when their turn had come, newest first."""
        return list(reversed(self._refused))

    async def begin(self, models: Sequence[Model], plan: Plan, actor: str) -> Begun:
        """Start what may run now and keep the rest waiting. Raises InvalidInput (the plan), Unavailable."""
        begun = Begun([], [], [])
        for model in models:
            if begun.waiting or self._waiting:
                self._keep(Waiting(model.id, model.model_id, plan, actor), begun)
                continue
            try:
                begun.started.append(await self._runs.start(model.id, plan, actor))
            except TooManyRequests:
                self._keep(Waiting(model.id, model.model_id, plan, actor), begun)
            except RunInProgress as error:
                begun.refused.append(Refusal(model.model_id, error.detail))
        if self._waiting and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._go_on())
        return begun

    def forget(self) -> int:
        """What waits shall not begin; how many that were."""
        count = len(self._waiting)
        self._waiting.clear()
        return count

    async def close(self) -> None:
        """Before the process ends."""
        self.forget()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def _keep(self, one: Waiting, begun: Begun) -> None:
        if len(self._waiting) >= MOST_WAITING:
            begun.refused.append(Refusal(one.model_id, f"{MOST_WAITING} benchmarks wait already."))
        else:
            self._waiting.append(one)
            begun.waiting.append(one)

    async def _go_on(self) -> None:
        while self._waiting:
            await asyncio.sleep(LOOKS_EVERY_S)
            if self._waiting:
                await self._try(self._waiting[0])

    async def _try(self, one: Waiting) -> None:
        try:
            await self._runs.start(one.model_row, one.plan, one.actor)
        except TooManyRequests:
            return  # its turn has not come
        except Unavailable:
            self.forget()  # the server is about to end, or cannot store a run
            return
        except LineupError as error:
            self._refused.append(Refusal(one.model_id, error.detail))
        if self._waiting and self._waiting[0] is one:
            self._waiting.popleft()
