"""One response, as its caller sees it."""

from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Self

from model_lineup.upstream.wire.faults import BodyTooLarge
from model_lineup.upstream.wire.inbox import Head, Inbox
from model_lineup.upstream.wire.shapes import Piece


class Response:
    """The head is complete when `Client.send` returns it; the body arrives while it is read.

    `sent_at`, `head_at`: `clock.tick()` just before the request was handed to the transport, and when the
    last byte of the head came. `reused`: went over a pooled connection. `ended_by_close`: the body has neither length
    nor chunks, so its end cannot be told from a cut; whoever reads a stream must look for its own end mark.
    """

    __slots__ = ("_head", "_inbox", "ended_by_close", "head_at", "reused", "sent_at", "status")

    def __init__(self, inbox: Inbox, head: Head, *, sent_at: float, reused: bool) -> None:
        self._inbox = inbox
        self._head = head
        self.status = head.status
        self.sent_at = sent_at
        self.head_at = head.at
        self.reused = reused
        self.ended_by_close = head.by_close

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """Names in lower case, values as latin-1 text, in the order of arrival; decoded anew at each call."""
        return tuple((name.decode("latin-1"), value.decode("latin-1").strip()) for name, value in self._head.headers)

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever the case of its name."""
        wanted = name.lower().encode("latin-1")
        return next((value.decode("latin-1").strip() for found, value in self._head.headers if found == wanted), None)

    def pieces(self) -> AsyncIterator[Piece]:
        """Body pieces as they arrive. Raises `WireError`; a cancelled wait closes the exchange."""
        return _Pieces(self._inbox)

    async def each(self, take: Callable[[Piece], bool]) -> bool:
        """Hand each piece to `take` in the very call in which it comes, until that says no (True) or the end (False).

        `take` must not wait. Raises `WireError`, and what `take` raises; a cancelled wait closes the exchange.
        """
        return await self._inbox.each(take)

    async def read(self, cap: int) -> bytes:
        """The whole body. Raises `BodyTooLarge` and closes when it is longer than `cap` bytes."""
        received: list[bytes] = []
        size = 0
        inbox = self._inbox
        while (piece := inbox.take_here() or await inbox.take()) is not None:
            size += len(piece.data)
            if size > cap:
                self.close()
                raise BodyTooLarge(cap)
            received.append(piece.data)
        return received[0] if len(received) == 1 else b"".join(received)

    def close(self) -> None:
        """Give up what is unfinished: closes the connection. After the last byte it does nothing."""
        self._inbox.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Pieces:
    """No async generator: one that is dropped half-way is cleaned up by the loop, later, in another task."""

    __slots__ = ("_inbox",)

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    def __aiter__(self) -> "_Pieces":
        return self

    async def __anext__(self) -> Piece:
        piece = await self._inbox.take()
        if piece is None:
            raise StopAsyncIteration
        return piece
