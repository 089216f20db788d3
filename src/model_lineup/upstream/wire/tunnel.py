"""The talk with a CONNECT proxy, until it has opened the tunnel."""

import asyncio
import re
from typing import cast

from model_lineup.upstream.wire.faults import ProxyFailed
from model_lineup.upstream.wire.origin import Origin

_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})[ \r]")
_MAX_HEAD_BYTES = 16 * 1024


class Tunnel(asyncio.Protocol):
    """Sends CONNECT when the connection stands; `opened` then tells how it went."""

    def __init__(self, loop: asyncio.AbstractEventLoop, target: Origin) -> None:
        self.opened: asyncio.Future[None] = loop.create_future()
        self._authority = f"{target.bracketed_host}:{target.port}"
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        connect = f"CONNECT {self._authority} HTTP/1.1\r\nhost: {self._authority}\r\n\r\n"
        cast(asyncio.WriteTransport, transport).write(connect.encode("ascii"))  # uvloop's is no subclass

    def data_received(self, data: bytes) -> None:
        self._head += data
        _, end, surplus = self._head.partition(b"\r\n\r\n")
        status = _STATUS.match(self._head)
        if not end and len(self._head) <= _MAX_HEAD_BYTES:
            return
        if status is None or not end or surplus:
            self._settle(ProxyFailed("The proxy's answer to CONNECT cannot be read."))
        elif not 200 <= int(status[1]) <= 299:
            code = int(status[1])
            self._settle(ProxyFailed(f"The proxy refuses a tunnel to {self._authority}: status {code}.", status=code))
        else:
            self._settle(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._settle(ProxyFailed("The proxy closed the connection without opening a tunnel."))

    def _settle(self, failure: ProxyFailed | None) -> None:
        if self.opened.done():
            return
        if failure is None:
            self.opened.set_result(None)
        else:
            self.opened.set_exception(failure)
