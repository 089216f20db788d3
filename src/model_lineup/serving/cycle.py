"""One request and its answer, as ASGI has it; the head of an answer goes out together with its body, in one write."""

import asyncio
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote

import httptools
from starlette.types import ASGIApp, Message, Scope

from model_lineup.errors import LineupError, Unavailable
from model_lineup.shell import LINES, UNDERWAY, refusal
from model_lineup.telemetry import log

if TYPE_CHECKING:
    from model_lineup.serving.known import KnownHead
    from model_lineup.serving.protocol import Connection

T = TypeVar("T")
_JOINED_UNDER = 64 * 1024
_REMEMBERED_BYTES = 256
"""Of one URL or header's value, at most."""
_NAME = re.compile(rb"[a-z0-9!#$%&'*+.^_`|~-]+")
_UNSAFE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_FRAMING = frozenset({b"content-length", b"transfer-encoding", b"connection"})
_WITHOUT_BODY = (204, 304)
_ASGI = {"version": "3.0", "spec_version": "2.3"}


class Cycle:
    """Also what the shell knows as `Underway`. `more_body`: of the request, still to come. `begun`: somebody answers.

    `is_head`: nothing but the head is answered. `may_chunk`: the caller speaks HTTP/1.1. `known`: its head came before,
    and its headers are shared with others.
    """

    __slots__ = (
        *("_body", "_chunked", "_connection", "_expects_continue", "_gone", "_head", "_is_head", "_left_to_send"),
        *("_may_chunk", "_news", "_on_leave", "_size", "_waiter", "begun", "headers", "keep_alive", "known", "method"),
        *("more_body", "path", "query", "response_complete", "response_started", "task", "url", "version"),
    )

    def __init__(
        self,
        connection: "Connection",
        method: str,
        url: bytes,
        version: str,
        headers: list[tuple[bytes, bytes]],
        *,
        keep_alive: bool,
        expects_continue: bool,
    ) -> None:
        """Raises httptools' error for a URL that is none."""
        self._connection = connection
        self.method = method
        self.url = url
        self.path, self.query = _split(url)
        self.version = version
        self.headers = headers
        self.known: KnownHead | None = None
        self._is_head = method == "HEAD"
        self._may_chunk = version != "1.0"
        self.keep_alive = keep_alive and self._may_chunk
        self._expects_continue = expects_continue
        self.begun = False
        self.task: asyncio.Task[None] | None = None
        self._body: list[bytes] = []
        self._size = 0
        self._news = False
        self._gone = False
        self._waiter: asyncio.Future[None] | None = None
        self._on_leave: Callable[[], None] | None = None
        self.more_body = True
        self.response_started = False
        self.response_complete = False
        self._head = b""
        self._chunked = False
        self._left_to_send: int | None = None

    async def run(self, app: ASGIApp, scope: Scope, tasks: "set[asyncio.Task[None]]") -> None:
        """Never raises. `tasks`: where this one is kept while it runs."""
        try:
            await app(scope, self.receive, self.send)
        except asyncio.CancelledError:
            self._give_up(Unavailable("Lineup is shutting down. Ask again.", retry_after=1))
        except Exception as error:
            log().error("failed", error=type(error).__name__)
            self._give_up(LineupError("Something failed inside Lineup."))
        else:
            if not self.response_complete:
                self._give_up(LineupError("Something failed inside Lineup."))
        finally:
            if self.task is not None:
                tasks.discard(self.task)
            self._on_leave = None

    # For the connection.

    def add(self, body: bytes) -> int:
        """A piece of the request's body; how much of it nobody has read."""
        self._body.append(body)
        self._size += len(body)
        self._tell()
        return self._size

    def request_complete(self) -> None:
        self.more_body = False
        self._tell()

    def caller_left(self) -> None:
        """The connection is gone."""
        if self.response_complete or self._gone:
            return
        self._gone = True
        self._tell()
        if self._on_leave is not None:
            self._on_leave()

    def scope(self, extensions: dict[str, Any], state: dict[str, Any]) -> Scope:
        """As ASGI has it."""
        path, connection = self.path, self._connection
        return {
            "type": "http",
            "asgi": _ASGI,
            "http_version": self.version,
            "server": connection.here,
            "client": connection.there,
            "scheme": "http",
            "method": self.method,
            "root_path": "",
            "path": unquote(path) if "%" in path else path,
            "raw_path": path.encode("ascii"),
            "query_string": self.query,
            "headers": self.headers if self.known is None else self.headers.copy(),  # applications may add to them
            "state": state,
            "extensions": {UNDERWAY: self, **extensions},
        }

    # For the shell, beyond ASGI: see `Underway`.

    def whole(self) -> bytes | None:
        if self.more_body or self._gone or not self._news:
            return None
        self._news = False
        return self._taken()

    def here(self, most: int) -> bytes | None:
        if self.more_body or self._gone or self._size > most:
            return None
        if len(self._body) > 1:
            self._body = [b"".join(self._body)]
        return self._body[0] if self._body else None

    def once(self, read: Callable[[list[tuple[bytes, bytes]]], T]) -> T:
        known = self.known
        return read(self.headers) if known is None else known.once(read)

    def answer(
        self,
        status: int,
        headers: tuple[tuple[bytes, bytes], ...],
        more: Iterable[tuple[bytes, bytes]],
        lines: bytes,
        body: bytes,
    ) -> None:
        if self._gone:
            return
        self.response_started = True
        close = b"" if self.keep_alive else b"connection: close\r\n"
        begin, of_its_own = _beginning(status, headers), _lines(more)
        head = b"%b%b%bcontent-length: %d\r\n%b\r\n" % (begin, of_its_own, lines, len(body), close)
        if len(body) < _JOINED_UNDER:
            self._connection.write(head + body)
        else:
            self._connection.transport.writelines((head, body))
        self._on_leave = None
        self._complete()

    def write(self, body: bytes) -> bool:
        if self._gone:
            return True
        self._pass_on(body, more=True)
        return not self._connection.flow.write_paused

    async def drain(self) -> None:
        await self._connection.flow.drain()

    def hand_over(self, extensions: dict[str, Any], state: dict[str, Any]) -> None:
        self._connection.run(self, extensions, state)

    def on_leave(self, callback: Callable[[], None]) -> None:
        self._on_leave = callback
        if self._gone:
            callback()

    # ASGI.

    async def receive(self) -> Message:
        if self._expects_continue and not self._connection.transport.is_closing():
            self._connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._expects_continue = False
        if not (self._gone or self.response_complete):
            self._connection.go_on_reading()
        while not (self._news or self._gone or self.response_complete):
            self._waiter = self._connection.loop.create_future()
            await self._waiter
        if self._gone or self.response_complete:
            return {"type": "http.disconnect"}
        self._news = False
        return {"type": "http.request", "body": self._taken(), "more_body": self.more_body}

    async def send(self, message: Message) -> None:
        """Raises RuntimeError for messages that make no HTTP answer."""
        if self._connection.flow.write_paused and not self._gone:
            await self._connection.flow.drain()
        if self._gone:
            return
        if message["type"] == "http.response.start":
            self._begin(message["status"], message.get("headers", ()), message.get(LINES, b""))
        else:
            self._pass_on(message.get("body", b""), more=message.get("more_body", False))

    # Helpers.

    def _begin(self, status: int, headers: Iterable[tuple[bytes, bytes]], more_lines: bytes) -> None:
        """Where the length is known the body follows at once, and the head waits for it."""
        if self.response_started:
            raise RuntimeError("an answer begins once")
        self._expects_continue = False
        lines = [_status_line(status), more_lines]
        says_close = False
        for name, value in headers:
            lines.append(_line(name, value))
            if name in _FRAMING:
                if name == b"content-length":
                    self._left_to_send = int(value)
                elif name == b"connection" and b"close" in value.lower():
                    self.keep_alive, says_close = False, True
                elif name == b"transfer-encoding":
                    raise RuntimeError("how an answer is framed is decided here")
        if self._is_head or status in _WITHOUT_BODY:
            self._left_to_send = 0
        elif self._left_to_send is None:
            self._chunked = self._may_chunk
            self.keep_alive = self.keep_alive and self._chunked  # else it ends with the connection
            if self._chunked:
                lines.append(b"transfer-encoding: chunked\r\n")
        if not (self.keep_alive or says_close):
            lines.append(b"connection: close\r\n")
        lines.append(b"\r\n")
        self.response_started = True
        if self._left_to_send is None:
            self._connection.write(b"".join(lines))
        else:
            self._head = b"".join(lines)

    def _pass_on(self, body: bytes, *, more: bool) -> None:
        if not self.response_started or self.response_complete:
            raise RuntimeError("a body stands between an answer's beginning and its end")
        if self._chunked:
            body = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            if not more:
                body += b"0\r\n\r\n"
        elif self._is_head:
            body = b""
        elif self._left_to_send is not None:
            self._left_to_send -= len(body)
            if self._left_to_send < 0 or (self._left_to_send and not more):
                raise RuntimeError("an answer has as many bytes as its Content-Length says")
        connection = self._connection
        if self._head:
            head, self._head = self._head, b""
            if len(body) < _JOINED_UNDER:
                connection.write(head + body)
            else:
                connection.transport.writelines((head, body))
        elif body:
            connection.write(body)
        if not more:
            self._complete()

    def _complete(self) -> None:
        self.response_complete = True
        self._tell()
        if not self.keep_alive:
            self._connection.transport.close()
        self._connection.answered(self)

    def _give_up(self, error: LineupError) -> None:
        """An answer that was begun is cut off, so that nobody takes it for a whole one."""
        if self.response_complete or self._gone:
            return
        if not self.response_started:
            self._connection.write(refusal(error))
        self.response_complete = True
        self._connection.transport.close()
        self._connection.answered(self)

    def _taken(self) -> bytes:
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._body = []
        self._size = 0
        return body

    def _tell(self) -> None:
        self._news = True
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)


def _split(url: bytes) -> tuple[str, bytes]:
    """The path as it was sent, and the query. Raises httptools' error. Only short ones are remembered: whoever sends
    many long ones, a different one each time, must not fill the memory with them."""
    return _split_once(url) if len(url) <= _REMEMBERED_BYTES else _split_once.__wrapped__(url)


@lru_cache(maxsize=512)
def _split_once(url: bytes) -> tuple[str, bytes]:
    parsed = httptools.parse_url(url)
    path: bytes = parsed.path
    return path.decode("ascii"), parsed.query or b""


@lru_cache(maxsize=600)
def _status_line(status: int) -> bytes:
    try:
        return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode()
    except ValueError:
        return f"HTTP/1.1 {status} \r\n".encode()


@lru_cache(maxsize=512)
def _beginning(status: int, headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """The status line, and the lines of headers that many answers have in common."""
    return _status_line(status) + b"".join([_line(name, value) for name, value in headers])


def _lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The lines of headers that are different each time, checked as `_line` does, but together."""
    lines = [b"%b: %b" % pair for pair in headers]
    if not lines:
        return b""
    if _UNSAFE.search(b"".join(lines)) is not None:
        raise RuntimeError("a header has a value on one line")
    return b"%b\r\n" % b"\r\n".join(lines)


def _line(name: bytes, value: bytes) -> bytes:
    """A header's line. Most are the same for each answer, and remembered if they are short. Raises RuntimeError for
    what would break out of it."""
    return _line_once(name, value) if len(value) <= _REMEMBERED_BYTES else _line_once.__wrapped__(name, value)


@lru_cache(maxsize=512)
def _line_once(name: bytes, value: bytes) -> bytes:
    if _NAME.fullmatch(name) is None or _UNSAFE.search(value) is not None:
        raise RuntimeError("a header has a name in small letters, and a value on one line")
    return b"%b: %b\r\n" % (name, value)
