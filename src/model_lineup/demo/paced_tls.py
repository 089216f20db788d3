"""TLS for the paced provider: the same stamps, with the work of encrypting between them and the words.

A request counts from the segment that completed its record; a token has gone when the `send` of its record returned.
"""

import ssl
from collections.abc import Callable

from model_lineup.demo.paced_socket import StampedSocket

_READ_BYTES = 64 * 1024


class StampedTlsSocket:
    """What `StampedSocket` is, over TLS."""

    def __init__(self, lower: StampedSocket, context: ssl.SSLContext) -> None:
        self._lower = lower
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._ready = False

    @property
    def sent_at(self) -> float:
        return self._lower.sent_at

    @property
    def send_took_s(self) -> float:
        return self._lower.send_took_s

    def start(self, on_data: Callable[[bytes, float], None], on_end: Callable[[], None]) -> None:
        self._on_data = on_data
        self._lower.start(self._receive, on_end)

    def write(self, data: bytes) -> None:
        self._tls.write(data)
        self._lower.write(self._outgoing.read())

    def close(self) -> None:
        """Once everything is sent."""
        self._lower.close()

    def _receive(self, data: bytes, arrived_at: float) -> None:
        self._incoming.write(data)
        try:
            if not self._ready:
                self._tls.do_handshake()
                self._ready = True
            while plain := self._tls.read(_READ_BYTES):
                self._on_data(plain, arrived_at)
            self._lower.close()
        except ssl.SSLWantReadError:
            if self._outgoing.pending:
                self._lower.write(self._outgoing.read())
        except ssl.SSLError:
            self._lower.close()


def context_of(certificate: str, key: str) -> ssl.SSLContext:
    """Of PEM files."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
