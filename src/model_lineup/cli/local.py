"""The admin API and `/v1` in this process, over the data folder: with no server running, and beside one that runs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

from starlette.types import ASGIApp

from model_lineup import faces
from model_lineup.access.actor import LOCAL_ACTOR
from model_lineup.access.callers import CallerKind
from model_lineup.api import application
from model_lineup.app import open_instance
from model_lineup.cli.client import Asked, Reply
from model_lineup.cli.owner import refuse_foreign
from model_lineup.errors import StartRefused
from model_lineup.operations import preflight
from model_lineup.settings import Settings
from model_lineup.telemetry import configure


class Local:
    """A transport. Whoever owns the data folder may do everything."""

    def __init__(self, settings: Settings, *, create: bool = False) -> None:
        """`create`: make the instance where there is none. Raises StartRefused."""
        refuse_foreign(settings.data_dir)
        if not create:
            refuse_missing(settings)
        configure("warning", "text")
        self._stack = contextlib.ExitStack()
        self._stack.enter_context(preflight.passed_by_a_command(settings))
        self._rooms = self._stack.enter_context(open_instance(settings))
        self._application: ASGIApp = application.build(self._rooms)
        self._user_surface: faces.OwnersFace | None = None

    async def send(self, asked: Asked) -> Reply:
        reply = _Reply()
        if asked.target.startswith("/v1/"):
            self._user_surface = self._user_surface or faces.for_owner(self._rooms, _caller_of(asked))
            face = self._user_surface.application
        else:
            face = self._application
        reply.run(face(_scope(asked), reply.body_once(asked.body), reply.take))
        await reply.begin()
        return reply

    async def close(self) -> None:
        if self._user_surface is not None:
            await self._user_surface.close()
        await self._rooms.runs.close()
        await self._rooms.upstream.close()
        self._stack.close()


def refuse_missing(settings: Settings) -> None:
    """A misspelt folder must not become a new, empty Lineup. Raises StartRefused."""
    if settings.database_url is None and not (settings.data_dir / "lineup.db").is_file():
        raise StartRefused(
            f"There is no Lineup in {settings.data_dir}. Name its folder with --data-dir, or make one there: "
            "`lineup serve`, `lineup create-admin EMAIL`, or `lineup demo` to look around."
        )


def _caller_of(asked: Asked) -> CallerKind | None:
    """A user or an agent, as `x-lineup-as` says, which only this process reads; None for a request with a key."""
    if "authorization" in asked.headers:
        return None
    return "agent" if asked.headers.get("x-lineup-as") == "agent" else "user"


def _scope(asked: Asked) -> dict[str, Any]:
    path, _, query = asked.target.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": asked.method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in asked.headers.items()],
        "server": ("localhost", 0),
        "client": None,
        "lineup.actor": LOCAL_ACTOR,
    }


class _Reply:
    """One ASGI conversation. What fails unforeseen in the application is raised here, where the user sees it."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self._messages: asyncio.Queue[Any] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    def run(self, conversation: Any) -> None:
        self._task = asyncio.ensure_future(conversation)
        self._task.add_done_callback(lambda _: self._messages.put_nowait(None))

    def body_once(self, body: bytes) -> Any:
        waiting = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            if not waiting:
                await asyncio.Event().wait()  # we stay until the end, so nothing more ever comes
            return waiting.pop()

        return receive

    async def take(self, message: Any) -> None:
        self._messages.put_nowait(message)

    async def begin(self) -> None:
        start = await self._next()
        self.status = start["status"]
        self.headers = {name.decode().lower(): value.decode() for name, value in start.get("headers", ())}

    async def pieces(self) -> AsyncIterator[bytes]:
        while message := await self._next():
            if message.get("body"):
                yield message["body"]

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _next(self) -> Any:
        """The next message; None when the application is done. Raises what it failed with."""
        message = await self._messages.get()
        if message is None and self._task is not None and not self._task.cancelled():
            self._task.result()
        return message
