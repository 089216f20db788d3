"""The parent's side of a measured run: starts the child, listens, and never leaves it behind.

Whatever happens (a crash, a hang, a cancel, the server's end) there is an outcome or a raised cancellation, and no
process remains: an order and all later words go through the child's stdin, and a child whose stdin ends stops.
"""

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import suppress

import msgspec

from model_lineup.benchmarks.environment import Environment
from model_lineup.benchmarks.plan import Plan
from model_lineup.benchmarks.protocol import (
    Cancel,
    ChildEvent,
    ChildOutcome,
    Finished,
    OfOther,
    Order,
    Started,
    decode_event,
    encode,
)
from model_lineup.benchmarks.report import Report, Stopped, report_of
from model_lineup.benchmarks.sample import Sample
from model_lineup.clock import tick
from model_lineup.upstream.contract import Target
from model_lineup.upstream.scrub import scrub

_START_AND_END_S = 15.0
"""What a child may take beyond its plan's time limit, for starting and for its report, before it counts as hung."""
_AFTER_CANCEL_S = 5.0
_LONGEST_LINE = 16 * 1024 * 1024
_KEPT_OF_STDERR = 8192


async def run_in_child(
    plan: Plan,
    target: Target,
    *,
    on_event: Callable[[ChildEvent], None],
    cancel: asyncio.Event,
    kernel_stamps: bool = True,
) -> ChildOutcome:
    """Measures in a process of its own. `on_event` hears of its start, each sample and the report, in order.

    Setting `cancel` ends the run within seconds with a partial report. Cancelling this coroutine kills the child.
    What `on_event` raises ends the run and comes through.
    """
    order = Order(plan, target, tick(), kernel_stamps)
    (outcome,) = await _converse(order, [_Side(plan, target, on_event)], cancel)
    return outcome


async def run_pair_in_child(
    plan: Plan,
    targets: tuple[Target, Target],
    *,
    on_event: tuple[Callable[[ChildEvent], None], Callable[[ChildEvent], None]],
    cancel: asyncio.Event,
) -> tuple[ChildOutcome, ChildOutcome]:
    """The same for two targets in turns, in one process; each has its events and its outcome."""
    sides = [_Side(plan, target, hear) for target, hear in zip(targets, on_event, strict=True)]
    first, second = await _converse(Order(plan, targets[0], tick(), other=targets[1]), sides, cancel)
    return first, second


async def _converse(order: Order, sides: "list[_Side]", cancel: asyncio.Event) -> list[ChildOutcome]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-P", "-m", "model_lineup.benchmarks.child"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=_LONGEST_LINE,
        env=_environment(),
        start_new_session=True,
    )
    try:
        return await _Conversation(process, order, sides).hold(cancel)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _environment() -> dict[str, str]:
    """Ours without our own settings, which hold the key ring and the database's address."""
    return {name: value for name, value in os.environ.items() if not name.upper().startswith("LINEUP_")}


class _Side:
    """What is known of one target's run."""

    def __init__(self, plan: Plan, target: Target, on_event: Callable[[ChildEvent], None]) -> None:
        self.target = target
        self.report: Report | None = None
        self._plan = plan
        self._on_event = on_event
        self._environment: Environment | None = None
        self._samples: list[Sample] = []

    def hear(self, event: ChildEvent) -> None:
        match event:
            case Started(plan, environment):
                self._plan, self._environment = plan, environment
            case Finished(report):
                self.report = report
            case Sample():
                self._samples.append(event)
        self._on_event(event)

    def outcome(self, report: Report) -> ChildOutcome:
        match report.stopped:
            case "cancelled":
                return ChildOutcome("cancelled", report)
            case "auth" | "quota" | "errors" as error:
                return ChildOutcome("failed", report, error, self._why())
        return ChildOutcome("completed", report)

    def without_report(self, error: str, message: str, *, cancelled: bool) -> ChildOutcome:
        """The child gave none, so it is made from the samples that came through."""
        stopped: Stopped = "cancelled" if cancelled else "interrupted"
        report = report_of(self._plan, self._samples, environment=self._environment, stopped=stopped)
        return ChildOutcome("cancelled", report) if cancelled else ChildOutcome("failed", report, error, message)

    def _why(self) -> str:
        """The last failure's message: what made the run stop."""
        failures = [sample.failure for sample in self._samples if sample.failure is not None]
        return failures[-1].message if failures else ""


class _Conversation:
    """What passes between parent and one child."""

    def __init__(self, process: asyncio.subprocess.Process, order: Order, sides: list[_Side]) -> None:
        self._process = process
        self._order = order
        self._sides = sides
        self._stderr = b""
        self._cancelled = False

    async def hold(self, cancel: asyncio.Event) -> list[ChildOutcome]:
        """Until the child has ended, or its time is over."""
        await self._say(self._order)
        tasks = [
            asyncio.create_task(self._listen()),
            asyncio.create_task(self._keep_stderr()),
            asyncio.create_task(self._pass_on(cancel)),
        ]
        listening, keeping_stderr, passing_on = tasks
        try:
            allowed_s = self._order.plan.time_limit_s + _START_AND_END_S
            await asyncio.wait({listening, passing_on}, timeout=allowed_s, return_when=asyncio.FIRST_COMPLETED)
            if not listening.done() and passing_on.done():
                await asyncio.wait({listening}, timeout=_AFTER_CANCEL_S)
            if not listening.done():
                return self._outcomes("child_hung", "The measuring process did not end in time and was killed.")
            listening.result()
            await self._see_it_end(keeping_stderr)
            code = self._process.returncode
            return self._outcomes("child_crashed", f"The measuring process ended with code {code}. {self._last_word()}")
        finally:
            for task in tasks:
                task.cancel()

    def _outcomes(self, error: str, message: str) -> list[ChildOutcome]:
        """`error`, `message`: of a side that gave no report."""
        return [
            side.without_report(error, message.strip(), cancelled=self._cancelled)
            if side.report is None or error == "child_hung"
            else side.outcome(side.report)
            for side in self._sides
        ]

    async def _see_it_end(self, keeping_stderr: "asyncio.Task[None]") -> None:
        """It has closed its stdout, so it is ending; killing it now would only blur its exit code."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_AFTER_CANCEL_S):
                await self._process.wait()
                await keeping_stderr

    async def _say(self, words: Order | Cancel) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(encode(words) + b"\n")
            await self._process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            return  # it has ended; what it said before is read as usual

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            try:
                event = decode_event(line)
            except msgspec.DecodeError:
                return  # counts as a crash
            if isinstance(event, OfOther):
                self._sides[1].hear(event.event)
            else:
                self._sides[0].hear(event)

    async def _keep_stderr(self) -> None:
        assert self._process.stderr is not None
        while piece := await self._process.stderr.read(_KEPT_OF_STDERR):
            self._stderr = (self._stderr + piece)[-_KEPT_OF_STDERR:]

    async def _pass_on(self, cancel: asyncio.Event) -> None:
        await cancel.wait()
        self._cancelled = True
        await self._say(Cancel())

    def _last_word(self) -> str:
        lines = self._stderr.decode("utf-8", "replace").strip().splitlines()
        word = lines[-1] if lines else ""
        for side in self._sides:
            word = scrub(word, side.target.endpoint)
        return word
