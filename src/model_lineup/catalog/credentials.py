"""The key of a provider: sealed for the origin that it was entered for, opened for that one, and led nowhere else."""

from typing import Any

from msgspec import UNSET
from sqlalchemy import Connection

from model_lineup.catalog import provider_rules
from model_lineup.catalog.shapes import Provider, ProviderChanges
from model_lineup.catalog.store import providers as store
from model_lineup.errors import CredentialRebindRequired
from model_lineup.upstream.wire import Origin
from model_lineup.vault import Vault

LAST = 4
_REMOVED = {"sealed_key": None, "key_origin": None, "key_hint": None, "key_reference": None}


class Credentials:
    """Keys go in here and come out only as part of an endpoint."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def open(self, connection: Connection, provider: Provider) -> str | None:
        """The key, for the origin that it would be sent to, not for the one that its row names.

        Raises KeyUndecryptable.
        """
        sealed = store.credential(connection, provider.id).sealed_key
        if sealed is None:
            return None
        return self._vault.open(sealed, bound_to(provider.id, Origin.of(provider.base_url)))

    def seal(self, provider_id: int, key: str, origin: Origin) -> dict[str, Any]:
        """The columns of a key. Raises InvalidInput for one that no header can carry."""
        provider_rules.check_key(key)
        hint = key[-LAST:] if len(key) >= 3 * LAST else None
        sealed = self._vault.seal(key, bound_to(provider_id, origin))
        return {"sealed_key": sealed, "key_origin": str(origin), "key_hint": hint}

    def after(
        self, connection: Connection, before: Provider, changes: ProviderChanges, origin: Origin
    ) -> dict[str, Any]:
        """The columns that a change of this provider, which is at `origin` afterwards, gives to its key.

        Raises InvalidInput; CredentialRebindRequired where a stored key would go to another origin, or past somebody
        who could read it.
        """
        if changes.api_key is not UNSET:
            provider_rules.check_kind(before.type, has_key=changes.api_key is not None)
            if changes.api_key is None:
                return _REMOVED
            reference = None if changes.api_key_reference is UNSET else changes.api_key_reference
            return {**self.seal(before.id, changes.api_key, origin), "key_reference": reference}
        stored = store.credential(connection, before.id)
        if stored.sealed_key is None:
            return {}
        if _leads_elsewhere(before, changes):
            raise CredentialRebindRequired(
                "Another proxy or certificate authority could read the stored key. Send `api_key` together with it.",
                key_origin=stored.key_origin,
            )
        if stored.key_origin != str(origin):
            raise CredentialRebindRequired(
                f"The stored key was entered for {stored.key_origin}. Send `api_key` together with the new base_url.",
                key_origin=stored.key_origin,
                new_origin=str(origin),
            )
        return {}


def _leads_elsewhere(before: Provider, changes: ProviderChanges) -> bool:
    """Whether a new proxy, or a new authority to trust, stands on the way to the origin."""
    new_proxy = changes.proxy not in (UNSET, None, before.proxy)
    new_authority = changes.ca_bundle not in (UNSET, None, before.ca_bundle)
    return new_proxy or new_authority


def bound_to(provider_id: int, origin: object) -> str:
    """What the key of this provider is sealed for; `origin` as it is written in `key_origin`."""
    return f"provider {provider_id}|api_key|{origin}"
