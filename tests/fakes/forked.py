"""Real servers that start in a tenth of the time: forked from a process that has imported Lineup already.

    with nursery() as servers:
        one = servers.start({"data_dir": ..., "admin_email": ...})
        servers.kill(one)

Each is a process of its own, with a port of its own, and serves as `lineup serve` does. `kill` is `kill -9`. All of
them end when the nursery does, however that ends.
"""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_NURSERY = """
import json, os, re, signal, sys, threading
from model_lineup.serving import serve
from model_lineup.settings import Settings
import alembic.command, alembic.config  # what the first start needs too

alive, held = os.pipe()  # closes with this process

def until_nursery_ends():
    os.read(alive, 1)
    os._exit(70)

def child(settings, say):
    os.close(held)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=until_nursery_ends, daemon=True).start()
    serve(Settings.model_validate(settings), tell=lambda words: os.write(say, words.encode() + b"\\n"))

for line in sys.stdin:
    order, value = json.loads(line)
    if order == "kill":
        os.kill(value, signal.SIGKILL)
        print(json.dumps(os.waitpid(value, 0)[1]), flush=True)
        continue
    hear, say = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.close(hear)
            child(value, say)
        finally:
            os._exit(1)
    os.close(say)
    said = b""
    while not (found := re.search(rb"listens on http://[^ ]*:(\\d+) ", said)):
        piece = os.read(hear, 65536)
        if not piece:
            break
        said += piece
    os.close(hear)
    print(json.dumps([pid, int(found[1]) if found else 0]), flush=True)
"""


@dataclass(frozen=True)
class Forked:
    pid: int
    port: int


class Nursery:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self, settings: Mapping[str, Any]) -> Forked:
        """Returns when it listens. Raises RuntimeError when it ends before; its log is the nursery's."""
        pid, port = self._order("start", {"host": "127.0.0.1", "port": 0, "log_level": "warning", **settings})
        if not port:
            raise RuntimeError("a forked server ended while starting")
        return Forked(pid, port)

    def kill(self, server: Forked) -> None:
        """`kill -9`; returns when it is gone."""
        self._order("kill", server.pid)

    def _order(self, order: str, value: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([order, value]) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@contextlib.contextmanager
def nursery(log: Path) -> Iterator[Nursery]:
    with (
        log.open("wb") as said,
        subprocess.Popen(
            [sys.executable, "-c", _NURSERY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True
        ) as process,
    ):
        try:
            yield Nursery(process)
        finally:
            process.kill()
