"""Providers of a file made so, by the rules for adding and changing one, and their keys by reference."""

from typing import Any

from model_lineup.catalog.check_schedule import CheckSchedule
from model_lineup.catalog.fetch_rules import FetchRules
from model_lineup.catalog.fetch_schedule import FetchSchedule
from model_lineup.catalog.providers import in_order, write_order
from model_lineup.catalog.shapes import NewProvider, Provider, ProviderChanges
from model_lineup.changes.as_code.planned import MissingKey
from model_lineup.changes.as_code.providers import entry_of, placeholder, reference_of
from model_lineup.changes.as_code.reading import pointed
from model_lineup.changes.as_code.shapes import ProviderEntry
from model_lineup.changes.as_code.work import Work
from model_lineup.errors import CredentialRebindRequired

STAND_IN = "a-key-that-was-not-sent-along"
"""What a dry run seals instead; it is taken back with everything else."""


def differing(entry: ProviderEntry, held: Provider) -> dict[str, Any]:
    """The fields in which the file differs from what is stored; keys are looked at apart."""
    stored = entry_of(held)
    fields = (name for name in entry.__struct_fields__ if name != "api_key")
    return {name: getattr(entry, name) for name in fields if getattr(entry, name) != getattr(stored, name)}


def write(work: Work) -> None:
    """Raises InvalidInput, EgressRefused, CredentialRebindRequired."""
    for slug, entry in work.wanted.providers.items():
        held = work.standing.providers.get(slug)
        with work.at(f"/providers/{pointed(slug)}"):
            if held is None:
                work.slugs[slug] = _add(work, slug, entry)
            else:
                _change(work, held, entry)


def order(work: Work) -> list[int] | None:
    """All providers in the order that the file wants, those that it does not name after the others; None where it says
    nothing. Raises InvalidInput."""
    if work.wanted.provider_order is None:
        return None
    unknown = [slug for slug in work.wanted.provider_order if slug not in work.slugs]
    if unknown:
        raise work.wrong("/provider_order", f"no provider has the slug {unknown[0]!r}")
    named = [work.slugs[slug] for slug in work.wanted.provider_order]
    return named + [row for row in in_order(work.change) if row not in named]


def write_in_order(work: Work) -> None:
    """Raises InvalidInput."""
    wanted = order(work)
    if wanted is not None and wanted != in_order(work.change):
        write_order(work.change, wanted)


def _add(work: Work, slug: str, entry: ProviderEntry) -> int:
    key = _sent(work, slug, entry.api_key) if entry.api_key is not None else None
    new = NewProvider(
        slug=slug, api_key=key, api_key_reference=_kept(slug, entry.api_key), managed_by=work.label, **_fields(entry)
    )
    return work.through.create_within(work.change, new).id


def _change(work: Work, held: Provider, entry: ProviderEntry) -> None:
    if entry.type != held.type:
        raise work.wrong(
            f"/providers/{held.slug}/type", f"it is {held.type!r} and stays so; add another provider for {entry.type!r}"
        )
    changes: dict[str, Any] = {name: value for name, value in _fields(entry).items() if name in differing(entry, held)}
    if held.managed_by != work.label:
        changes["managed_by"] = work.label
    changes |= _key(work, held, entry, changes)
    if changes:
        try:
            work.through.change_within(work.change, held.id, ProviderChanges(**changes))
        except CredentialRebindRequired as error:
            raise CredentialRebindRequired(
                f"Provider {held.slug!r}: {error.detail} In a file that is `api_key`, with its value.",
                **error.facts,
            ) from None


def _key(work: Work, held: Provider, entry: ProviderEntry, changes: dict[str, Any]) -> dict[str, Any]:
    """What the file changes about the key: nothing where it says nothing, or says what is so already.

    The same reference with another value is a key that was rotated; the same one without its value is left alone.
    """
    reference = entry.api_key
    if reference is None:
        return {}
    moves = changes.keys() & {"base_url", "proxy", "ca_bundle"}
    sent = work.keys.get(reference)
    kept = _kept(held.slug, reference)
    said = {} if kept == held.api_key_reference else {"api_key_reference": kept}
    if sent is None and reference == reference_of(held) and not moves:
        return said
    if sent is not None and not moves and work.through.holds(work.change, held, sent):
        return said
    return {"api_key": _sent(work, held.slug, reference), "api_key_reference": kept}


def _sent(work: Work, slug: str, reference: str) -> str:
    """The key that was sent along. Raises InvalidInput for none, but in a dry run, which only notes it."""
    if reference in work.keys:
        return work.keys[reference]
    work.missing.append(MissingKey(slug, reference))
    if work.change.dry_run:
        return STAND_IN
    raise work.wrong(
        f"/providers/{slug}/api_key",
        f"the value of {reference} was not sent along; `lineup apply` reads it where it runs, others send it in `keys`",
    )


def _kept(slug: str, reference: str | None) -> str | None:
    """The placeholder says nothing that its absence does not."""
    return None if reference == placeholder(slug) else reference


def _fields(entry: ProviderEntry) -> dict[str, Any]:
    """In the catalog's shapes, but for the key."""
    fetching, checking = entry.fetch_schedule, entry.check_schedule
    fields = {name: getattr(entry, name) for name in entry.__struct_fields__ if name != "api_key"}
    return {
        **fields,
        "fetch_rules": FetchRules(entry.fetch_rules.include, entry.fetch_rules.ignore),
        "fetch_schedule": fetching and FetchSchedule(fetching.every_minutes, fetching.apply),
        "check_schedule": checking and CheckSchedule(checking.every_minutes, checking.tokens_per_day),
    }
