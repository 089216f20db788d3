"""Runs a coroutine that needs an HTTP client, in an event loop of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from model_lineup.upstream.wire import Client

T = TypeVar("T")


def with_client(use: Callable[[Client], Awaitable[T]]) -> T:
    """What `use(client)` returns."""

    async def main() -> T:
        client = Client()
        try:
            return await use(client)
        finally:
            await client.close()

    return asyncio.run(main())
