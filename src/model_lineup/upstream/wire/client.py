"""The client: one request out, one response back, over a pooled or a fresh connection."""

from collections.abc import Awaitable, Callable, Collection, Sequence

from model_lineup.upstream.wire.response import Response
from model_lineup.upstream.wire.shapes import Deadlines, Path, Request

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port to the numeric addresses, in the order in which they are to be tried. Raises OSError."""


def no_listeners() -> Collection[tuple[str, int]]:
    """For a client in a process that listens nowhere."""
    return ()


class Client:
    """One per event loop; close it before the loop ends."""

    def __init__(
        self,
        *,
        pool_per_origin: int = 1024,
        pool_total: int = 4096,
        idle_expiry_s: float = 4.0,
        max_head_bytes: int = 64 * 1024,
        resolver: Resolver | None = None,
        forbidden_origins: Callable[[], Collection[tuple[str, int]]] = no_listeners,
    ) -> None:
        raise NotImplementedError

    async def send(self, request: Request, *, path: Path, deadlines: Deadlines) -> Response:
        """Send and wait for the head. Raises `WireError`, `BadUrl`, `BadHeader`."""
        raise NotImplementedError

    async def close(self) -> None:
        """Abort whatever is open; exchanges under way fail with `ClientClosed`."""
        raise NotImplementedError
