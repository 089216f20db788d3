"""A call to `/v1` that the panel makes inside its own process: what was sent goes in, what callers would see comes out.

    async for message in conversation(app, body): ...       ASGI messages, the first is the head

Whoever stops reading has left, as a caller who closes his connection has: the provider's side ends too.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator

from starlette.types import ASGIApp, Message, Scope

PATH = "/v1/chat/completions"
AHEAD = 64
"""Pieces of an answer that may wait for a slow reader."""
_under_way: set[asyncio.Task[None]] = set()


async def conversation(app: ASGIApp, body: bytes, request_id: str = "") -> AsyncIterator[Message]:
    """The head, then the pieces of the body as they come."""
    came: asyncio.Queue[Message | None] = asyncio.Queue(AHEAD)
    left = asyncio.Event()
    unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if unread:
            return unread.pop()
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if not left.is_set():
            await came.put(message)

    async def answer() -> None:
        try:
            await app(_scope(request_id), receive, send)
        finally:
            if not left.is_set():
                await came.put(None)

    task = asyncio.create_task(answer())
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)
    try:
        while (message := await came.get()) is not None:
            yield message
    finally:
        left.set()
        while not came.empty():  # a provider that sends on must find room, to see that nobody reads any more
            came.get_nowait()


def _scope(request_id: str) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": PATH,
        "raw_path": PATH.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"content-type", b"application/json")],
        "server": ("localhost", 0),
        "client": None,
        "state": {"request_id": request_id or secrets.token_hex(12)},
    }
