"""uvicorn's HTTP protocol, made careful: of slow, large and malformed heads, and of clients that do not read."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from model_lineup.errors import BadRequest, HeadTooLarge, LineupError
from model_lineup.shell import refusal

LARGEST_HEAD = 32 * 1024
MOST_HEADERS = 100
UNWANTED_REST_S = 1.5
"""After its answer, a request that is still being sent."""


def careful_protocol(head_s: float, write_stall_s: float) -> type[HttpToolsProtocol]:
    """uvicorn's protocol, but a request head must come whole in time, be of bounded size, and its refusals be ours.

    A client that leaves more than the transport buffers (64 KiB) unread for `write_stall_s` is cut off. One that goes
    on sending a request that was answered is, too: to uvicorn each byte of it is a sign of life.
    """

    class CarefulProtocol(HttpToolsProtocol):
        _head_timer: asyncio.TimerHandle | None = None
        _stall_timer: asyncio.TimerHandle | None = None
        _rest_timer: asyncio.TimerHandle | None = None
        _head_size = 0
        _arrived = 0
        _head_is_too_large = False
        _in_message = False

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            transport.set_write_buffer_limits(high=32 * 1024)  # as much of the provider's is held beside it
            self._head_timer = self.loop.call_later(head_s, transport.close)

        def data_received(self, data: bytes) -> None:
            waiting_for_head = self._head_timer is not None
            self._arrived = self._head_size + len(data)
            super().data_received(data)
            if waiting_for_head and self._head_timer is not None:  # still: all of it was head
                self._head_size += len(data)
                if self._head_size > LARGEST_HEAD and not self.transport.is_closing():
                    self._refuse_large_head()

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._head_size = 0
            self._in_message = True
            if self._head_timer is None:
                self._head_timer = self.loop.call_later(head_s, self.transport.close)

        def on_header(self, name: bytes, value: bytes) -> None:
            super().on_header(name, value)
            if len(self.headers) > MOST_HEADERS:
                raise ValueError("too many headers")  # ends in `send_400_response`

        def on_headers_complete(self) -> None:
            if self._arrived > LARGEST_HEAD and self._size_of_head() > LARGEST_HEAD:
                self._head_is_too_large = True
                raise ValueError("too large a head")  # ends in `send_400_response`
            self._disarm()
            super().on_headers_complete()

        def on_message_complete(self) -> None:
            self._in_message = False
            if self._rest_timer is not None:
                self._rest_timer.cancel()
                self._rest_timer = None
            super().on_message_complete()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            if self._in_message and self._rest_timer is None and not self.transport.is_closing():
                self._rest_timer = self.loop.call_later(UNWANTED_REST_S, self.transport.close)

        def pause_writing(self) -> None:
            super().pause_writing()
            if self._stall_timer is None:
                self._stall_timer = self.loop.call_later(write_stall_s, self.transport.abort)

        def resume_writing(self) -> None:
            if self._stall_timer is not None:
                self._stall_timer.cancel()
                self._stall_timer = None
            super().resume_writing()

        def connection_lost(self, exc: Exception | None) -> None:
            self._disarm()
            for timer in (self._stall_timer, self._rest_timer):
                if timer is not None:
                    timer.cancel()
            super().connection_lost(exc)

        def send_400_response(self, msg: str) -> None:
            if self._head_is_too_large:
                self._refuse_large_head()
            else:
                self._refuse(BadRequest(f"This is not an HTTP/1.1 request with at most {MOST_HEADERS} headers."))

        def _size_of_head(self) -> int:
            """Bytes, at least."""
            return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

        def _refuse_large_head(self) -> None:
            self._refuse(HeadTooLarge(f"The request head is larger than {LARGEST_HEAD // 1024} KiB."))

        def _refuse(self, error: LineupError) -> None:
            """Answer and close, unless an earlier request of this connection is still being answered."""
            cycle = self.cycle
            if cycle is None or cycle.response_complete or (cycle.more_body and not cycle.response_started):
                self.transport.write(refusal(error))
            self.transport.close()

        def _disarm(self) -> None:
            if self._head_timer is not None:
                self._head_timer.cancel()
                self._head_timer = None

    return CarefulProtocol
