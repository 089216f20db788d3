"""Receiving a request: how large, how slow, of which type, and whether there is room for it.

For faces that want the body whole before they begin.
"""

import asyncio
import re
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from model_lineup.errors import RequestTimeout, TooLarge, UnsupportedMediaType
from model_lineup.shell.lane import Lane
from model_lineup.shell.requests import first_segment, header, underway

MIB = 1024 * 1024
_FILES = ("/admin/aliases/import", "/admin/settings/as-code", "/admin/models/catalogue")
_JSON = re.compile(rb"\s*application/([a-z0-9.!#$&^_-]+\+)?json\s*(;.*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes and seconds of a request body, its bytes per second after `grace_s`, and how many are handled at once;
    None where the face itself counts them."""

    body: int
    import_body: int
    body_receipt_s: float
    grace_s: float
    least_rate: int
    at_once: int | None

    def of(self, path: str) -> int:
        """The largest body that this address takes, bytes. The panel's form holds the file, what was read of the one
        before, and little else."""
        if path.endswith(("/import-aliases", "/api/admin/catalog", "/api/admin/apply")):
            return self.import_body
        return 2 * self.import_body + self.body if path.endswith(_FILES) else self.body


class ClientGone(Exception):
    """The caller left before its request was whole."""


class WholeBody:
    """A face that gets each body in one piece, already measured and timed.

    Raises TooLarge early, UnsupportedMediaType, RequestTimeout, ClientGone, Overloaded; the shell answers them.
    """

    def __init__(self, face: ASGIApp, limits: Limits) -> None:
        self._face = face
        self._limits = limits
        self._lane = None if limits.at_once is None else Lane(limits.at_once)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        _refuse_encoded(scope)
        body = await self._body(scope, receive)
        if self._lane is None:
            return await self._face(scope, _replay(body, receive), send)
        with self._lane.place() as place:
            return await self._face(scope, _replay(body, receive), place.freed_by_events(send))

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        limit = self._limits.of(scope["path"])
        length = header(scope, b"content-length")
        if length.isdigit() and int(length) > limit:
            raise _too_large(limit)
        request = underway(scope)
        whole = request.whole() if request is not None else None
        if whole is not None and len(whole) > limit:
            raise _too_large(limit)
        try:
            body = whole if whole is not None else await self._read(receive, limit)
        except TimeoutError:
            raise RequestTimeout(
                f"The body did not arrive within {self._limits.body_receipt_s:g} s, or was sent more slowly than "
                f"{self._limits.least_rate} bytes/s. Send it faster, or in parts."
            ) from None
        if body:
            _refuse_other_types(scope)
        return body

    async def _read(self, receive: Receive, limit: int) -> bytes:
        """Raises TimeoutError as soon as the bytes that came cannot have come at the least rate."""
        body, began = bytearray(), asyncio.get_running_loop().time()
        async with asyncio.timeout_at(began + self._allowed_s(0)) as patience:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGone
                body += message.get("body", b"")
                if len(body) > limit:
                    raise _too_large(limit)
                if not message.get("more_body", False):
                    return bytes(body)
                patience.reschedule(began + self._allowed_s(len(body)))

    def _allowed_s(self, received: int) -> float:
        """How long after its beginning the next piece of a body may come."""
        return min(self._limits.body_receipt_s, max(self._limits.grace_s, received / self._limits.least_rate))


def is_json(content_type: bytes) -> bool:
    return content_type == b"application/json" or _JSON.fullmatch(content_type) is not None


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
    if first_segment(scope["path"]) == "admin":
        return  # the panel takes forms alone, and refuses all else on a page
    if not is_json(header(scope, b"content-type")):
        raise UnsupportedMediaType("Send the body with Content-Type: application/json.")
