"""Runs a plan: when each request goes out, and when to stop. Knows no process; `child` gives it one.

`ask` is handed in, so that tests can drive it without a network. Whatever ends a run, its samples remain and its report
says why it ended.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

from msgspec.structs import replace

from model_lineup.benchmarks.plan import RANGES, Plan, Prompts, due_times
from model_lineup.benchmarks.report import Stopped, steps_of
from model_lineup.benchmarks.sample import Sample
from model_lineup.benchmarks.sampling import sample_of, unfinished_sample
from model_lineup.benchmarks.sweep import swept, without_throughput
from model_lineup.clock import tick
from model_lineup.upstream.contract import Ask, Exchange

Asker = Callable[[Ask], Awaitable[Exchange]]
_JUDGE_ERRORS_AFTER = 10
_MARGIN = 1.2
_MOST_AT_ONCE = int(RANGES["concurrency"][1])
_SPIN_S = 0.0015
"""Timers of the event loop are in whole milliseconds; the rest of the wait for a due time is spent turning the loop."""


async def _need_nothing(_connections: int) -> None:
    """For a driver whose asker has no connections."""


class Driver:
    """One run of one plan. `on_sample` hears of every request as it ends, warm-up included.

    `get_ready` is awaited between warm-up and measuring, and told how many requests will be under way at once.
    """

    def __init__(
        self,
        plan: Plan,
        ask: Asker,
        on_sample: Callable[[Sample], None],
        get_ready: Callable[[int], Awaitable[None]] = _need_nothing,
        ask_cold: Asker | None = None,
    ) -> None:
        self.plan = plan
        self.samples: list[Sample] = []
        self.stopped: Stopped | None = None
        self._ask = ask
        self._ask_cold = ask_cold or ask
        self._on_sample = on_sample
        self._get_ready = get_ready
        self._prompts = Prompts(plan)
        self._origin = tick()
        self._halt = asyncio.Event()
        self._tokens = 0
        self._answered = 0
        self._failed = 0

    async def run(self) -> None:
        """Warm-up, then the measured requests; returns when they are done, or soon after the run was stopped."""
        work = asyncio.create_task(self._work())
        halted = asyncio.create_task(self._halt.wait())
        try:
            await asyncio.wait({work, halted}, timeout=self.plan.time_limit_s, return_when=asyncio.FIRST_COMPLETED)
            if not work.done() and self.stopped is None:
                self.stopped = "time_limit"
        finally:
            halted.cancel()
            work.cancel()
        with suppress(asyncio.CancelledError):
            await work

    def stop(self, reason: Stopped) -> None:
        """Ends the run now; requests under way are cut. The first reason counts."""
        self.stopped = self.stopped or reason
        self._halt.set()

    @property
    def first_sent_at(self) -> float | None:
        """`clock.tick()` of the first request, warm-up included."""
        return min((self._origin + sample.started_s for sample in self.samples), default=None)

    async def warm_up(self) -> None:
        """The cold requests, then those that warm up."""
        await self._cold(range(-self.plan.warmup - self.plan.cold, -self.plan.warmup))
        if self.stopped is None:
            await self._closed_loop(range(-self.plan.warmup, 0), max(step.concurrency for step in self.plan.steps))

    async def _work(self) -> None:
        await self.warm_up()
        for place, step in enumerate(self.plan.steps):
            if self.stopped is not None or self.saturated():
                return
            await self._measure(step, range(place * step.requests, (place + 1) * step.requests))

    def prepare(self, numbers: range) -> None:
        """Makes the prompts of these requests ahead."""
        self._prompts.prepare(numbers)

    async def _measure(self, step: Plan, numbers: range) -> None:
        due = due_times(step)
        self.prepare(numbers)
        await self._get_ready(self.at_once(step))
        if due is None:
            await self._closed_loop(numbers, step.concurrency)
        else:
            await self._open_loop(numbers, due)

    def saturated(self, *, in_turns: bool = False) -> bool:
        """Of a sweep: whether the steps so far met the stop rule. `in_turns`: with another model's."""
        if self.plan.sweep is None:
            return False
        steps = steps_of(self.plan, self.samples)
        return swept(self.plan.sweep, without_throughput(steps) if in_turns else steps).ended is not None

    async def _cold(self, numbers: range) -> None:
        """One after the other, each counted from the moment when it was decided to ask."""
        for number in numbers:
            if self.stopped is not None:
                return
            ask = Ask.of(self._prompts.take(number), max_tokens=self.plan.max_tokens, seed=self.plan.seed)
            decided_at = tick()
            exchange = await self._ask_cold(ask)
            sample = sample_of(number, exchange, origin=self._origin, due_at=decided_at)
            sample = replace(sample, cold=True)
            self._keep(sample)
            self._judge(sample)

    def at_once(self, plan: Plan) -> int:
        """How many requests will be under way at a time; at a rate, as the warm-up's response times let expect."""
        expected = plan.concurrency
        if plan.rate is not None:
            slowest_ms = max((sample.response_time_ms or 0.0 for sample in self.samples), default=0.0)
            expected = 1 + int(plan.rate * slowest_ms / 1000 * _MARGIN)
        return min(expected, plan.requests, _MOST_AT_ONCE)

    async def _closed_loop(self, numbers: range, concurrency: int) -> None:
        remaining = iter(numbers)
        async with asyncio.TaskGroup() as group:
            for _ in range(min(concurrency, len(numbers))):
                group.create_task(self._one_after_the_other(remaining))
                await asyncio.sleep(0)  # each request leaves in a turn of the loop of its own, not behind the others

    async def _one_after_the_other(self, numbers: Iterator[int]) -> None:
        for number in numbers:
            if self.stopped is not None:
                return
            await self.one(number)

    async def _open_loop(self, numbers: range, due: list[float]) -> None:
        start = tick()
        async with asyncio.TaskGroup() as group:
            for number, offset in zip(numbers, due, strict=True):
                await wait_until(start + offset)
                if self.stopped is not None:
                    return
                group.create_task(self.one(number, start + offset))

    async def one(self, number: int, due_at: float | None = None) -> None:
        """One request from asking to its sample; `due_at`: when it should go, if that was fixed before."""
        started_at = tick()
        ask = Ask.of(self._prompts.take(number), max_tokens=self.plan.max_tokens, seed=self.plan.seed)
        try:
            exchange = await self._ask(ask)
        except asyncio.CancelledError:
            cut = unfinished_sample(number, started_at=started_at, ended_at=tick(), origin=self._origin)
            self._keep(cut)
            raise
        sample = sample_of(number, exchange, origin=self._origin, due_at=due_at)
        self._keep(sample)
        self._judge(sample)

    def _keep(self, sample: Sample) -> None:
        self.samples.append(sample)
        self._on_sample(sample)

    def _judge(self, sample: Sample) -> None:
        """The stop rules. A spent token limit starts nothing new, but lets what is under way finish."""
        self._tokens += (sample.prompt_tokens or 0) + (sample.completion_tokens or 0)
        if not sample.warmup:
            self._answered += 1
            self._failed += sample.failure is not None
        if sample.failure is not None and sample.failure.code in ("auth", "quota"):
            self.stop("auth" if sample.failure.code == "auth" else "quota")
        elif self._answered >= _JUDGE_ERRORS_AFTER and self._failed * 2 > self._answered:
            self.stop("errors")
        elif self.plan.token_limit is not None and self._tokens >= self.plan.token_limit:
            self.stopped = self.stopped or "token_limit"


async def wait_until(due_at: float) -> None:
    """To the fraction of a millisecond."""
    left = due_at - tick()
    if left > _SPIN_S:
        await asyncio.sleep(left - _SPIN_S)
    while tick() < due_at:  # noqa: ASYNC110 - no event tells when a moment has come
        await asyncio.sleep(0)
