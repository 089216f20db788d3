"""What a verdict was found about: where the model was asked, as whom, and how. When that changes it is stale."""

from typing import Any

from model_lineup.upstream import registry
from model_lineup.upstream.contract import Target
from model_lineup.vault import Vault

ASKING = 1
"""Raise it when what probes send, or how answers are read, changes so that older verdicts should be found anew."""


def basis_of(vault: Vault, target: Target) -> str:
    """A digest of base URL, key, headers, API version, dialect and the model's own id. It tells nothing of the key: it
    is made with this instance's secret."""
    endpoint = target.endpoint
    dialect = registry.kind_named(endpoint.kind).dialect.name
    parts: tuple[Any, ...] = (
        *(endpoint.kind, dialect, endpoint.base_url, endpoint.api_key or "", endpoint.api_version or ""),
        *(repr(endpoint.headers), endpoint.proxy or "", target.model_id, target.task, ASKING),
    )
    return vault.derive("capability", *parts).hex()[:32]
