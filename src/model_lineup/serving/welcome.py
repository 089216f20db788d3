"""Takes new connections as many at a time as wait.

libuv takes one in each turn of its loop (since 1.45). A turn of a worker that carries 600 streams takes 30 ms: of a
thousand callers who came within a second, the last got the first byte of an answer after ten (measured 2026-11-23).
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable

MOST_AT_ONCE = 64
"""Those who are served already wait meanwhile, a few milliseconds at most."""


class Welcome:
    """Whoever is told of a new connection calls `others_too`, and those who wait behind it are taken with it."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._protocol: Callable[[], asyncio.Protocol] | None = None
        self._coming: set[asyncio.Task[object]] = set()

    def begin(self, protocol: Callable[[], asyncio.Protocol]) -> None:
        """`protocol`: makes one for each connection."""
        self._listener.setblocking(False)
        self._protocol = protocol

    def others_too(self) -> None:
        """Without waiting. What is wrong with a listener the event loop hears, too, and knows better what to do."""
        if self._protocol is None:
            return
        loop = asyncio.get_running_loop()
        for _ in range(MOST_AT_ONCE):
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setblocking(False)
            coming = loop.create_task(self._let_in(self._protocol, connection))
            self._coming.add(coming)
            coming.add_done_callback(self._coming.discard)

    async def end(self) -> None:
        """No more are taken; those who were are with their protocol."""
        self._protocol = None
        if self._coming:
            await asyncio.wait(self._coming)

    async def _let_in(self, protocol: Callable[[], asyncio.Protocol], connection: socket.socket) -> None:
        """One that is gone again is let go."""
        with contextlib.suppress(OSError):
            await asyncio.get_running_loop().connect_accepted_socket(protocol, connection)
