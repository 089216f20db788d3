"""Receiving a body: how large, how slow, of which type. For faces that want it whole before they begin."""

import asyncio
import re
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from model_lineup.errors import RequestTimeout, TooLarge, UnsupportedMediaType
from model_lineup.shell.requests import header

MIB = 1024 * 1024
_JSON = re.compile(rb"\s*application/([a-z0-9.!#$&^_-]+\+)?json\s*(;.*)?", re.IGNORECASE)
_FORM = b"application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes and seconds of a request body."""

    body: int
    import_body: int
    body_receipt_s: float


class ClientGone(Exception):
    """The caller left before its request was whole."""


class WholeBody:
    """A face that gets each body in one piece, already measured and timed.

    Raises TooLarge early, UnsupportedMediaType, RequestTimeout, ClientGone; the shell answers them.
    """

    def __init__(self, face: ASGIApp, limits: Limits) -> None:
        self._face = face
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        _refuse_encoded(scope)
        body = await self._body(scope, receive)
        await self._face(scope, _replay(body, receive), send)

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        limit = self._limits.import_body if scope["path"].endswith("/import-aliases") else self._limits.body
        length = header(scope, b"content-length")
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


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body in one piece, then whatever the server says next (that the caller left)."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body is larger than {limit // MIB} MiB. Send less at a time.", limit_bytes=limit)


def _refuse_encoded(scope: Scope) -> None:
    if header(scope, b"content-encoding") not in (b"", b"identity"):
        raise UnsupportedMediaType("Compressed bodies are not read. Send it without Content-Encoding.")


def _refuse_other_types(scope: Scope) -> None:
    wanted_form = scope["path"] == "/admin/setup"
    kind = header(scope, b"content-type")
    if wanted_form and kind.partition(b";")[0].strip().lower() == _FORM:
        return
    if wanted_form or not _JSON.fullmatch(kind):
        raise UnsupportedMediaType("Send the body with Content-Type: application/json.")
