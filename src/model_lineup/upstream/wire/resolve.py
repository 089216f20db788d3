"""Names to addresses, in threads of their own, so that a hanging name server starves nothing else."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port to the numeric addresses, in the order in which they are to be tried. Raises OSError."""


class SystemResolver:
    """getaddrinfo. Callers who ask the same at the same time share one answer; nothing is remembered afterwards."""

    def __init__(self, threads: Executor) -> None:
        self._threads = threads
        self._asked: dict[tuple[str, int], asyncio.Future[list[str]]] = {}

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        key = (host, port)
        answer = self._asked.get(key)
        if answer is None:
            answer = asyncio.get_running_loop().run_in_executor(self._threads, _look_up, host, port)
            self._asked[key] = answer
            answer.add_done_callback(lambda done: self._answered(key, done))
        return await asyncio.shield(answer)

    def _answered(self, key: tuple[str, int], done: asyncio.Future[list[str]]) -> None:
        del self._asked[key]
        if not done.cancelled():
            done.exception()  # seen, even when nobody waits any more


def _look_up(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
