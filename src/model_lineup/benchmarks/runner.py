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
    spawned_at = tick()
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
        return await _Conversation(process, Order(plan, target, spawned_at, kernel_stamps), on_event).hold(cancel)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _environment() -> dict[str, str]:
    """Ours without our own settings, which hold the key ring and the database's address."""
    return {name: value for name, value in os.environ.items() if not name.upper().startswith("LINEUP_")}


class _Conversation:
    """What passes between parent and one child."""

    def __init__(
        self, process: asyncio.subprocess.Process, order: Order, on_event: Callable[[ChildEvent], None]
    ) -> None:
        self._process = process
        self._order = order
        self._plan = order.plan
        self._target = order.target
        self._on_event = on_event
        self._environment: Environment | None = None
        self._samples: list[Sample] = []
        self._report: Report | None = None
        self._stderr = b""
        self._cancelled = False

    async def hold(self, cancel: asyncio.Event) -> ChildOutcome:
        """Until the child has ended, or its time is over."""
        await self._say(self._order)
        tasks = [
            asyncio.create_task(self._listen()),
            asyncio.create_task(self._keep_stderr()),
            asyncio.create_task(self._pass_on(cancel)),
        ]
        listening, keeping_stderr, passing_on = tasks
        try:
            allowed_s = self._plan.time_limit_s + _START_AND_END_S
            await asyncio.wait({listening, passing_on}, timeout=allowed_s, return_when=asyncio.FIRST_COMPLETED)
            if not listening.done() and passing_on.done():
                await asyncio.wait({listening}, timeout=_AFTER_CANCEL_S)
            if not listening.done():
                return self._without_report("child_hung", "The measuring process did not end in time and was killed.")
            listening.result()
            await self._see_it_end(keeping_stderr)
            return self._outcome()
        finally:
            for task in tasks:
                task.cancel()

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
            match event:
                case Started(plan, environment):
                    self._plan, self._environment = plan, environment
                case Finished(report):
                    self._report = report
                case Sample():
                    self._samples.append(event)
            self._on_event(event)

    async def _keep_stderr(self) -> None:
        assert self._process.stderr is not None
        while piece := await self._process.stderr.read(_KEPT_OF_STDERR):
            self._stderr = (self._stderr + piece)[-_KEPT_OF_STDERR:]

    async def _pass_on(self, cancel: asyncio.Event) -> None:
        await cancel.wait()
        self._cancelled = True
        await self._say(Cancel())

    def _outcome(self) -> ChildOutcome:
        if self._report is None:
            code = self._process.returncode
            message = f"The measuring process ended with code {code}. {self._last_word()}".strip()
            return self._without_report("child_crashed", message)
        match self._report.stopped:
            case "cancelled":
                return ChildOutcome("cancelled", self._report)
            case "auth" | "quota" | "errors" as error:
                return ChildOutcome("failed", self._report, error, self._why())
        return ChildOutcome("completed", self._report)

    def _without_report(self, error: str, message: str) -> ChildOutcome:
        """The child gave none, so it is made from the samples that came through."""
        stopped: Stopped = "cancelled" if self._cancelled else "interrupted"
        report = report_of(self._plan, self._samples, environment=self._environment, stopped=stopped)
        if self._cancelled:
            return ChildOutcome("cancelled", report)
        return ChildOutcome("failed", report, error, message)

    def _why(self) -> str:
        """The last failure's message: what made the run stop."""
        failures = [sample.failure for sample in self._samples if sample.failure is not None]
        return failures[-1].message if failures else ""

    def _last_word(self) -> str:
        lines = self._stderr.decode("utf-8", "replace").strip().splitlines()
        return scrub(lines[-1], self._target.endpoint) if lines else ""
