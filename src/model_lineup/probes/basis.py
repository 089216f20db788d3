"""What a verdict was found about: where the model was asked, as whom, and how. When that changes it is stale."""

import hashlib
from collections.abc import Mapping
from functools import cache
from random import Random
from typing import Any

import msgspec

from model_lineup.probes.contract import Probe
from model_lineup.probes.registry import probes
from model_lineup.upstream import registry
from model_lineup.upstream.contract import Endpoint
from model_lineup.vault import Vault

READING = 1
"""Raise it when answers are judged so differently that older verdicts should be found anew; a test tells when judging
has changed at all. What is sent is noticed by itself."""


def bases_of(vault: Vault, endpoint: Endpoint, model_id: str) -> dict[str, str]:
    """Capability → a digest of base URL, key, headers, API version, dialect, the model's own id, and what is asked.

    It tells nothing of the key: it is made with this instance's secret.
    """
    dialect = registry.kind_named(endpoint.kind).dialect.name
    parts: tuple[Any, ...] = (
        *(endpoint.kind, dialect, endpoint.base_url, endpoint.api_key or "", endpoint.api_version or ""),
        *(repr(endpoint.headers), endpoint.proxy or "", model_id, READING),
    )
    about = vault.derive("capability", *parts)
    return {name: hashlib.sha256(about + asked.encode()).hexdigest()[:32] for name, asked in _asked_of_all().items()}


def way_of_asking() -> str:
    """Another one whenever any probe asks, or is judged, in another way."""
    return hashlib.sha256(repr((READING, sorted(_asked_of_all().items()))).encode()).hexdigest()[:16]


@cache
def _asked_of_all() -> Mapping[str, str]:
    return {name: asked(probe) for name, probe in probes().items()}


def asked(probe: Probe) -> str:
    """A digest of what it sends, with the same luck each time. Pictures are left out: their bytes are the packer's."""
    bodies = [trial.body for trial in probe.trials(Random(0))]  # noqa: S311  # nosec B311
    return hashlib.sha256(msgspec.json.encode(_without_pictures(bodies), order="sorted")).hexdigest()


def _without_pictures(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_pictures(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_without_pictures(one) for one in value]
    return "a picture" if isinstance(value, str) and value.startswith("data:image/") else value
