"""The way back to the caller: request id and security headers on every answer, and problems."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from html import escape
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.types import Message, Receive, Send

from model_lineup.errors import LineupError, RequestTimeout, problem_body, problem_headers
from model_lineup.shell.receipt import MIB
from model_lineup.shell.requests import new_request_id

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
REFERRER, REFERRER_OF_PAGES = b"no-referrer", b"same-origin"
"""A browser that names no referrer at all names no origin either when a form of the panel is sent."""
SECURITY_HEADERS = (
    (b"content-security-policy", _CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", REFERRER),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_OF_PAGES = tuple((name, REFERRER_OF_PAGES if value == REFERRER else value) for name, value in SECURITY_HEADERS)
_NO_STORE = (b"cache-control", b"no-store")
LINES = "lineup.lines"
"""In the beginning of an answer: whole header lines, which our own server puts there as they are."""
_LINES = b"".join(b"%b: %b\r\n" % pair for pair in SECURITY_HEADERS)
_LINES_NO_STORE = _LINES + b"%b: %b\r\n" % _NO_STORE
Told = Callable[[LineupError, str], tuple[bytes, bytes, dict[str, str]]]
"""Of an error and the request's id: the body, its type, and headers that go with it."""
LINGER_S, LINGER_BYTES = 2.0, 64 * MIB
SLOW_LINGER_S = 0.5
"""For a caller that was too slow already."""


class Answer:
    """The way back: adds the request id and the security headers, and knows what was sent.

    `last`: nothing more is answered on this connection. `takes_lines`: the server understands `LINES`. `root`: where a
    proxy serves all of it. `told`: how a problem is told where it is not as JSON.
    """

    def __init__(
        self,
        send: Send,
        request_id: str,
        *,
        last: bool = False,
        takes_lines: bool = False,
        root: str = "",
        told: Told | None = None,
    ) -> None:
        self._send = send
        self._last = last
        self._takes_lines = takes_lines
        self.request_id = request_id
        self.status = 0
        self._root = root
        self.is_of_pages = False
        self._told = told

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message.get("headers", ()), (b"x-request-id", self.request_id.encode())]
            if self._last:
                headers.append((b"connection", b"close"))
            message = {**message, "headers": headers}
            lines = _fixed(headers)
            if self._takes_lines:
                message[LINES] = lines.replace(REFERRER, REFERRER_OF_PAGES) if self.is_of_pages else lines
            else:
                security = _OF_PAGES if self.is_of_pages else SECURITY_HEADERS
                headers += security if lines is _LINES else (*security, _NO_STORE)
        await self._send(message)

    async def json(self, status: int, value: Any) -> None:
        await self.plain(status, msgspec.json.encode(value), b"application/json")

    async def plain(
        self,
        status: int,
        body: bytes,
        kind: bytes,
        headers: Iterable[tuple[bytes, bytes]] = (),
        *,
        more: bool = False,
    ) -> None:
        length = (b"content-length", str(len(body)).encode())
        start = {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-type", kind), length, *headers],
        }
        await self.send(start)
        await self.send({"type": "http.response.body", "body": body, "more_body": more})

    async def problem(self, error: LineupError, *, unread: Receive | None = None) -> None:
        """The error as a problem; nothing when an answer has begun already.

        With `unread` the caller may still be sending. Closing on bytes that nobody read resets the connection, and
        resets destroy answers on their way; so the answer goes out whole, and what still comes is thrown away.
        """
        if self.status:
            return
        body, kind, more = (self._told or self._as_json)(error, self.request_id)
        headers = [(name.encode(), value.encode()) for name, value in {**problem_headers(error), **more}.items()]
        await self.plain(error.status, body, kind, headers, more=unread is not None)
        if unread is not None:
            await throw_away(unread, error)
            await self.send({"type": "http.response.body", "body": b""})

    def _as_json(self, error: LineupError, request_id: str) -> tuple[bytes, bytes, dict[str, str]]:
        body = msgspec.json.encode(problem_body(error, request_id, self._root))
        return body, b"application/problem+json", {}


def answer_lines(request_id: str) -> bytes:
    """The header lines that every answer has that is not to be kept."""
    return b"x-request-id: %b\r\n%b" % (request_id.encode(), _LINES_NO_STORE)


def _fixed(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The same in every answer, so written once; some may be kept by whoever reads them."""
    for name, _ in headers:
        if name == b"cache-control":
            return _LINES
    return _LINES_NO_STORE


def refusal(error: LineupError, path: bytes = b"") -> bytes:
    """A whole HTTP/1.1 answer, for requests that cannot be parsed far enough to have a scope. `path`: what is known of
    it; below `/admin` people read the answer."""
    request_id, is_of_pages = new_request_id(), b"/admin" in path.partition(b"?")[0]
    as_json = msgspec.json.encode(problem_body(error, request_id))
    body = _words(error, request_id) if is_of_pages else as_json
    headers = [
        (b"x-request-id", request_id.encode()),
        (b"content-type", b"text/html; charset=utf-8" if is_of_pages else b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        (b"cache-control", b"no-store"),
        *SECURITY_HEADERS,
    ]
    lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
    return b"HTTP/1.1 %d %s\r\n%s\r\n%s" % (error.status, HTTPStatus(error.status).phrase.encode(), lines, body)


def _words(error: LineupError, request_id: str) -> bytes:
    """A page of words alone."""
    title, detail = escape(error.title), escape(error.detail)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title} · Lineup</title></head>'
        f"<body><main><h1>{title}</h1><p>{detail}</p><p>Status {error.status} · {error.code} · request {request_id}</p>"
        "</main></body></html>"
    ).encode()


async def throw_away(receive: Receive, error: LineupError) -> None:
    """Read on for a while, as far as a caller goes who did not look at the answer yet."""
    thrown, linger_s = 0, SLOW_LINGER_S if isinstance(error, RequestTimeout) else LINGER_S
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(linger_s):
            while thrown < LINGER_BYTES:
                message = await receive()
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
                thrown += len(message.get("body", b""))
