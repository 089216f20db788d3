"""Many who send as slowly as they can, heads and bodies: they are cut off in time, and nobody else notices."""

import contextlib
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes import counts
from tests.fakes.server import Server, running_server
from tests.shell.raw import BODY_S

HEAD = b"GET /livez HTTP/1.1\r\nhost: x\r\nx-slow: "
BODY = b"POST %s HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\ncontent-type: application/json\r\n\r\n{"
STARTS = (HEAD, BODY % b"/api/auth/login", BODY % b"/v1/messages")
DRIP_EVERY_S = 0.5


class Slow:
    """Connections that send a byte now and then. `cut_after_s`: how long each that was cut off had been open."""

    def __init__(self, server: Server, number: int) -> None:
        self._poll = select.poll()
        self._open: dict[int, tuple[socket.socket, float]] = {}
        self.cut_after_s: list[float] = []
        for start in (STARTS * number)[:number]:
            connection = server.raw(start)
            connection.setblocking(False)
            self._poll.register(connection, select.POLLIN)
            self._open[connection.fileno()] = (connection, time.monotonic())

    def go_on(self, within_s: float) -> int:
        """Until all are cut off; how many are not."""
        deadline, drip_at = time.monotonic() + within_s, 0.0
        while self._open and time.monotonic() < deadline:
            for descriptor, _ in self._poll.poll(50):
                self._read(descriptor)
            if time.monotonic() > drip_at:
                drip_at = time.monotonic() + DRIP_EVERY_S
                self._drip()
        left = len(self._open)
        for connection, _ in self._open.values():
            connection.close()
        return left

    def _read(self, descriptor: int) -> None:
        connection, opened_at = self._open[descriptor]
        with contextlib.suppress(OSError):
            if connection.recv(65536):
                return
        self.cut_after_s.append(time.monotonic() - opened_at)
        self._poll.unregister(descriptor)
        connection.close()
        del self._open[descriptor]

    def _drip(self) -> None:
        for connection, _ in self._open.values():
            with contextlib.suppress(OSError):
                connection.send(b"a")


@contextlib.contextmanager
def healthy(server: Server) -> Iterator[list[float]]:
    """How long each request of a good caller takes, in seconds, one after the other meanwhile."""
    times: list[float] = []
    over = threading.Event()

    def ask() -> None:
        client = server.client()
        while not over.wait(0.005):
            began = time.monotonic()
            assert client.get("/livez").status == 200
            times.append(time.monotonic() - began)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield times
    finally:
        over.set()
        thread.join()


@pytest.mark.hard
def test_who_sends_slowly_is_cut_off_and_nobody_else_notices(
    hasty: Server, tmp_path: Path, did: Callable[[str], None]
) -> None:
    """In full: 500 connections against the limits as they are by default, cut within 12 s."""
    number, limit_s = counts.count((90, BODY_S + 8), (500, 12.0))
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(running_server(tmp_path / "patient")) if counts.HARD else hasty
        slow = Slow(server, number)
        with healthy(server) as times:
            left = slow.go_on(limit_s + 5)
    times.sort()
    p99_ms = times[int(len(times) * counts.count(0.9, 0.99))] * 1000
    did(f"{number} slow connections, the last cut after {max(slow.cut_after_s):.1f} s; healthy p99 {p99_ms:.1f} ms")
    assert left == 0
    assert max(slow.cut_after_s) <= limit_s
    assert p99_ms < counts.count(1_000, 100)
