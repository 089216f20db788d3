"""Calls `/v1` in this process, through the whole shell, and sees what a caller sees, byte by byte."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from model_lineup.access.actor import Actor, Role
from model_lineup.access.shapes import NewKey
from model_lineup.catalog.shapes import Provider
from model_lineup.faces import build
from model_lineup.gateway.visit import Visit
from model_lineup.rooms import Rooms
from model_lineup.shell import Shell
from tests.fakes.desk import BY, Desk

T = TypeVar("T")
Loops = Callable[[], asyncio.AbstractEventLoop] | None
CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
HELLO = [{"role": "user", "content": "Hello"}]


@dataclass
class Reply:
    """An answer, as it came: `pieces` are the parts of the body in the order in which they were sent."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    pieces: list[bytes] = field(default_factory=list)

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str | None:
        """Of an error; it must look as both SDKs want it."""
        if self.status < 400:
            return None
        said = self.json
        assert said["type"] == "error"
        assert said["error"]["message"]
        assert said["request_id"] == self.headers["x-request-id"]
        return str(said["error"]["code"])

    @property
    def events(self) -> list[Any]:
        """Of a stream: the data of each event, decoded, `[DONE]` as it is."""
        lines = (line for line in self.body.decode().split("\n") if line.startswith("data:"))
        said = (line.removeprefix("data:").strip() for line in lines)
        return [one if one == "[DONE]" else json.loads(one) for one in said]


class Line:
    """A connection to the shell, for one request with this query. `leave` is the caller hanging up."""

    def __init__(self, shell: Shell, query: bytes = b"") -> None:
        self._shell = shell
        self._query = query
        self._left = asyncio.Event()
        self.reply = Reply()
        self.came = asyncio.Condition()

    async def call(self, method: str, path: str, body: bytes, headers: Sequence[tuple[bytes, bytes]]) -> Reply:
        path, _, query = path.partition("?")
        scope: dict[str, Any] = {"type": "http", "method": method, "path": path, "headers": list(headers)}
        scope |= {"query_string": query.encode() or self._query, "raw_path": path.encode(), "root_path": ""}
        waiting = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Any:
            if waiting:
                return waiting.pop()
            await self._left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            async with self.came:
                if message["type"] == "http.response.start":
                    self.reply.status = message["status"]
                    self.reply.headers = {name.decode(): value.decode() for name, value in message["headers"]}
                elif message.get("body"):
                    self.reply.pieces.append(message["body"])
                self.came.notify_all()

        await self._shell(scope, receive, send)
        return self.reply

    async def seen(self, text: bytes) -> None:
        """Until this has come."""
        async with self.came:
            await self.came.wait_for(lambda: text in self.reply.body)

    def leave(self) -> None:
        self._left.set()


class V1:
    """An instance with an administrator, a user's key and an agent's. `visits`: every request, when it was over."""

    def __init__(self, rooms: Rooms) -> None:
        self.rooms = rooms
        self.desk = Desk(rooms)
        self.visits: list[Visit] = []
        rooms.people.first_admin("admin@example.com", "correct horse battery")
        self.user, self.agent = self.key("user"), self.key("agent")

    def key(self, kind: str, **fields: Any) -> str:
        return self.rooms.keys.create(NewKey(name=kind, kind=kind, **fields), Actor("tester", Role.ADMIN), BY)[1]

    def provider(self, name: str, base_url: str, **fields: Any) -> Provider:
        return self.desk.provider(name, base_url=base_url, network_scope="loopback", **fields)

    def call(
        self,
        path: str,
        body: Any = None,
        *,
        key: str | None = "",
        method: str | None = None,
        raw: bytes | None = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> Reply:
        """One request with the user's key, unless another one (or None) is given."""
        return self.run(
            lambda shell: self.on(Line(shell), path, body, key=key, method=method, raw=raw, headers=headers)
        )

    async def on(
        self,
        line: Line,
        path: str,
        body: Any = None,
        *,
        key: str | None = "",
        method: str | None = None,
        raw: bytes | None = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> Reply:
        sent = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        all_headers = [("content-type", "application/json")] if sent else []
        if key is not None:
            all_headers.append(("authorization", f"Bearer {key or self.user}"))
        encoded = [(name.encode(), value.encode()) for name, value in (*all_headers, *headers)]
        return await line.call(method or ("POST" if sent else "GET"), path, sent, encoded)

    def chat(self, model: str, *, key: str = "", **fields: Any) -> Reply:
        return self.call(CHAT, {"model": model, "messages": HELLO, **fields}, key=key)

    def messages(self, model: str, *, key: str = "", **fields: Any) -> Reply:
        return self.call(MESSAGES, {"model": model, "max_tokens": 9, "messages": HELLO, **fields}, key=key)

    def note(self, visit: Visit) -> None:
        self.visits.append(visit)

    def shell(self) -> Shell:
        """A new application over these rooms, for an event loop of the caller's own."""
        return build(self.rooms)

    def run(self, use: Callable[[Shell], Awaitable[T]], loop: Loops = None) -> T:
        """In an event loop of its own; a server's is uvloop's."""

        async def main() -> T:
            shell = build(self.rooms, listeners=[self])
            try:
                return await use(shell)
            finally:
                await self.rooms.upstream.close()

        with asyncio.Runner(loop_factory=loop) as runner:
            return runner.run(main())
