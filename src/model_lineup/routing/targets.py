"""Where a provider is called, its key opened: kept in memory until the provider changes."""

import asyncio

from model_lineup.catalog.providers import Providers
from model_lineup.routing.snapshot import ProviderState
from model_lineup.upstream.contract import Endpoint


class Endpoints:
    """One per process. What is kept is bounded by the number of providers."""

    def __init__(self, providers: Providers) -> None:
        self._providers = providers
        self._kept: dict[int, tuple[int, Endpoint]] = {}

    def known(self, provider: ProviderState) -> Endpoint | None:
        """Without waiting; None when it must be read."""
        kept = self._kept.get(provider.id)
        return kept[1] if kept is not None and kept[0] == provider.changed_at else None

    async def of(self, provider: ProviderState) -> Endpoint:
        """Raises NotFound, KeyUndecryptable, Unavailable."""
        found = self.known(provider)
        if found is None:
            read = await asyncio.to_thread(self._providers.endpoint, provider.id)
            found = (
                self.known(provider) or read
            )  # of those who read at the same time one is kept, which is the same for all
            self._kept[provider.id] = (provider.changed_at, found)
        return found
