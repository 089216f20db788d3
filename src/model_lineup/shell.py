"""One pure-ASGI shell around everything: request ids, limits, deadlines, the last word on errors; then it splits.

`/api` and `/admin` go to the FastAPI application, which gets the whole body at once, already measured and timed;
`/livez`, `/readyz` and `/metrics` are answered here. Nothing here knows what a model is.
"""

import asyncio
import contextlib
import re
import secrets
import traceback
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from model_lineup.clock import tick
from model_lineup.errors import (
    LineupError,
    MethodNotAllowed,
    NotFound,
    NotSignedIn,
    RequestTimeout,
    SetupPending,
    TooLarge,
    UnsupportedMediaType,
    problem_body,
    problem_headers,
)
from model_lineup.telemetry import Metrics, log

MIB = 1024 * 1024
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_JSON = re.compile(rb"\s*application/([a-z0-9.!#$&^_-]+\+)?json\s*(;.*)?", re.IGNORECASE)
_FORM = b"application/x-www-form-urlencoded"
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SECURITY_HEADERS = (
    (b"content-security-policy", _CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
LINGER_S, LINGER_BYTES = 2.0, 64 * MIB
_PROBES = ("/livez", "/health", "/readyz", "/metrics")
WITHOUT_SETUP = ("/livez", "/health", "/readyz", "/admin/setup", "/api/setup", "/api/page.css")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes and seconds of a request body."""

    body: int
    import_body: int
    body_receipt_s: float


@dataclass(frozen=True, slots=True)
class Probes:
    """What the shell asks: whether anybody is set up, whether the databases answer, who may read the metrics."""

    is_set_up: Callable[[], bool]
    readiness: Callable[[], dict[str, str]]
    may_read_metrics: Callable[[str], bool]


class Shell:
    """The ASGI application that the server runs. `start` and `stop` run at its start and its end."""

    def __init__(
        self,
        application: ASGIApp,
        limits: Limits,
        probes: Probes,
        metrics: Metrics,
        *,
        start: Callable[[], Awaitable[None]],
        stop: Callable[[], Awaitable[None]],
    ) -> None:
        self._application = application
        self._limits = limits
        self._probes = probes
        self._metrics = metrics
        self._start = start
        self._stop = stop
        self._set_up = False
        self._stopping = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        await self._start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._stopping = True
        await self._stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def wind_up(self) -> None:
        """The server is about to end: it is not ready any more, and ends what runs for long, so that callers hear."""
        self._stopping = True
        await self._stop()

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Whatever happens inside, the caller gets an answer, and the log and the metrics a line."""
        answer = _Answer(send, _request_id(scope))
        scope["state"] = {**scope.get("state", {}), "request_id": answer.request_id}
        started = tick()
        try:
            await self._route(scope, receive, answer)
        except (TooLarge, RequestTimeout) as error:
            await answer.problem(error, unread=receive)
        except LineupError as error:
            await answer.problem(error)
        except ClientGone:
            pass
        except Exception as error:
            log().error("failed", request_id=answer.request_id, error=type(error).__name__, traceback=_where(error))
            await answer.problem(LineupError("Something failed inside Lineup. The log has more under this request id."))
        finally:
            self._note(scope, answer, tick() - started)

    async def _route(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        path: str = scope["path"]
        if path in _PROBES:
            _refuse_other_methods(scope)
        if path in ("/livez", "/health"):
            return await answer.json(200, {"status": "ok"})
        if path == "/readyz":
            return await self._readyz(answer)
        if path not in WITHOUT_SETUP:
            await self._refuse_before_setup()
        if path == "/metrics":
            return await self._show_metrics(scope, answer)
        if path.partition("/")[2].partition("/")[0] not in ("api", "admin"):
            raise NotFound("There is nothing at this address. The admin API is under /api, its reference at /api/docs.")
        _refuse_encoded(scope)
        body = await self._body(scope, receive)
        await self._application(scope, _replay(body, receive), answer.send)
        return None

    async def _readyz(self, answer: "_Answer") -> None:
        checks = {} if self._stopping else await asyncio.to_thread(self._probes.readiness)
        ready = bool(checks) and all(state == "ok" for state in checks.values()) and await self._is_set_up()
        await answer.json(200 if ready else 503, {"status": "ready" if ready else "not ready"})

    async def _is_set_up(self) -> bool:
        if not self._set_up:
            self._set_up = await asyncio.to_thread(self._probes.is_set_up)
        return self._set_up

    async def _refuse_before_setup(self) -> None:
        if not await self._is_set_up():
            raise SetupPending(
                "Lineup has no administrator yet. Open the set-up link that its start printed, "
                "or run `lineup create-admin`."
            )

    async def _show_metrics(self, scope: Scope, answer: "_Answer") -> None:
        token = _header(scope, b"authorization").removeprefix(b"Bearer ").decode("latin-1")
        if not await asyncio.to_thread(self._probes.may_read_metrics, token):
            raise NotSignedIn("Metrics need an admin key, or the token of LINEUP_METRICS_TOKEN.")
        await answer.plain(
            200, await asyncio.to_thread(self._metrics.exposition), b"text/plain; version=0.0.4; charset=utf-8"
        )

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        """The whole body. Raises TooLarge early, UnsupportedMediaType, RequestTimeout."""
        limit = self._limits.import_body if scope["path"].endswith("/import-aliases") else self._limits.body
        length = _header(scope, b"content-length")
        if length.isdigit() and int(length) > limit:
            raise _too_large(limit)
        try:
            async with asyncio.timeout(self._limits.body_receipt_s):
                body = await _read(receive, limit)
        except TimeoutError:
            seconds = self._limits.body_receipt_s
            raise RequestTimeout(
                f"The body did not arrive within {seconds:g} s. Send it faster, or in parts."
            ) from None
        if body:
            _refuse_other_types(scope)
        return body

    def _note(self, scope: Scope, answer: "_Answer", duration_s: float) -> None:
        route = getattr(scope.get("route"), "path_format", None) or _known(scope["path"])
        self._metrics.requests.labels(_method(scope), route, str(answer.status)).inc()
        self._metrics.duration.labels(route).observe(duration_s)
        log().info(
            "request",
            request_id=answer.request_id,
            method=_method(scope),
            route=route,
            status=answer.status,
            duration_ms=round(duration_s * 1000, 2),
        )


class ClientGone(Exception):
    """The caller left before its request was whole."""


class _Answer:
    """The way back: adds the request id and the security headers, and knows what was sent."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self.request_id = request_id
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message.get("headers", ()), *SECURITY_HEADERS, (b"x-request-id", self.request_id.encode())]
            if not any(name == b"cache-control" for name, _ in headers):
                headers.append((b"cache-control", b"no-store"))
            message = {**message, "headers": headers}
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
        body = msgspec.json.encode(problem_body(error, self.request_id))
        headers = [(name.encode(), value.encode()) for name, value in problem_headers(error).items()]
        await self.plain(error.status, body, b"application/problem+json", headers, more=unread is not None)
        if unread is not None:
            await _throw_away(unread)
            await self.send({"type": "http.response.body", "body": b""})


def refusal(error: LineupError) -> bytes:
    """A whole HTTP/1.1 answer, for requests that cannot be parsed far enough to have a scope."""
    request_id = secrets.token_hex(12)
    body = msgspec.json.encode(problem_body(error, request_id))
    headers = [
        (b"x-request-id", request_id.encode()),
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        (b"cache-control", b"no-store"),
        *SECURITY_HEADERS,
    ]
    lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
    return b"HTTP/1.1 %d %s\r\n%s\r\n%s" % (error.status, HTTPStatus(error.status).phrase.encode(), lines, body)


async def _read(receive: Receive, limit: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        body += message.get("body", b"")
        if len(body) > limit:
            raise _too_large(limit)
        if not message.get("more_body", False):
            return bytes(body)


async def _throw_away(receive: Receive) -> None:
    """Read on for a while, as far as a caller goes who did not look at the answer yet."""
    thrown = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LINGER_S):
            while thrown < LINGER_BYTES:
                message = await receive()
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
                thrown += len(message.get("body", b""))


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body in one piece, then whatever the server says next (that the caller left)."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body is larger than {limit // MIB} MiB. Send less at a time.", limit_bytes=limit)


def _refuse_encoded(scope: Scope) -> None:
    if _header(scope, b"content-encoding") not in (b"", b"identity"):
        raise UnsupportedMediaType("Compressed bodies are not read. Send it without Content-Encoding.")


def _refuse_other_types(scope: Scope) -> None:
    wanted_form = scope["path"] == "/admin/setup"
    kind = _header(scope, b"content-type")
    if wanted_form and kind.partition(b";")[0].strip().lower() == _FORM:
        return
    if wanted_form or not _JSON.fullmatch(kind):
        raise UnsupportedMediaType("Send the body with Content-Type: application/json.")


def _refuse_other_methods(scope: Scope) -> None:
    if scope["method"] not in ("GET", "HEAD"):
        raise MethodNotAllowed(f"{scope['path']} is read with GET.", allow=["GET", "HEAD"])


def _header(scope: Scope, name: bytes) -> bytes:
    return next((bytes(value) for key, value in scope["headers"] if key == name), b"")


def _request_id(scope: Scope) -> str:
    given = _header(scope, b"x-request-id")
    return given.decode() if _REQUEST_ID.fullmatch(given) else secrets.token_hex(12)


def _method(scope: Scope) -> str:
    known = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
    method = str(scope["method"])
    return method if method in known else "OTHER"


def _known(path: str) -> str:
    return path if path in _PROBES else "other"


def _where(error: Exception) -> str:
    """File, line and function of each frame; no values."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    return " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in reversed(frames))
