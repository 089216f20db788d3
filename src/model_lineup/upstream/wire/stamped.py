"""A plain TCP transport that reads with `recvmsg` and so knows when the kernel received what it hands on.

For measuring: it sends inside `write`, not at the end of the loop's turn, and knows when. Works on asyncio's loops
and on uvloop. The protocol is given `receive(data, at)` where it has that, else `data_received(data)`.
"""

import asyncio
import select
import socket
from collections.abc import Callable, Iterable
from typing import Any, cast

from model_lineup.clock import tick
from model_lineup.upstream.wire.receipts import ANCILLARY_BYTES, Receipts

_READ_BYTES = 64 * 1024
_READS_AT_ONCE = 16


class StampedTransport(asyncio.Transport):
    """Owns a connected, non-blocking socket. `sent_at`: just before the system call that took the last byte written."""

    def __init__(self, loop: asyncio.AbstractEventLoop, sock: socket.socket, receipts: Receipts) -> None:
        super().__init__({"socket": sock})
        self.sent_at = 0.0
        self._loop = loop
        self._sock = sock
        self._fd = sock.fileno()
        self._receipts = receipts
        self._received_at = 0.0
        self._unsent = bytearray()
        self._reading = self._closing = self._lost = False
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        self._more = poll.poll  # a tenth of what a read costs that finds nothing

    def start(self, protocol: asyncio.BaseProtocol) -> None:
        """Hands the connection to a protocol, its first one or that of another layer, and reads from now on."""
        self.set_protocol(protocol)
        protocol.connection_made(self)
        self.resume_reading()

    # Of asyncio.Transport; what is left out nobody here calls.

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = cast(asyncio.Protocol, protocol)
        self._deliver: Callable[[bytes, float], None] = getattr(protocol, "receive", None) or self._unstamped

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def is_closing(self) -> bool:
        return self._closing

    def is_reading(self) -> bool:
        return self._reading

    def pause_reading(self) -> None:
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._fd)

    def resume_reading(self) -> None:
        if not self._reading and not self._closing:
            self._reading = True
            self._loop.add_reader(self._fd, self._readable)

    def write(self, data: Any) -> None:
        if self._closing:
            return
        if self._unsent:
            self._unsent += data
            return
        sent = self._send(data)
        if sent is not None and sent < len(data):
            self._unsent += memoryview(data)[sent:]
            self._loop.add_writer(self._fd, self._writable)

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        self.write(b"".join(list_of_data))

    def get_write_buffer_size(self) -> int:
        return len(self._unsent)

    def close(self) -> None:
        """Reads no more; closes once everything is sent."""
        if not self._closing:
            self.pause_reading()
            self._closing = True
            if not self._unsent:
                self._lose(None)

    def abort(self) -> None:
        self._lose(None)

    # What the loop calls.

    def _readable(self) -> None:
        """Reads until nothing is there: uvloop tells a reset that came with data once, and then stops watching."""
        for _ in range(_READS_AT_ONCE):
            if not self._reading or not self._read() or not self._more(0):
                return
        self._loop.call_soon(self._readable)

    def _read(self) -> bool:
        """Whether something came."""
        try:
            data, ancillary, _, _ = self._sock.recvmsg(_READ_BYTES, ANCILLARY_BYTES)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            self._lose(error)
            return False
        if not data:
            self.pause_reading()
            if not self._protocol.eof_received():
                self.close()
            return False
        at = self._receipts.stamp(ancillary)
        # A segment that overtook a lost one has the older stamp, but could be read no sooner than that one.
        self._received_at = at if at > self._received_at else self._received_at
        try:
            self._deliver(data, self._received_at)
        except Exception as error:
            context = {"message": "A protocol failed on what it received.", "exception": error, "transport": self}
            self._loop.call_exception_handler(context)
            self._lose(error)
        return True

    def _writable(self) -> None:
        sent = self._send(self._unsent)
        if sent is None:
            return
        del self._unsent[:sent]
        if not self._unsent:
            self._loop.remove_writer(self._fd)
            if self._closing:
                self._lose(None)

    # Helpers.

    def _send(self, data: Any) -> int | None:
        """How much the kernel took; None when the connection is lost."""
        at = tick()
        try:
            sent = self._sock.send(data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as error:
            self._lose(error)
            return None
        self.sent_at = at
        return sent

    def _unstamped(self, data: bytes, _at: float) -> None:
        self._protocol.data_received(data)

    def _lose(self, error: Exception | None) -> None:
        if self._lost:
            return
        self.pause_reading()
        self._lost = self._closing = True
        self._loop.remove_writer(self._fd)
        self._unsent.clear()
        self._loop.call_soon(self._tell, error)

    def _tell(self, error: Exception | None) -> None:
        """Later, as a protocol expects it: never from inside a call of its own."""
        try:
            self._protocol.connection_lost(error)
        finally:
            self._sock.close()
