"""TLS over a stamping transport: what a record holds was received when the record's last segment was.

The event loops' own TLS hides its transport, and with it the stamps; so here `ssl` works on memory, between the
`StampedTransport` below and the connection above. Certificates are verified by the same contexts as everywhere.
"""

import asyncio
import ssl
from collections.abc import Iterable
from typing import Any

from model_lineup.upstream.wire.stamped import StampedTransport

_RECORD_BYTES = 64 * 1024


class StampedTls(asyncio.Transport, asyncio.Protocol):
    """The protocol of the transport below, and the transport of the protocol above."""

    def __init__(self, lower: StampedTransport, context: ssl.SSLContext, host: str) -> None:
        super().__init__()
        self._lower = lower
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._upper: Any = None
        self._at = 0.0

    async def handshake(self, upper: asyncio.BaseProtocol) -> None:
        """Then `upper` has its connection. Raises OSError, mostly `ssl.SSLError`."""
        self._advance()
        await self._ready
        if self._lower.is_closing():
            raise ConnectionResetError
        self._upper = upper
        upper.connection_made(self)
        if self._incoming.pending:
            self._decrypt(self._at)

    @property
    def sent_at(self) -> float:
        """As of the transport below, when it took the last record."""
        return self._lower.sent_at

    # As a protocol.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The transport is known already."""

    def receive(self, data: bytes, at: float) -> None:
        self._incoming.write(data)
        self._at = at
        if not self._ready.done():
            self._advance()
        elif self._upper is not None:
            self._decrypt(at)

    def eof_received(self) -> bool:
        if not self._ready.done():
            self._ready.set_exception(ConnectionResetError())
        elif self._upper is not None:
            self._upper.eof_received()
        return False

    def connection_lost(self, error: Exception | None) -> None:
        if not self._ready.done():
            self._ready.set_exception(error or ConnectionResetError())
        elif self._upper is not None:
            self._upper.connection_lost(error)

    # As a transport.

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._lower.get_extra_info(name, default)

    def write(self, data: Any) -> None:
        unwritten = memoryview(data)
        try:
            while unwritten and not self._lower.is_closing():
                unwritten = unwritten[self._tls.write(unwritten) :]
        except OSError as error:
            asyncio.get_running_loop().call_soon(self._fail, error)
            return
        self._flush()

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        self.write(b"".join(list_of_data))

    def get_write_buffer_size(self) -> int:
        return self._lower.get_write_buffer_size()

    def is_closing(self) -> bool:
        return self._lower.is_closing()

    def pause_reading(self) -> None:
        self._lower.pause_reading()

    def resume_reading(self) -> None:
        self._lower.resume_reading()

    def close(self) -> None:
        self._lower.close()

    def abort(self) -> None:
        self._lower.abort()

    # Helpers.

    def _advance(self) -> None:
        """One more step of the handshake. An alert that says why it failed is still sent."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
        except OSError as error:
            self._flush()
            self._ready.set_exception(error)
        else:
            self._flush()
            self._ready.set_result(None)

    def _decrypt(self, at: float) -> None:
        """All complete records, as one piece: they share the stamp of the segment that completed them."""
        pieces: list[bytes] = []
        ended = False
        try:
            while piece := self._tls.read(_RECORD_BYTES):
                pieces.append(piece)
            ended = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            ended = True
        except OSError as error:
            self._flush()
            self._fail(error)
            return
        if self._outgoing.pending:
            self._flush()
        if pieces:
            self._upper.receive(b"".join(pieces), at)
        if ended:
            self._upper.eof_received()
            self._lower.close()

    def _fail(self, error: OSError) -> None:
        """What came is not what was sent: the connection ends with that."""
        upper, self._upper = self._upper, None
        if upper is not None:
            upper.connection_lost(error)
        self._lower.abort()

    def _flush(self) -> None:
        waiting = self._outgoing.read()
        if waiting:
            self._lower.write(waiting)
