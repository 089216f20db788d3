"""The provider that misbehaves (`model_lineup.demo.faults`), as a process of its own, and what every test does with it.

A process of its own, so that sockets, threads and tasks that are left over here are ours.
"""

import asyncio
import gc
import json
import re
import subprocess
import sys
import threading
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import psutil
import pytest
import uvloop

from model_lineup.clock import tick
from model_lineup.upstream.contract import Endpoint, Timeouts
from tests.fakes.counts import HARD, count

What = Literal["list", "test", "plain"]
WIRES = ("openai", "anthropic", "google", "ollama", "azure")
LEEWAY_S = count(15.0, 1.0)
"""How long after its deadline an operation may end, as promised."""
DATABASE = re.compile(r"\.db(-wal|-shm)?$")
SHORT_S, LONG_S = (1.0, 20.0) if HARD else (0.4, 15.0)
"""Deadlines where a case runs into one, and where none may matter, however busy the machine is."""


@dataclass(frozen=True)
class Fault:
    """One case, as the server tells it."""

    case: str
    story: str
    expected: dict[str, str]
    slow: bool
    base_urls: dict[str, str]
    authority: str | None

    def deadline_s(self, what: What) -> float:
        """Short only where the case is about running into it; longer where something else has to be seen before."""
        if not self.slow or self.expected[what] == "passes":
            return LONG_S
        return SHORT_S if self.expected[what].partition("/")[0] in ("dns", "connect", "tls", "timeout") else 3.0

    def allows(self, what: What, outcome: str) -> bool:
        return outcome in self.expected[what].split(" or ")

    def fields(self, wire: str, what: What) -> dict[str, Any]:
        """Of a provider that meets this case."""
        limit = self.deadline_s(what)
        names = ("connect_s", "first_byte_s", "idle_s", "stream_total_s", "plain_total_s", "test_s")
        return {
            "base_url": self.base_urls[wire],
            "network_scope": "loopback",
            "ca_bundle": self.authority,
            "timeouts": dict.fromkeys(names, limit),
        }

    def endpoint(self, wire: str, what: What, key: str) -> Endpoint:
        """`key` also keeps the connections of one use apart from those of another: the pool asks for it."""
        fields = self.fields(wire, what)
        return Endpoint(wire, api_key=key, **{**fields, "timeouts": Timeouts(**fields["timeouts"])})


@dataclass
class Faults:
    """The running server."""

    origin: str
    pid: int
    cases: list[Fault] = field(default_factory=list)

    def one(self, name: str) -> Fault:
        return next(fault for fault in self.cases if fault.case == name)

    def pairs(self, *wires: str) -> list[tuple[Fault, str]]:
        """Every case in every one of these formats in which it can be said."""
        return [(fault, wire) for fault in self.cases for wire in wires if wire in fault.base_urls]

    def stats(self) -> Any:
        return self.read("/stats")

    def forget(self) -> None:
        self.read("/stats", method="DELETE")

    def read(self, path: str, method: str = "GET") -> Any:
        request = urllib.request.Request(self.origin + path, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def none_is_open(self, within_s: float = 3.0) -> bool:
        """Whether no connection to the server is left, now or soon."""
        ends_at = tick() + within_s
        while self.stats()["open"] > 0:
            if tick() > ends_at:
                return False
            threading.Event().wait(0.02)
        return True


@contextmanager
def running_faults() -> Iterator[Faults]:
    command = [sys.executable, "-m", "model_lineup.demo.faults"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        faults = Faults(process.stdout.readline().strip(), process.pid)
        names = ("case", "story", "expected", "slow", "base_urls", "authority")
        faults.cases = [Fault(**{name: entry[name] for name in names}) for entry in faults.read("/")["cases"]]
        try:
            yield faults
        finally:
            process.stdin.close()
            process.wait(10)


@dataclass(frozen=True)
class Belongings:
    """What this process holds (Linux tells it), but for the connections that a database keeps."""

    sockets: int
    files: int
    threads: int
    children: frozenset[int]

    @classmethod
    def now(cls) -> "Belongings":
        gc.collect()
        links = [link for link in _open_files() if not DATABASE.search(link)]
        children = frozenset(child.pid for child in psutil.Process().children(recursive=True))
        sockets = sum("socket:" in link for link in links)
        return cls(sockets, len(links) - sockets, threading.active_count(), children)

    def at_most(self, before: "Belongings") -> bool:
        counts = (self.sockets <= before.sockets, self.files <= before.files, self.threads <= before.threads)
        return all(counts) and self.children <= before.children


def _open_files() -> Iterator[str]:
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the one that lists them is gone by now
            yield str(link.readlink())


@asynccontextmanager
async def no_task_left() -> AsyncIterator[None]:
    """At the block's end no task more than at its start."""
    before = asyncio.all_tasks()
    yield
    await asyncio.sleep(0.02)  # transports close their sockets a few turns of the loop later
    left = asyncio.all_tasks() - before
    assert not left, left


@contextmanager
def nothing_left() -> Iterator[None]:
    """At the block's end no socket, file, thread or child more than at its start. Around a loop, which has its own."""
    uvloop.new_event_loop().close()  # the first one opens a pipe that stays
    before = Belongings.now()
    yield
    assert Belongings.now().at_most(before), (before, Belongings.now())


def must_be(bad: list[str]) -> None:
    """No deviation; else all of them."""
    if bad:
        pytest.fail("\n".join(sorted(bad)), pytrace=False)
