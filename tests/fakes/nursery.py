"""Servers without the second that Python takes to import Lineup: one process imports it once, and forks on demand.

It has opened an instance too, so that its forks find the statements of a start compiled. And it hashes passwords
cheaply, but for servers with `dear_passwords`: what a hash has to cost is held in tests/access.

A fork is a process of its own: it is killed, signalled and measured like any other, and reads its settings from its own
environment. What a start from nothing does is tested where it matters, by `lineup serve` and `lineup demo` in
tests/cli, tests/docs and tests/journeys. Linux alone; elsewhere, and for servers that make processes of their own
from scratch, `tests.fakes.server` starts Python anew.
"""

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import IO

WORKS_HERE = sys.platform == "linux"
_PRELOADED = (
    "model_lineup.serving",
    "model_lineup.app",  # what `serve` imports only when it comes to it
    "model_lineup.faces",
    "model_lineup.operations.preflight",
    "model_lineup.serving.disk",
    "model_lineup.serving.server",
    "anyio._backends._asyncio",  # what FastAPI imports with its first request
    "alembic.command",
    "alembic.config",
    "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite.pysqlite",
    "uvicorn.lifespan.on",
    "uvloop",
)


LATE = "imported only after the fork"


class _Late(MetaPathFinder):
    """Says in the server's log which modules of Lineup every fork has to import anew; `_PRELOADED` should name them."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.startswith("model_lineup."):
            print(f"{LATE}: {name}", file=sys.stderr, flush=True)


class Forked:
    """What tests use of a `subprocess.Popen`, for a process that is the nursery's child and not ours."""

    def __init__(self, report: socket.socket, stdin: IO[bytes], stdout: IO[bytes]) -> None:
        self._report = report.makefile("rb")
        report.close()
        self.stdin = stdin
        self.stdout = stdout
        self.pid = int(self._report.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code, or None while it runs; negative for the signal that killed it."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(["(forked server)"], timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it may have ended since
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _ended(self, within_s: float | None) -> int | None:
        if self.returncode is None and select.select([self._report], [], [], within_s)[0]:
            self.returncode = int(self._report.readline() or -signal.SIGKILL)  # nothing: the nursery itself is gone
            self._report.close()
        return self.returncode


def fork_server(environment: Mapping[str, str], stderr: IO[bytes]) -> Forked:
    """A new server with this whole environment; its log goes to `stderr`."""
    stdin, stdin_end = os.pipe()
    stdout_end, stdout = os.pipe()
    report, report_end = socket.socketpair()
    message = json.dumps(dict(environment)).encode() + b"\n"
    try:
        socket.send_fds(_nursery(), [message], [report_end.fileno(), stdin, stdout, stderr.fileno()])
    finally:
        report_end.close()
        os.close(stdin)
        os.close(stdout)
    return Forked(report, os.fdopen(stdin_end, "wb"), os.fdopen(stdout_end, "rb", buffering=0))


@functools.cache
def _nursery() -> socket.socket:
    """The way to the nursery of this test process. It goes with the tests, when this socket is closed."""
    ours, theirs = socket.socketpair()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = [sys.executable, "-W", "error::ResourceWarning", "-m", "tests.fakes.nursery", str(theirs.fileno())]
    with theirs:
        process = subprocess.Popen(
            command,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            env=environment,
            cwd=Path(__file__).parents[2],
        )

    def end() -> None:
        ours.close()
        process.wait(10)

    atexit.register(end)
    return ours


def _watch_the_tests() -> None:
    while os.read(0, 4096):
        pass
    os._exit(70)


def serve() -> None:
    """Be the server that the environment describes, until standard input ends or a signal comes."""
    from model_lineup.serving import serve
    from model_lineup.settings import load
    from tests.fakes import loop_guard

    loop_guard.install()
    threading.Thread(target=_watch_the_tests, daemon=True).start()
    serve(load().settings, allow_remote_setup=os.environ.get("ALLOW_REMOTE_SETUP") == "1")


class _Nursery:
    """Runs in the process that forks. `run` returns in the children, each of which then is a server."""

    def __init__(self, orders: socket.socket) -> None:
        self._orders = orders
        self._reports: dict[int, socket.socket] = {}
        self._child_ended, wakeup = os.pipe()
        os.set_blocking(wakeup, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wakeup)

    def run(self) -> None:
        while True:
            ready = select.select([self._orders.fileno(), self._child_ended], [], [])[0]
            if self._child_ended in ready:
                os.read(self._child_ended, 4096)
                self._report_the_ended()
            if self._orders.fileno() in ready:
                message, handles, _, _ = socket.recv_fds(self._orders, 1 << 16, 4)
                if not message:
                    os._exit(0)
                while not message.endswith(b"\n"):
                    message += self._orders.recv(1 << 16)
                if self._is_child(handles):
                    os.environ.clear()
                    os.environ.update(json.loads(message))
                    return

    def _is_child(self, handles: list[int]) -> bool:
        pid = os.fork()
        if pid == 0:
            self._let_go()
            for number, handle in enumerate(handles[1:]):
                os.dup2(handle, number)
            os.closerange(3, 1024)
            return True
        report = socket.socket(fileno=handles[0])
        report.sendall(b"%d\n" % pid)
        self._reports[pid] = report
        for handle in handles[1:]:
            os.close(handle)
        return False

    def _let_go(self) -> None:
        """In a child: nothing of the nursery's stays, and no object of it closes a number that is used again."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for sock in (self._orders, *self._reports.values()):
            sock.detach()

    def _report_the_ended(self) -> None:
        for pid in list(self._reports):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                with self._reports.pop(pid) as report:
                    report.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))


def _warm_up() -> None:
    from model_lineup.app import open_instance
    from model_lineup.faces import build
    from model_lineup.settings import Settings
    from tests.fakes import compiled

    compiled.share()
    with (
        tempfile.TemporaryDirectory(prefix="lineup-nursery-") as folder,
        open_instance(Settings.model_validate({"data_dir": Path(folder) / "data"})) as rooms,
    ):
        build(rooms)


def _hash_passwords_cheaply() -> None:
    from model_lineup.access import passwords
    from tests.fakes.hashes import CHEAP

    passwords._HASHER = CHEAP
    passwords._hash_of_nobody.cache_clear()
    passwords._hash_of_nobody()


def main(orders: int) -> None:
    for module in _PRELOADED:
        importlib.import_module(module)
    _warm_up()
    assert threading.active_count() == 1, "a fork would lose a thread that an import started"
    gc.collect()
    gc.freeze()
    _Nursery(socket.socket(fileno=orders)).run()
    sys.meta_path.insert(0, _Late())
    if os.environ.get("DEAR_PASSWORDS") != "1":
        _hash_passwords_cheaply()
    serve()


if __name__ == "__main__":
    main(int(sys.argv[1]))
