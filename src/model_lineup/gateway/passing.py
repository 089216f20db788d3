"""Passing the pieces of a stream on, in the same step of the event loop in which they come.

Lineup's own server takes a piece of an answer without being awaited, as long as the caller reads what he gets: then no
task is woken for it. Another server is sent each piece as ASGI has it.
"""

from collections.abc import Callable
from typing import Protocol

from starlette.types import Send

from model_lineup.upstream.wire import Piece, Response


class CallersLine(Protocol):
    """What our own server knows of a request that is being answered."""

    def on_leave(self, callback: Callable[[], None]) -> None:
        """`callback` is called when the caller leaves before the answer is finished."""

    def write(self, body: bytes) -> bool:
        """A piece of the body of an answer that has begun; whether the caller keeps up with what is written."""

    async def drain(self) -> None:
        """Until he does."""


async def pass_on(
    response: Response,
    feed: Callable[[Piece], bytes],
    is_over: Callable[[], bool],
    send: Send,
    line: CallersLine | None,
) -> None:
    """Everything up to the end of the body, or until `is_over`. `feed`: what the caller gets for a piece.

    Raises `WireError`, and whatever `feed` raises.
    """
    if line is None:
        async for piece in response.pieces():
            out = feed(piece)
            if out:
                await send({"type": "http.response.body", "body": out, "more_body": True})
            if is_over():
                return
        return
    write = line.write

    def take(piece: Piece) -> bool:
        out = feed(piece)
        return (not out or write(out)) and not is_over()

    while await response.each(take) and not is_over():
        await line.drain()
