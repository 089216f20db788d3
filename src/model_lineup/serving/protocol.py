"""One client connection: requests are read as they come, and answered one after the other.

Our own, on httptools, beneath uvicorn's server: a general one costs 30 µs more for a small request, and knows nothing
of slow, large and malformed heads, nor of clients that do not read. `cycle` is one request and its answer.
docs/decisions/0032-what-a-request-costs.md.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, cast

import httptools
from uvicorn import Config
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.utils import get_local_addr, get_remote_addr
from uvicorn.server import ServerState

from model_lineup.clock import tick
from model_lineup.errors import BadRequest, HeadTooLarge, LineupError
from model_lineup.serving.cycle import Cycle
from model_lineup.serving.known import KnownHead, known_head
from model_lineup.shell import Underway, refusal
from model_lineup.upstream.wire.direct import Direct
from model_lineup.upstream.wire.watch import Watch

LARGEST_HEAD = 32 * 1024
MOST_HEADERS = 100
UNREAD_BODY = 64 * 1024
HEADS_LEARNT = 8
"""On one connection; who sends another one each time is read each time."""
UNWANTED_REST_S = 1.5
"""After its answer, a request that is still being sent."""


def _nothing() -> None:
    """What is done by default when a client has come."""


def careful_protocol(
    head_s: float, write_stall_s: float, *, on_client: Callable[[], None] = _nothing
) -> type["Connection"]:
    """A request head must come whole within `head_s`. A client that leaves more than the transport buffers (32 KiB)
    unread for `write_stall_s` is cut off. `on_client` is called when one has come."""

    class Careful(Connection):
        pass

    Careful.head_s, Careful.write_stall_s, Careful.on_client = head_s, write_stall_s, staticmethod(on_client)
    return Careful


class Connection(asyncio.Protocol):
    """uvicorn's server makes it, keeps it in `connections`, and calls `shutdown` at the end.

    One timer serves for the head that must come in time and for the idle connection, which never are at once.
    """

    head_s = 10.0
    write_stall_s = 60.0
    on_client = staticmethod(_nothing)

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.app = config.loaded_app
        self._at_once = getattr(self.app, "at_once", _never)
        self.loop = _loop or asyncio.get_running_loop()
        self._keep_alive_s = config.timeout_keep_alive
        self._server = server_state
        self._parser: Any = httptools.HttpRequestParser(self)
        self._parser.set_dangerous_leniencies(lenient_data_after_close=True)  # it may pipeline, and then want an end
        self._watch = Watch(self.loop, self._waited_long_enough)
        self._stall_timer: asyncio.TimerHandle | None = None
        self._rest_timer: asyncio.TimerHandle | None = None
        self._answering: Cycle | None = None
        self._receiving: Cycle | None = None
        self._queue: deque[Cycle] = deque()
        self._in_head, self._in_message = True, False
        self._known: KnownHead | None = None
        self._may_know, self._requests = HEADS_LEARNT, 0
        self._head_size, self._arrived, self._head_is_too_large = 0, 0, False

    # For uvicorn's server.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._server.connections.add(cast(Any, self))
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=32 * 1024)  # as much of the provider's is held beside it
        self.write = Direct(self.transport).write
        self.flow = FlowControl(self.transport)
        self.here, self.there = get_local_addr(self.transport), get_remote_addr(self.transport)
        self._watch.set(tick() + self.head_s)
        self.on_client()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.connections.discard(cast(Any, self))
        self._watch.end()
        for timer in (self._stall_timer, self._rest_timer):
            if timer is not None:
                timer.cancel()
        self._queue.clear()
        self.flow.resume_writing()
        answering, self._answering = self._answering, None
        if answering is not None:
            answering.caller_left()
        self._parser = self._receiving = self._known = None  # they hold us, and we them

    def shutdown(self) -> None:
        """The last answer is finished; nothing more is taken."""
        self._queue.clear()
        if self._answering is None:
            self.transport.close()
        else:
            self._answering.keep_alive = False

    # For the transport.

    def data_received(self, data: bytes) -> None:
        if self._in_message:
            self._received(data)
        elif self._known is None or not self._begins_like_the_last(self._known, data):
            before = self._receiving
            self._received(data)
            if self._may_know and self._requests > 1 and not self._in_message and self._receiving is not before:
                self._may_know -= 1
                self._known = known_head(data, self._receiving)

    def _begins_like_the_last(self, known: KnownHead, data: bytes) -> bool:
        """Takes a whole request whose head is that of the last one but for its length: it is read already."""
        body = None if self._answering is not None or self._queue else known.body_in(data)
        if body is None or len(body) > UNREAD_BODY or self.transport.is_closing():
            return False
        self._in_head = False
        self._watch.lift()
        cycle = self._receiving = known.again(self, len(body))
        cycle.add(body)
        cycle.request_complete()
        self._begin(cycle)
        return True

    def _received(self, data: bytes) -> None:
        was_in_head = self._in_head
        self._arrived = self._head_size + len(data)
        try:
            self._parse(data)
        except httptools.HttpParserError:
            if self._head_is_too_large:
                self._refuse_large_head()
            else:
                self._refuse(BadRequest(f"This is not an HTTP/1.1 request with at most {MOST_HEADERS} headers."))
            return
        if was_in_head and self._in_head:  # all of it was head
            self._head_size += len(data)
            if self._head_size > LARGEST_HEAD and not self.transport.is_closing():
                self._refuse_large_head()

    def eof_received(self) -> None:
        """Who closes his side wants no answer any more."""

    def pause_writing(self) -> None:
        self.flow.pause_writing()
        if self._stall_timer is None:
            self._stall_timer = self.loop.call_later(self.write_stall_s, self.transport.abort)

    def resume_writing(self) -> None:
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None
        self.flow.resume_writing()

    # For the parser.

    def on_message_begin(self) -> None:
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._expects_continue = False
        self._head_size = 0
        self._requests += 1
        self._in_message = True
        if not self._in_head:
            self._in_head = True
            self._watch.set(tick() + self.head_s)

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self._expects_continue = True
        headers = self._headers
        headers.append((name, value))
        if len(headers) > MOST_HEADERS:
            raise ValueError("too many headers")  # ends in a refusal

    def on_headers_complete(self) -> None:
        if self._arrived > LARGEST_HEAD and self._size_of_head() > LARGEST_HEAD:
            self._head_is_too_large = True
            raise ValueError("too large a head")  # ends in a refusal
        self._in_head = False
        self._watch.lift()
        parser = self._parser
        cycle = Cycle(
            self,
            parser.get_method().decode("ascii"),
            self._url,
            parser.get_http_version(),
            self._headers,
            keep_alive=parser.should_keep_alive(),
            expects_continue=self._expects_continue,
        )
        self._receiving = cycle
        if self._answering is None:
            self._answering = cycle  # and begun when all that came with it is read
        else:
            self.flow.pause_reading()
            self._queue.append(cycle)

    def on_body(self, body: bytes) -> None:
        cycle = self._receiving
        if cycle is not None and not cycle.response_complete and cycle.add(body) > UNREAD_BODY:
            self.flow.pause_reading()

    def on_message_complete(self) -> None:
        self._in_message = False
        if self._rest_timer is not None:
            self._rest_timer.cancel()
            self._rest_timer = None
        if self._receiving is not None:
            self._receiving.request_complete()

    # For the cycle.

    def go_on_reading(self) -> None:
        if not self._queue:
            self.flow.resume_reading()

    def answered(self, cycle: Cycle) -> None:
        """The whole answer was handed to the transport."""
        self._server.total_requests += 1
        self._answering = None
        if self.transport.is_closing():
            return
        if self._in_message and cycle is self._receiving and self._rest_timer is None:
            self._rest_timer = self.loop.call_later(UNWANTED_REST_S, self.transport.close)
        if self._queue:
            self._begin(self._queue.popleft())
        elif not self._in_head:
            self._watch.set(tick() + self._keep_alive_s)
        self.go_on_reading()

    def run(self, cycle: Cycle, extensions: dict[str, Any], state: dict[str, Any]) -> None:
        """The application, in a task."""
        tasks = self._server.tasks
        cycle.task = task = self.loop.create_task(cycle.run(self.app, cycle.scope(extensions, state), tasks))
        tasks.add(task)

    # Helpers.

    def _parse(self, data: bytes) -> None:
        """Raises httptools' errors."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # it is not done; the request is answered as one without
        finally:
            if self._answering is not None and not self._answering.begun:
                self._begin(self._answering)

    def _begin(self, cycle: Cycle) -> None:
        """At once, where it is here and the application can; else in a task."""
        self._answering = cycle
        cycle.begun = True
        if cycle.more_body or self.flow.write_paused or not self._at_once(cycle):
            self.run(cycle, {}, {})

    def _waited_long_enough(self) -> None:
        """For a head, or for another request."""
        if self._answering is not None:  # a part of the next one came before the answer to this one was finished
            self._watch.set(tick() + self.head_s)
        else:
            self.transport.close()

    def _size_of_head(self) -> int:
        """Bytes, at least."""
        return len(self._url) + sum(len(name) + len(value) + 4 for name, value in self._headers)

    def _refuse_large_head(self) -> None:
        self._refuse(HeadTooLarge(f"The request head is larger than {LARGEST_HEAD // 1024} KiB."))

    def _refuse(self, error: LineupError) -> None:
        """Answer and close, unless an earlier request of this connection is still being answered."""
        cycle = self._answering
        if cycle is None or (cycle.more_body and not cycle.response_started):
            self.write(refusal(error, getattr(self, "_url", b"")))
        self.transport.close()


def _never(request: Underway) -> bool:
    """What an application that answers nothing at once says."""
    return False
