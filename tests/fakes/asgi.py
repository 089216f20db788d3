"""The admin API in this process: requests without a socket, alone or many at once."""

import asyncio
import json
from collections.abc import Awaitable, Sequence
from typing import Any
from urllib.parse import unquote

from model_lineup.api import application
from model_lineup.rooms import Rooms
from tests.fakes.server import Answer

_NOTHING: Any = object()


class InProcess:
    """What `Client` is for a server; `token` goes as bearer token, `address` is the peer."""

    def __init__(self, rooms: Rooms, token: str | None = None, *, address: str = "192.0.2.1") -> None:
        self.rooms = rooms
        self.token = token
        self.address = address
        self.app = application.build(rooms)

    def call(self, method: str, path: str, body: Any = _NOTHING, **headers: str) -> Answer:
        """Underscores in names of headers stand for hyphens."""
        return asyncio.run(self.send(method, path, body, **headers))

    def at_once(self, calls: Sequence[Awaitable[Answer]]) -> list[Answer]:
        async def all_of_them() -> list[Answer]:
            return list(await asyncio.gather(*calls))

        return asyncio.run(all_of_them())

    async def send(self, method: str, path: str, body: Any = _NOTHING, **headers: str) -> Answer:
        path, _, query = path.partition("?")
        sent = b"" if body is _NOTHING else body if isinstance(body, bytes) else json.dumps(body).encode()
        pairs = [(b"host", b"localhost"), (b"content-type", b"application/json")] if sent else [(b"host", b"localhost")]
        if self.token is not None:
            pairs.append((b"authorization", f"Bearer {self.token}".encode()))
        pairs += [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": pairs,
            "server": ("localhost", 8484),
            "client": (self.address, 50000),
            "state": {"request_id": "test"},
        }
        return await self._converse(scope, sent)

    async def _converse(self, scope: dict[str, Any], sent: bytes) -> Answer:
        said: list[dict[str, Any]] = []
        waiting = [{"type": "http.request", "body": sent, "more_body": False}]

        async def receive() -> dict[str, Any]:
            if not waiting:
                await asyncio.Event().wait()
            return waiting.pop()

        async def send(message: Any) -> None:
            said.append(message)

        await self.app(scope, receive, send)
        headers = {name.decode().lower(): value.decode() for name, value in said[0].get("headers", ())}
        return Answer(said[0]["status"], headers, b"".join(message.get("body", b"") for message in said[1:]))
