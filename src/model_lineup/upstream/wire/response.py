"""One response while it arrives: what the connection puts in, the caller takes out."""

from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

from model_lineup.upstream.wire.shapes import Piece


class Response:
    """The head is complete when `Client.send` returns it; the body arrives while it is read.

    `headers`: names in lower case, values as latin-1 text, in the order of arrival.
    `sent_at`, `head_at`: `clock.tick()` when the last byte of the request was handed to the transport, and when the
    last byte of the head came. `reused`: went over a pooled connection. `ended_by_close`: true once the body turned
    out to have no length of its own, so that its end cannot be told from a cut.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    sent_at: float
    head_at: float
    reused: bool
    ended_by_close: bool

    def header(self, name: str) -> str | None:
        """The first value of a header; the name in lower case."""
        raise NotImplementedError

    def pieces(self) -> AsyncIterator[Piece]:
        """Body pieces as they arrive. Raises `WireError`; a cancelled wait closes the exchange."""
        raise NotImplementedError

    async def read(self, cap: int) -> bytes:
        """The whole body. Raises `BodyTooLarge` and closes when it is longer than `cap` bytes."""
        raise NotImplementedError

    def close(self) -> None:
        """Give up what is unfinished: closes the connection. After the last byte it does nothing."""
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
