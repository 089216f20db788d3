"""Two drivers of one plan, in turns: what drifts meanwhile (the hour, the network, this machine) hits both alike.

In a closed loop each place asks the one model, then the other, and which comes first alternates, so that as many
requests are under way as in a run alone. At a rate each has its own schedule, the second half a gap behind the first.
Two sweeps go up level by level together, until one meets the stop rule: above that there is nothing to compare.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

from model_lineup.benchmarks.driver import Driver, wait_until
from model_lineup.benchmarks.plan import Plan, due_times
from model_lineup.benchmarks.report import Stopped
from model_lineup.clock import tick


class Tandem:
    """`get_ready` is awaited between both warm-ups and measuring, and told how many requests each has under way."""

    def __init__(self, first: Driver, second: Driver, get_ready: Callable[[int], Awaitable[None]]) -> None:
        self._drivers = (first, second)
        self._plan = first.plan
        self._get_ready = get_ready
        self._halt = asyncio.Event()

    async def run(self) -> None:
        """Until both are done, or stopped, or their time is over."""
        work = asyncio.create_task(self._work())
        halted = asyncio.create_task(self._halt.wait())
        try:
            await asyncio.wait({work, halted}, timeout=self._plan.time_limit_s, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                for driver in self._drivers:
                    driver.stopped = driver.stopped or "time_limit"
        finally:
            halted.cancel()
            work.cancel()
        with suppress(asyncio.CancelledError):
            await work

    def stop(self, reason: Stopped) -> None:
        """Ends both now."""
        for driver in self._drivers:
            driver.stop(reason)
        self._halt.set()

    async def _work(self) -> None:
        for driver in self._drivers:
            await driver.warm_up()
        for place, step in enumerate(self._plan.steps):
            if place and any(driver.stopped or driver.saturated(in_turns=True) for driver in self._drivers):
                return
            await self._measure(step, range(place * step.requests, (place + 1) * step.requests))

    async def _measure(self, step: Plan, numbers: range) -> None:
        for driver in self._drivers:
            driver.prepare(numbers)
        await self._get_ready(max(driver.at_once(step) for driver in self._drivers))
        due = due_times(step)
        if due is None:
            remaining = iter(numbers)
            async with asyncio.TaskGroup() as group:
                for _ in range(min(step.concurrency, len(numbers))):
                    group.create_task(self._in_turns(remaining))
                    await asyncio.sleep(0)
        else:
            await self._at_a_rate(numbers, due, half_a_gap=0.5 / (step.rate or 1.0))

    async def _in_turns(self, numbers: Iterator[int]) -> None:
        for number in numbers:
            for driver in self._drivers if number % 2 == 0 else reversed(self._drivers):
                if driver.stopped is None:
                    await driver.one(number)

    async def _at_a_rate(self, numbers: range, due: list[float], *, half_a_gap: float) -> None:
        start = tick()
        async with asyncio.TaskGroup() as group:
            for driver, late in zip(self._drivers, (0.0, half_a_gap), strict=True):
                group.create_task(_keep_to(driver, numbers, [start + offset + late for offset in due]))


async def _keep_to(driver: Driver, numbers: range, due: list[float]) -> None:
    async with asyncio.TaskGroup() as group:
        for number, due_at in zip(numbers, due, strict=True):
            await wait_until(due_at)
            if driver.stopped is not None:
                return
            group.create_task(driver.one(number, due_at))
