"""A caller's connection on which a request is first offered to be answered at once, as Lineup's own server does it."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from model_lineup.shell import LINES, UNDERWAY, Shell
from tests.fakes.v1 import Line, Reply

T = TypeVar("T")


class StraightLine(Line):
    """`taken`: the shell took the request at once; `handed_over`: and went the long way later."""

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.taken = self.handed_over = False
        self.method, self.path, self.headers = "", "", []  # type: tuple[str, str, list[tuple[bytes, bytes]]]
        self._body = b""
        self._on_leave: Callable[[], None] = lambda: None
        self._gone = False
        self._over = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def call(self, method: str, path: str, body: bytes, headers: Sequence[tuple[bytes, bytes]]) -> Reply:
        self.method, self.path, self.headers, self._body = method, path, list(headers), body
        self.taken = self._shell.at_once(self)
        if not self.taken:
            self.hand_over({}, {})
        await self._over.wait()
        if self._task is not None:
            await self._task
        return self.reply

    def leave(self) -> None:
        super().leave()
        self._gone = True
        self._on_leave()
        if self._task is None:
            self._over.set()

    # What the shell asks of it.

    def once(self, read: Callable[[list[tuple[bytes, bytes]]], T]) -> T:
        return read(self.headers)

    def here(self, most: int) -> bytes | None:
        return self._body

    def whole(self) -> bytes | None:
        return self._body

    def on_leave(self, callback: Callable[[], None]) -> None:
        self._on_leave = callback
        if self._gone:
            callback()

    def answer(
        self,
        status: int,
        headers: tuple[tuple[bytes, bytes], ...],
        more: Iterable[tuple[bytes, bytes]],
        lines: bytes,
        body: bytes,
    ) -> None:
        named = [line.split(b": ", 1) for line in lines.splitlines()]
        self.reply.status = status
        self.reply.headers = {name.decode(): value.decode() for name, value in [*headers, *more, *named]}
        self.reply.headers["content-length"] = str(len(body))
        self.reply.pieces.append(body)
        self._over.set()

    def write(self, body: bytes) -> bool:
        self.reply.pieces.append(body)
        return True

    async def drain(self) -> None:
        raise AssertionError("nobody said that it is full")

    def hand_over(self, extensions: dict[str, Any], state: dict[str, Any]) -> None:
        self.handed_over = self.taken = bool(extensions)
        scope: dict[str, Any] = {
            "type": "http",
            "method": self.method,
            "path": self.path,
            "headers": self.headers,
            "state": state,
        }
        scope |= {"query_string": b"", "raw_path": self.path.encode(), "root_path": ""}
        scope["extensions"] = {UNDERWAY: self, **extensions}
        self._task = asyncio.create_task(self._long_way(scope))
        self._over.set()

    async def _long_way(self, scope: dict[str, Any]) -> None:
        async def send(message: Any) -> None:
            async with self.came:
                if message["type"] == "http.response.start":
                    named = [line.split(b": ", 1) for line in message.get(LINES, b"").splitlines()]
                    headers = [*message["headers"], *named]
                    self.reply.status = message["status"]
                    self.reply.headers = {name.decode(): value.decode() for name, value in headers}
                elif message.get("body"):
                    self.reply.pieces.append(message["body"])
                self.came.notify_all()

        async def receive() -> Any:
            await self._left.wait()
            return {"type": "http.disconnect"}

        await self._shell(scope, receive, send)
