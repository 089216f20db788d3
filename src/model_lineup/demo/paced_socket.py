"""The sockets of the paced provider: when a request came, by the kernel's stamp, and when a token had gone.

Written apart from the client whose measuring it judges: a truth must not come from the code that is to be tested. On
Linux a request counts from the moment when the kernel received it, so that this server's own delay in reading is part
of the truth, as a client feels it. A token has gone when `send` returned: on one machine the other side has it then.
"""

import asyncio
import select
import selectors
import socket
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress

_SO_TIMESTAMPNS = 35  # asm-generic/socket.h; Python has no name for it
_TIMESPEC = struct.Struct("@ll")
_READ_BYTES = 64 * 1024


class PunctualSelector(selectors.DefaultSelector):
    """Waits to the microsecond. epoll counts whole milliseconds, but `select` can wait for epoll, and it does not."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if sys.platform != "linux":
            return super().select(timeout)
        if timeout is None or timeout > 0:
            with suppress(InterruptedError):
                select.select([self.fileno()], [], [], timeout)
        return super().select(0)


class StampedSocket:
    """One accepted connection; `on_data(data, arrived_at)` and `on_end()` are called by the loop. Monotonic seconds.

    `sent_at`, `send_took_s`: when the last `write` had returned, and how long it took.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, sock: socket.socket) -> None:
        self.sent_at = 0.0
        self.send_took_s = 0.0
        self._loop = loop
        self._sock = sock
        self._fd = sock.fileno()
        self._unsent = b""
        self._closing = False
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def start(self, on_data: Callable[[bytes, float], None], on_end: Callable[[], None]) -> None:
        self._on_data, self._on_end = on_data, on_end
        self._loop.add_reader(self._fd, self._readable)

    def write(self, data: bytes) -> None:
        if self._fd < 0 or self._closing:
            return
        self._unsent += data
        began_at = time.monotonic()
        self._flush()
        self.sent_at = time.monotonic()
        self.send_took_s = self.sent_at - began_at

    def close(self) -> None:
        """Once everything is sent."""
        self._closing = True
        if not self._unsent:
            self._end()

    def _flush(self) -> None:
        try:
            self._unsent = self._unsent[self._sock.send(self._unsent) :]
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            self._end()
            return
        if self._unsent:
            self._loop.add_writer(self._fd, self._flush)
            return
        self._loop.remove_writer(self._fd)
        if self._closing:
            self._end()

    def _readable(self) -> None:
        try:
            data, ancillary, _, _ = self._sock.recvmsg(_READ_BYTES, 64)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data, ancillary = b"", []
        if data:
            self._on_data(data, _arrived_at(ancillary))
        else:
            self._end()

    def _end(self) -> None:
        if self._fd < 0:
            return
        self._loop.remove_reader(self._fd)
        self._loop.remove_writer(self._fd)
        self._fd = -1
        self._sock.close()
        self._on_end()


def listen(host: str, port: int) -> socket.socket:
    """Connections that it accepts inherit the request for stamps."""
    listener = socket.create_server((host, port), backlog=1024)
    listener.setblocking(False)
    if sys.platform == "linux":
        with suppress(OSError):
            listener.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    return listener


def accept_all(listener: socket.socket, accepted: Callable[[socket.socket], None]) -> None:
    """Whoever waits at the door."""
    with suppress(BlockingIOError, InterruptedError, ConnectionAbortedError):
        while True:
            accepted(listener.accept()[0])


def _arrived_at(ancillary: list[tuple[int, int, bytes]]) -> float:
    """The kernel's stamp on our clock; now where there is none."""
    now, wall_ns = time.monotonic(), time.time_ns()
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(data) == _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack(data)
            waited_s: float = (wall_ns - seconds * 1_000_000_000 - nanoseconds) / 1e9
            if 0 <= waited_s < 60:
                return now - waited_s
    return now
