"""The one HTTP client of a process, made in the event loop that first asks for it."""

from collections.abc import Collection

from model_lineup.upstream.contract import Endpoint, Listing
from model_lineup.upstream.exchange import list_models
from model_lineup.upstream.wire import Client


class SharedClient:
    """`pool`: connections per origin and key. `own_listeners`: Lineup's own addresses, never called."""

    def __init__(self, *, pool: int, own_listeners: Collection[tuple[str, int]]) -> None:
        self._pool = pool
        self._own_listeners = own_listeners
        self._client: Client | None = None

    def get(self) -> Client:
        if self._client is None:
            self._client = Client(pool_per_origin=self._pool, forbidden_origins=lambda: self._own_listeners)
        return self._client

    async def list_models(self, endpoint: Endpoint) -> Listing:
        return await list_models(self.get(), endpoint)

    async def close(self) -> None:
        """In the loop that it was made in; whoever asks afterwards gets a new one."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()
