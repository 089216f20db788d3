"""One connection to one origin: writes a request, waits for its response, and keeps the deadlines.

Everything happens in callbacks of the transport; a caller waits at an `Inbox`. Every way out is synchronous.
"""

import asyncio
import select
import ssl
from typing import TYPE_CHECKING, cast

from model_lineup.clock import tick
from model_lineup.upstream.wire.direct import Direct
from model_lineup.upstream.wire.faults import (
    ClientClosed,
    ConnectionBroken,
    DeadlinePassed,
    Phase,
    TlsFailed,
    Truncated,
    WireError,
)
from model_lineup.upstream.wire.inbox import Inbox
from model_lineup.upstream.wire.reader import Reader
from model_lineup.upstream.wire.shapes import Deadlines
from model_lineup.upstream.wire.watch import EARLY_S, Watch

if TYPE_CHECKING:
    from model_lineup.upstream.wire.pool import Key, Pool

STALE_WINDOW_S = 1.0
"""A pooled connection closed this soon after a request: the close was on its way already. Later, it is an answer."""

_JOIN_UNDER = 32 * 1024


class Connection(asyncio.BufferedProtocol):
    """Lives from dialling to loss; the pool holds it while it is idle."""

    def __init__(self, loop: asyncio.AbstractEventLoop, pool: "Pool", key: "Key", max_head_bytes: int) -> None:
        self.key = key
        self._pool = pool
        self._reader = Reader(max_head_bytes)
        self._watch = Watch(loop, self._due)
        self._transport: asyncio.Transport | None = None
        self._poll: select.poll | None = None
        self._inbox: Inbox | None = None
        self._was_idle = False
        self._was_used = False

    # For the client and the pool.

    def begin(self, head: bytes, body: bytes, *, started: float, deadlines: Deadlines) -> Inbox:
        """Send a request; its response comes into the inbox. `started`: when the caller's clock began to run.

        Raises ConnectionBroken.
        """
        transport = self._transport
        if transport is None or transport.is_closing():  # uvloop raises RuntimeError when a closed one is written to
            raise ConnectionBroken("The connection was closed.", stale_connection=self._was_idle)
        inbox = self._inbox = Inbox(self)
        inbox.reused, self._was_used = self._was_used, True
        self._deadlines = deadlines
        self._total_at = started + deadlines.total_s
        # Before the write: a process that is interrupted right after it must not measure less than a caller waits.
        inbox.sent_at = self._sent_at = self._received_at = tick()
        if len(body) < _JOIN_UNDER:
            self._write(head + body)
        else:
            transport.writelines((head, body))
        self._watch.set(min(self._total_at, self._sent_at + deadlines.first_byte_s))
        return inbox

    def park(self, until: float) -> None:
        """Idle in the pool; a byte or an end that comes now closes it."""
        self._was_idle = True
        self._watch.set(until)

    def is_usable(self) -> bool:
        """Asked when it is taken from the pool: open, and nothing waiting to be read that the loop has not seen yet."""
        if self._transport is None or self._transport.is_closing():
            return False
        return self._poll is None or not self._poll.poll(0)

    def abort(self, error: WireError | None = None) -> None:
        """Close at once; an exchange under way ends with `error`."""
        inbox, self._inbox = self._inbox, None
        self._watch.clear()
        if inbox is not None:
            inbox.end(error or ClientClosed("The connection was closed on this side."))
        if self._transport is not None:
            self._transport.abort()

    def never_made(self) -> None:
        """Dialling failed, so that nobody will call `connection_lost`: let go what would hold this in a circle."""
        self._watch.end()
        self._reader.release()

    # For the inbox.

    def hold(self) -> None:
        if self._transport is not None:
            self._transport.pause_reading()
            self._watch.set(self._total_at)

    def go_on(self) -> None:
        if self._transport is not None:
            self._transport.resume_reading()
            self._received_at = tick()
            self._watch_body()

    def drop(self) -> None:
        self.abort()

    # For the transport.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = here = cast(asyncio.Transport, transport)
        self._write = Direct(here).write if self.key.origin.scheme == "http" else here.write
        sock = transport.get_extra_info("socket")
        if sock is not None and hasattr(select, "poll"):
            self._poll = select.poll()
            self._poll.register(sock.fileno(), select.POLLIN)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Shared by all connections: what was read is taken out of it in the same call of the loop."""
        return self._pool.reading

    def buffer_updated(self, nbytes: int) -> None:
        self.receive(bytes(self._pool.reading[:nbytes]), tick())

    def receive(self, data: bytes, at: float) -> None:
        """`at`: `clock.tick()` of the receipt, which a transport that asks the kernel knows better."""
        inbox, reader = self._inbox, self._reader
        if inbox is None:
            self.abort()
            return
        if at > self._received_at:  # what waited while we held may have come before we went on
            self._received_at = at
        body = reader.feed(data, at)
        if inbox.head is None and reader.head is not None:
            inbox.sent_at = getattr(self._transport, "sent_at", inbox.sent_at)
            inbox.head = reader.head
            self._watch_body()
        if body:
            inbox.put(body, at)
        if reader.complete:
            self._finish()
        elif reader.fault is not None:
            self.abort(reader.fault)
        elif reader.head is not None:
            inbox.wake()

    def eof_received(self) -> None:
        self._ended(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._ended(error)
        self._watch.end()
        self._reader.release()
        self._transport = self._poll = None
        del self._write
        self._pool.forget(self)

    # Helpers.

    def _finish(self) -> None:
        """The response is complete: the connection goes back to the pool, or is closed, before the caller reads on."""
        inbox, transport = self._inbox, self._transport
        assert inbox is not None
        assert transport is not None
        self._inbox = None
        if not self._reader.reusable or transport.is_closing() or transport.get_write_buffer_size() > 0:
            self.abort()
        else:
            if inbox.is_full:
                transport.resume_reading()
            self._reader.expect()
            self._pool.put(self)
        inbox.end()

    def _ended(self, error: Exception | None) -> None:
        """The other side closed, or the connection broke. A response that was awaited ends with it."""
        if self._inbox is None:
            return
        heard = self._reader.heard
        if error is None and self._reader.end():
            self._finish()
        elif isinstance(error, ssl.SSLError):
            self.abort(TlsFailed(f"The TLS connection broke: {error.reason}.", before_first_byte=not heard))
        elif heard:
            self.abort(Truncated("The connection was closed before the response was complete."))
        else:
            stale = self._was_idle and tick() - self._sent_at < STALE_WINDOW_S
            self.abort(ConnectionBroken("The connection was closed without a response.", stale_connection=stale))

    def _body_due(self) -> float:
        return min(self._total_at, self._received_at + self._deadlines.idle_s)

    def _watch_body(self) -> None:
        self._watch.set(self._body_due())

    def _due(self) -> None:
        """A deadline passed, or an idle connection expired, or a body that came on since is not late."""
        inbox = self._inbox
        if inbox is not None and inbox.head is not None and not inbox.is_full and self._body_due() > tick() + EARLY_S:
            self._watch_body()
            return
        self.abort(self._deadline_passed() if self._inbox is not None else None)

    def _deadline_passed(self) -> DeadlinePassed:
        reader, deadlines = self._reader, self._deadlines
        before_first_byte = not reader.heard
        if self._total_at <= tick() + EARLY_S:
            phase: Phase = "head" if reader.head is None else "body"
            return DeadlinePassed("total", phase, deadlines.total_s, before_first_byte=before_first_byte)
        if reader.head is None:
            return DeadlinePassed("first_byte", "head", deadlines.first_byte_s, before_first_byte=before_first_byte)
        return DeadlinePassed("idle", "body", deadlines.idle_s, before_first_byte=False)
