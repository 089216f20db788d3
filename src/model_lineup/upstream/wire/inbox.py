"""Where a connection leaves what it received and a caller picks it up, at the caller's pace."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

from model_lineup.upstream.wire.faults import ClientClosed, WireError
from model_lineup.upstream.wire.framing import RawHeaders
from model_lineup.upstream.wire.shapes import Piece

UNREAD_HIGH = 32 * 1024
UNREAD_LOW = 8 * 1024


class Head(NamedTuple):
    status: int
    headers: RawHeaders
    at: float
    by_close: bool


class Source(Protocol):
    """The connection, as far as an inbox knows it."""

    def hold(self) -> None:
        """Receive nothing for now."""

    def go_on(self) -> None:
        """Receive again."""

    def drop(self) -> None:
        """Close: nobody wants the rest."""


class Inbox:
    """One response's way from connection to caller.

    `source` is None once the connection is done with it; `is_full` while the source has been told to hold; `sent_at`:
    `clock.tick()` of the sending of the request; `reused`: not the first on its connection. `on_news`: called after
    everything that comes, the end included; it must not raise, and must not wait.
    """

    __slots__ = (
        *("_eager", "_pieces", "_unread", "_waiter", "ended", "error", "head", "is_full", "on_news", "reused"),
        *("sent_at", "source"),
    )

    def __init__(self, source: Source) -> None:
        self.source: Source | None = source
        self.head: Head | None = None
        self.sent_at = 0.0
        self.reused = False
        self.ended = False
        self.error: WireError | None = None
        self._pieces: deque[Piece] = deque()
        self._unread = 0
        self.is_full = False
        self._waiter: asyncio.Future[None] | None = None
        self.on_news: Callable[[], None] | None = None
        self._eager: Callable[[Piece], None] | None = None

    # What the connection calls.

    def put(self, data: bytes, at: float) -> None:
        """Who takes each piece as it comes has it at once; else nobody hears of it before `wake`, or `end`."""
        if self._eager is not None:
            self._eager(Piece(data, at))
            return
        self._pieces.append(Piece(data, at))
        self._unread += len(data)
        if self._unread > UNREAD_HIGH and not self.is_full and self.source is not None:
            self.is_full = True
            self.source.hold()

    def end(self, error: WireError | None = None) -> None:
        """Nothing more comes; pieces that are here already stay readable, and `error` is raised after them."""
        self.source = None
        self.ended = True
        self.error = error
        self.wake()

    def wake(self) -> None:
        """Something is here that was not, the head or a piece."""
        if self._eager is not None and not self.ended:
            return  # it was told already
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            if not waiter.done():
                waiter.set_result(None)
        if self.on_news is not None:
            self.on_news()

    # What the caller's side calls.

    async def wait_for_head(self) -> Head:
        while self.head is None:
            if self.error is not None:
                raise self._told(self.error)
            await self._wait()
        return self.head

    async def take(self) -> Piece | None:
        """The next piece, None after the last."""
        while not self._pieces:
            if self.error is not None:
                raise self._told(self.error)
            if self.ended:
                return None
            await self._wait()
        return self._handed()

    async def each(self, take: Callable[[Piece], bool]) -> bool:
        """See `Response.each`."""
        while True:
            while self._pieces:
                if not take(self._handed()):
                    return True
            if self.error is not None:
                raise self._told(self.error)
            if self.ended:
                return False
            if await self._taken(take):
                return True

    async def _taken(self, take: Callable[[Piece], bool]) -> bool:
        """Waits until `take` says no, for which it is True, or there is nothing more to come."""
        over: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        failed: list[Exception] = []  # not kept in the future, which this frame holds and the error would, too

        def come(piece: Piece) -> None:
            try:
                said_no = not take(piece)
            except Exception as error:
                self._eager = self.on_news = None
                if not over.done():
                    failed.append(error)
                    over.set_result(True)
                return
            if said_no:
                self._eager = self.on_news = None
                if not over.done():
                    over.set_result(True)

        def end() -> None:
            if self.ended:
                self._eager = self.on_news = None
                if not over.done():
                    over.set_result(False)

        self._eager, self.on_news = come, end
        try:
            said_no = await over
        except asyncio.CancelledError:
            self.close()
            raise
        finally:
            self._eager = self.on_news = None
        if failed:
            raise failed.pop()
        return said_no

    def _told(self, error: WireError) -> WireError:
        """It is told once. Kept on, it would hold all that it came through, and that would hold it: a failed request
        would stay until the collector of garbage comes."""
        self.error = ClientClosed("The exchange has ended with an error.")
        return error

    def _handed(self) -> Piece:
        piece = self._pieces.popleft()
        self._unread -= len(piece.data)
        if self.is_full and self._unread <= UNREAD_LOW:
            self.is_full = False
            if self.source is not None:
                self.source.go_on()
        return piece

    def take_here(self) -> Piece | None:
        """The next piece if it is here already; for a whole answer it mostly is."""
        return self._handed() if self._pieces else None

    def whole(self) -> bytes:
        """All that is here; it stays here."""
        pieces = self._pieces
        return pieces[0].data if len(pieces) == 1 else b"".join(piece.data for piece in pieces)

    def close(self) -> None:
        """Synchronous, because no `await` can be trusted while a task is being cancelled."""
        source = self.source
        if source is not None:
            self._pieces.clear()
            self.end(ClientClosed("The exchange was closed before its response was complete."))
            source.drop()

    async def _wait(self) -> None:
        if self._waiter is not None:
            raise RuntimeError("Two tasks are reading one response.")
        waiter = self._waiter = asyncio.get_running_loop().create_future()
        try:
            await waiter
        except BaseException:
            self.close()
            raise
