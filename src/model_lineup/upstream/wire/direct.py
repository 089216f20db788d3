"""Writes to a socket in the step in which something is to be written.

uvloop keeps it until everything is dealt with that could be read in this turn of its loop, so that the first of a
thousand streams waits for the last one: half of the time that a token was on its way (measured 2026-11-23).
"""

import asyncio
import os


class Direct:
    """The way out over one plain connection; over TLS, and where there is no socket, the transport's own.

    What the kernel does not take the transport does, which also finds out what is wrong, and tells its protocol.
    """

    __slots__ = ("_number", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        sock = transport.get_extra_info("socket")
        is_plain = sock is not None and transport.get_extra_info("sslcontext") is None
        is_plain = is_plain and not hasattr(transport, "sent_at")  # a stamped one does so itself, and notes when
        self._number = sock.fileno() if is_plain else -1
        self._transport = transport

    def write(self, data: bytes) -> None:
        """All of it, in order, unless the connection is closing; it never waits."""
        transport = self._transport
        if transport.is_closing():
            return
        if self._number < 0 or transport.get_write_buffer_size():
            transport.write(data)
            return
        try:
            sent = os.write(self._number, data)
        except OSError:
            sent = 0
        if sent < len(data):
            transport.write(data[sent:])
