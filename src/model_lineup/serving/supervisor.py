"""Starts the workers, replaces those that die, and ends them all in order. It serves nothing and touches no database.

Where it can (`forking`), the first workers are copies of this process from before it had anything but its imports and
the listening socket; those that follow are new processes. Each has a session of its own, so that Ctrl-C in a terminal
reaches the supervisor alone, which passes it on once.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence

import msgspec

from model_lineup.clock import tick
from model_lineup.errors import StartRefused
from model_lineup.serving.forking import Copy, copies
from model_lineup.serving.order import HARD_STOP_S, READY, REFUSED, Order
from model_lineup.settings import Settings, in_the_open
from model_lineup.telemetry import log

START_WITHIN_S = 60.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 30.0
STEADY_S = 60.0
"""After so long a worker is taken for a good one: when it dies, its successor comes without much of a pause."""
FAILED_STARTS = 5
"""So many in a row, and there is no use in trying on."""


WORKER = ("-P", "-m", "model_lineup.serving.worker")


def supervise(
    settings: Settings,
    listener: socket.socket,
    *,
    prepare: Callable[[], None],
    on_ready: Callable[[], None],
    worker: Sequence[str] = WORKER,
) -> None:
    """Returns when all workers have ended on a signal. `on_ready` is called once, when all of them take requests.

    `prepare` is called once, in a thread, and workers begin to serve after it; what it raises ends them.
    `worker`: what Python is started with. Raises StartRefused when a worker cannot start; SystemExit(1) when one had
    to be killed at the end.
    """
    newborn = copies(settings.workers) if worker is WORKER else []
    if not asyncio.run(_Supervisor(settings, listener, prepare, on_ready, worker, newborn).run()):
        raise SystemExit(1)


_Process = asyncio.subprocess.Process | Copy


class _Supervisor:
    def __init__(
        self,
        settings: Settings,
        listener: socket.socket,
        prepare: Callable[[], None],
        on_ready: Callable[[], None],
        worker: Sequence[str],
        newborn: list[Copy],
    ) -> None:
        self._settings = settings
        self._listener = listener
        self._prepare = prepare
        self._folder = ""
        self._prepared = asyncio.Event()
        self._on_ready = on_ready
        self._worker = worker
        self._newborn = newborn
        self._running: dict[int, _Process] = {}
        self._not_yet_ready = set(range(settings.workers))
        self._stopping = asyncio.Event()
        self._clean = True

    async def run(self) -> bool:
        """Whether every worker ended by itself."""
        with self._listening_to_signals():
            keepers = [asyncio.create_task(self._keep(number)) for number in range(self._settings.workers)]
            with contextlib.ExitStack() as folder:
                tasks = {*keepers, asyncio.create_task(self._make_ready(folder))}
                done, running = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
                failed = next((error for task in done if (error := task.exception()) is not None), None)
                if failed is not None:
                    self._end()
                    self._prepared.set()
                    if running:
                        await asyncio.wait(running)
                    raise failed
        return self._clean

    async def _make_ready(self, folder: contextlib.ExitStack) -> None:
        """While the workers import what they need. `folder` keeps their metrics until it is closed."""
        await asyncio.to_thread(self._prepare)
        from model_lineup.metrics import metrics_folder

        self._folder = str(folder.enter_context(metrics_folder(self._settings.data_dir)))
        self._prepared.set()

    async def _keep(self, number: int) -> None:
        """One worker after the other, until the end. Raises StartRefused."""
        pause_s, failed_starts = FIRST_PAUSE_S, 0
        while not self._stopping.is_set():
            began = tick()
            process = await self._start(number)
            await self._prepared.wait()
            self._tell(number, process)
            was_ready = await self._becomes_ready(process)
            if was_ready:
                self._note_ready(number, process)
            code = await process.wait()
            self._forget(number)
            if self._stopping.is_set():
                self._clean = self._clean and code in (0, -signal.SIGTERM)
                return
            failed_starts = 0 if was_ready else failed_starts + 1
            if code == REFUSED or failed_starts >= (1 if self._not_yet_ready else FAILED_STARTS):
                raise StartRefused(f"Worker {number} did not start (exit code {code}); what it said stands above.")
            log().error("worker died", worker=number, exit_code=code)
            pause_s = FIRST_PAUSE_S if tick() - began > STEADY_S else min(pause_s * 2, LONGEST_PAUSE_S)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause_s)

    async def _start(self, number: int) -> _Process:
        if self._newborn:
            copy = self._newborn.pop()
            await copy.listen()
            process: _Process = copy
        else:
            process = await self._start_anew()
        self._running[number] = process
        if self._stopping.is_set():
            process.terminate()
        return process

    async def _start_anew(self) -> asyncio.subprocess.Process:
        descriptor = self._listener.fileno()
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *self._worker,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=(descriptor,),
            env={name: value for name, value in os.environ.items() if not name.upper().startswith("LINEUP_")},
            start_new_session=True,
        )

    def _tell(self, number: int, process: _Process) -> None:
        order = Order(in_the_open(self._settings), self._listener.fileno(), number, self._folder)
        assert process.stdin is not None  # nosec B101
        if not self._stopping.is_set():
            process.stdin.write(msgspec.json.encode(order) + b"\n")

    async def _becomes_ready(self, process: _Process) -> bool:
        """False when it ends before, or takes too long, for which it is killed."""
        assert process.stdout is not None  # nosec B101
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(process.stdout.readline(), START_WITHIN_S) == READY
        process.kill()
        return False

    def _note_ready(self, number: int, process: _Process) -> None:
        log().info("worker ready", worker=number, pid=process.pid)
        waited_for = bool(self._not_yet_ready)
        self._not_yet_ready.discard(number)
        if waited_for and not self._not_yet_ready:
            self._on_ready()

    def _forget(self, number: int) -> None:
        from model_lineup.metrics import drop_gauges_of

        del self._running[number]
        if self._folder:
            drop_gauges_of(self._folder, number)

    @contextlib.contextmanager
    def _listening_to_signals(self) -> Iterator[None]:
        """A signal that this process was told to ignore (`nohup`) stays ignored."""
        names = ("SIGTERM", "SIGINT", "SIGHUP")
        heard = [one for name in names if signal.getsignal(one := getattr(signal, name)) is not signal.SIG_IGN]
        loop = asyncio.get_running_loop()
        for one in heard:
            loop.add_signal_handler(one, self._end)
        try:
            yield
        finally:
            for one in heard:
                loop.remove_signal_handler(one)

    def _end(self) -> None:
        """Tell all workers to end; told again, they do not wait for anybody. Who still hangs is killed."""
        again = self._stopping.is_set()
        self._stopping.set()
        for process in self._running.values():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        allowed_s = self._settings.drain_delay_s + self._settings.drain_s + HARD_STOP_S
        asyncio.get_running_loop().call_later((0 if again else allowed_s) + HARD_STOP_S, self._kill)

    def _kill(self) -> None:
        for number, process in self._running.items():
            log().error("worker killed", worker=number, pid=process.pid)
            self._clean = False
            with contextlib.suppress(ProcessLookupError):
                process.kill()
