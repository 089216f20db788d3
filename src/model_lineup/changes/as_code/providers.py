"""Providers in a file: what is stored as entries, and where their keys are said to be."""

from collections.abc import Sequence

from model_lineup.catalog.shapes import Provider
from model_lineup.changes.as_code.shapes import CheckingEntry, FetchingEntry, ProviderEntry, RulesEntry


def placeholder(slug: str) -> str:
    """Where a file says that a key is which was entered by hand: a variable for whoever applies the file to set."""
    return f"env:LINEUP_{slug.upper().replace('-', '_')}_API_KEY"


def entry_of(provider: Provider) -> ProviderEntry:
    """What is stored of one, as a file says it."""
    fetching, checking = provider.fetch_schedule, provider.check_schedule
    return ProviderEntry(
        name=provider.name,
        type=provider.type,
        base_url=provider.base_url,
        api_key=reference_of(provider),
        enabled=provider.enabled,
        network_scope=provider.network_scope,
        headers=dict(sorted(provider.headers.items())),
        api_version=provider.api_version,
        proxy=provider.proxy,
        timeouts=dict(sorted(provider.timeouts.items())),
        fetch_rules=RulesEntry(provider.fetch_rules.include, provider.fetch_rules.ignore),
        fetch_schedule=None if fetching is None else FetchingEntry(fetching.every_minutes, fetching.apply),
        check_schedule=None if checking is None else CheckingEntry(checking.every_minutes, checking.tokens_per_day),
        ca_bundle=provider.ca_bundle,
    )


def reference_of(provider: Provider) -> str | None:
    """Where its key is: as a file said, or a placeholder; None for one that has no key."""
    if not provider.api_key_set:
        return None
    return provider.api_key_reference or placeholder(provider.slug)


def entered_by_hand(providers: Sequence[Provider]) -> list[str]:
    """Slugs of those whose key nobody has said the place of."""
    return [one.slug for one in providers if one.api_key_set and one.api_key_reference is None]
