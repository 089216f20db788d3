"""Workers that begin as copies of the supervisor: it imports everything once, and they begin with that.

A copy is made while there is nothing in the process that must not be copied: no thread, no event loop, no connection,
no key ring. Linux alone; elsewhere, and for those that follow a worker that died, Python is started anew.
"""

import asyncio
import contextlib
import gc
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

TASKS = Path("/proc/self/task")


class Copy:
    """What the supervisor uses of an `asyncio.subprocess.Process`, for a copy of itself."""

    def __init__(self, pid: int, order: int, ready: int) -> None:
        """`order`: the end of a pipe that it reads; `ready`: of one that it writes."""
        self.pid = pid
        self.stdin = os.fdopen(order, "wb", buffering=0)
        self.stdout: asyncio.StreamReader | None = None
        self._ready = os.fdopen(ready, "rb", buffering=0)
        self._descriptor = os.pidfd_open(pid)
        self._code: int | None = None
        self._ended = asyncio.Event()

    async def listen(self) -> None:
        """From here on the running event loop hears of it."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), self._ready)
        self.stdout = reader
        loop.add_reader(self._descriptor, self._reap)

    async def wait(self) -> int:
        """The exit code; negative for the signal that ended it."""
        await self._ended.wait()
        assert self._code is not None  # nosec B101
        return self._code

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        if self._code is None:
            os.kill(self.pid, number)

    def _reap(self) -> None:
        _, status = os.waitpid(self.pid, 0)
        self._code = os.waitstatus_to_exitcode(status)
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)
        self.stdin.close()
        self._ended.set()

    def descriptors(self) -> tuple[int, int, int]:
        """What another copy must not keep: while it is open somewhere, this one does not see that its maker ended."""
        return self.stdin.fileno(), self._ready.fileno(), self._descriptor


def copies(how_many: int) -> list[Copy]:
    """Workers that wait for their order; none where this process cannot be copied."""
    if not _has_what_it_takes():
        return []
    from model_lineup.serving import worker  # with everything that workers need: a second of imports

    if not _is_alone():
        return []
    gc.collect()
    gc.freeze()  # what is never collected is never written to, and stays in memory once for all
    made: list[Copy] = []
    for _ in range(how_many):
        made.append(_copy(worker.main, made))
    return made


def _has_what_it_takes() -> bool:
    """Linux since 5.3, and the three standard descriptors, whose numbers no pipe must get."""
    if sys.platform != "linux" or not hasattr(os, "pidfd_open"):
        return False
    try:
        for standard in (0, 1, 2):
            os.fstat(standard)
        os.close(os.pidfd_open(os.getpid()))
    except OSError:
        return False
    return True


def _is_alone() -> bool:
    """No thread but this one, also none that Python does not know of."""
    return threading.active_count() == 1 and sum(1 for _ in TASKS.iterdir()) == 1


def _copy(run: Callable[[], int], before: list[Copy]) -> Copy:
    order, order_end = os.pipe()
    ready_end, ready = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        foreign = [order_end, ready_end, *(one for copy in before for one in copy.descriptors())]
        _live(run, order, ready, foreign)
    os.close(order)
    os.close(ready)
    return Copy(pid, order_end, ready_end)


def _live(run: Callable[[], int], order: int, ready: int, foreign: list[int]) -> NoReturn:
    """What a copy does, and all that it does: it never goes back to what its maker was doing."""
    code = 1
    with contextlib.suppress(BaseException), _told():
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for descriptor in foreign:
            os.close(descriptor)
        for descriptor, standard in ((order, 0), (ready, 1)):
            os.dup2(descriptor, standard)
            os.close(descriptor)
        sys.stdin = open(0, closefd=False)  # noqa: SIM115
        for name in [name for name in os.environ if name.upper().startswith("LINEUP_")]:
            del os.environ[name]
        code = run()
    sys.stderr.flush()
    os._exit(code)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except Exception:
        traceback.print_exc()
        raise
