"""Administrative operations on providers, each in one transaction. Keys go in and never come out again."""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import UNSET
from sqlalchemy import Connection

from model_lineup.catalog import names, provider_rules
from model_lineup.catalog.credentials import Credentials
from model_lineup.catalog.deletion import mark_deleted
from model_lineup.catalog.inheriting import inherit
from model_lineup.catalog.moves import NameGuard
from model_lineup.catalog.shapes import NewProvider, Provider, ProviderChanges
from model_lineup.catalog.store import affected
from model_lineup.catalog.store import models as model_store
from model_lineup.catalog.store import plans as plan_store
from model_lineup.catalog.store import providers as store
from model_lineup.database.engines import Database
from model_lineup.database.metadata import dump
from model_lineup.errors import (
    DuplicateProvider,
    InvalidInput,
    KeyUndecryptable,
    NotFound,
    PreconditionFailed,
    ProviderHasModels,
)
from model_lineup.journal.record import Author, Change, Journal, differing
from model_lineup.journal.shapes import Receipt
from model_lineup.upstream.contract import Bounds, Endpoint, Timeouts
from model_lineup.upstream.wire import Origin
from model_lineup.vault import Vault

_WAY_TO_ASK = {"base_url", "headers", "api_version", "proxy", "sealed_key"}
"""Columns that say where a provider is asked, as whom and how."""


class Providers:
    """What administrators do with providers, inside what the operator allows."""

    def __init__(
        self, database: Database, journal: Journal, vault: Vault, *, timeouts: Timeouts, bounds: Bounds
    ) -> None:
        self._database = database
        self._journal = journal
        self._credentials = Credentials(vault)
        self._timeouts = timeouts
        self.bounds = bounds
        self.told_of_moves: Callable[[Change, int], None] = lambda change, provider_id: None
        """Hears, inside the change, of a provider that is asked elsewhere, as somebody else or in another way."""

    def through(self, journal: Journal) -> "Providers":
        """The same, whose changes are written by another journal."""
        other = copy.copy(self)
        other._journal = journal
        return other

    def page(self, *, limit: int, offset: int) -> tuple[list[Provider], int]:
        """Providers in the admin's order, and how many there are."""
        with self._database.read() as connection:
            return store.listed(connection, limit=limit, offset=offset)

    def get(self, provider_id: int) -> Provider:
        """Raises NotFound."""
        with self._database.read() as connection:
            return living(store.one(connection, provider_id), provider_id)

    def endpoint(self, provider_id: int) -> Endpoint:
        """Where and how to call this provider, its key opened. Raises NotFound, KeyUndecryptable."""
        with self._database.read() as connection:
            return self.endpoint_within(connection, provider_id)

    def endpoint_within(self, connection: Connection, provider_id: int) -> Endpoint:
        """The same as a transaction sees it. Raises as `endpoint` does."""
        provider = living(store.one(connection, provider_id), provider_id)
        key = self._credentials.open(connection, provider)
        return Endpoint(
            kind=provider.type,
            base_url=provider.base_url,
            api_key=key,
            network_scope=provider.network_scope,
            headers=tuple(provider.headers.items()),
            api_version=provider.api_version,
            ca_bundle=provider.ca_bundle,
            proxy=provider.proxy,
            timeouts=provider_rules.timeouts_of(provider.timeouts, self._timeouts),
            bounds=self.bounds,
        )

    def create(self, new: NewProvider, author: Author) -> tuple[Provider, Receipt]:
        """Raises InvalidInput, EgressRefused, DuplicateProvider."""
        with self._journal.change(author, "providers.create") as change:
            provider = self.create_within(change, new)
        return provider, change.receipt

    def create_within(self, change: Change, new: NewProvider) -> Provider:
        """The same inside somebody's change. Raises as `create` does."""
        provider_rules.check_offered(new.type, self.bounds)
        provider_rules.check_kind(new.type, has_key=new.api_key is not None)
        provider_rules.check_case(new.type, new.base_url)
        origin = self._check_address(new.base_url, new.network_scope)
        provider_rules.check_way(new.network_scope, new.proxy)
        columns = {**self._columns(new), "kind": new.type, "slug": _free_slug(change, new)}
        provider_id = store.add(change.connection, columns, now=change.now, revision=change.revision)
        if new.api_key is not None:
            sealed = self._credentials.seal(provider_id, new.api_key, origin)
            store.add_credential(change.connection, provider_id, sealed)
        provider = living(store.one(change.connection, provider_id), provider_id)
        change.touched("provider", provider_id, provider.name, before={}, after=journaled(provider))
        return provider

    def holds(self, change: Change, provider: Provider, key: str) -> bool:
        """Whether this is the key that is stored; one that cannot be opened is not."""
        try:
            return self._credentials.open(change.connection, provider) == key
        except KeyUndecryptable:
            return False

    def change(
        self,
        provider_id: int,
        changes: ProviderChanges,
        author: Author,
        *,
        if_match: int | None = None,
        confirm: bool = False,
        dry_run: bool = False,
    ) -> tuple[Provider, Receipt]:
        """Raises NotFound, InvalidInput, EgressRefused, CredentialRebindRequired, PreconditionFailed, NameWouldMove."""
        with self._journal.change(author, "providers.change", dry_run=dry_run) as change:
            before = living(store.one(change.connection, provider_id), provider_id)
            _check_version(before, if_match)
            switched = changes.enabled is not UNSET and changes.enabled != before.enabled
            guard = NameGuard(change.connection, _names_of(change, before) if switched else (), confirmed=confirm)
            after = self.change_within(change, provider_id, changes)
            guard.check()
        return after, change.receipt

    def change_within(self, change: Change, provider_id: int, changes: ProviderChanges) -> Provider:
        """The same inside somebody's change, who sees to versions and names. Raises as `change` does."""
        before = living(store.one(change.connection, provider_id), provider_id)
        origin = self._origin_after(before, changes)
        columns = self._columns(changes) | self._credentials.after(change.connection, before, changes, origin)
        version = before.version
        after = _write(change, before, columns)
        if after.version != version and columns.keys() & _WAY_TO_ASK:
            self.told_of_moves(change, provider_id)
        return after

    def reorder(
        self, provider_ids: Sequence[int], author: Author, *, confirm: bool = False, dry_run: bool = False
    ) -> tuple[list[Provider], Receipt]:
        """The order in which providers win an id that several have. Raises InvalidInput, NameWouldMove."""
        with self._journal.change(author, "providers.reorder", dry_run=dry_run) as change:
            before = in_order(change)
            if sorted(before) != sorted(provider_ids):
                raise InvalidInput.at("/provider_ids", f"name each of the {len(before)} providers once: {before}")
            rows = [row for one in before for row in model_store.ids_of_provider(change.connection, one)]
            guard = NameGuard(change.connection, affected.by_availability(change.connection, rows), confirmed=confirm)
            if list(provider_ids) != before:
                write_order(change, provider_ids)
            guard.check()
            providers, _ = store.listed(change.connection, limit=len(before), offset=0)
        return providers, change.receipt

    def delete(
        self,
        provider_id: int,
        author: Author,
        *,
        force: bool = False,
        confirm: bool = False,
        if_match: int | None = None,
        dry_run: bool = False,
    ) -> Receipt:
        """Its key is wiped; with `force` its models and their aliases go with it.

        Raises NotFound, PreconditionFailed, ProviderHasModels with the impact, NameWouldMove.
        """
        with self._journal.change(author, "providers.delete", dry_run=dry_run) as change:
            provider = living(store.one(change.connection, provider_id), provider_id)
            _check_version(provider, if_match)
            rows = model_store.living(change.connection, model_store.ids_of_provider(change.connection, provider_id))
            aliases = _refuse_unforced(change, provider, list(rows), force)
            guard = NameGuard(change.connection, aliases, confirmed=confirm)
            if rows:
                mark_deleted(change, rows)
            self.remove(change, provider)
            guard.check()
        return change.receipt

    def remove(self, change: Change, provider: Provider) -> None:
        """Mark one deleted that has no models any more, and wipe its key, inside somebody's change."""
        gone = {"deleted_at": change.now, "sealed_key": None, "key_origin": None, "key_hint": None, "enabled": 0}
        gone["key_reference"] = None
        store.change(change.connection, provider.id, gone, **_when(change))
        plan_store.overtake(change.connection, provider.id, by="the provider's deletion", at=change.now)
        change.touched("provider", provider.id, provider.name, before=journaled(provider), after={})

    def bring_back(self, change: Change, provider_id: int, *, enabled: bool) -> None:
        """A deleted one whose slug is free, without its key, inside somebody's change."""
        back = {"deleted_at": None, "enabled": int(enabled)}
        store.change(change.connection, provider_id, back, **_when(change))
        provider = living(store.one(change.connection, provider_id), provider_id)
        change.touched("provider", provider_id, provider.name, before={}, after=journaled(provider))

    def _check_address(self, base_url: str, scope: str) -> Origin:
        return provider_rules.check_address(base_url, scope, self.bounds)

    def _columns(self, said: NewProvider | ProviderChanges) -> dict[str, Any]:
        """The columns of what was said, each checked; the key apart."""
        provider_rules.check_proxy(None if said.proxy is UNSET else said.proxy)
        provider_rules.check_ca_bundle(None if said.ca_bundle is UNSET else said.ca_bundle)
        values: dict[str, Any] = {
            "name": said.name,
            "base_url": said.base_url,
            "enabled": said.enabled if said.enabled is UNSET else int(said.enabled),
            "network_scope": said.network_scope,
            "headers": said.headers
            if said.headers is UNSET
            else dump(provider_rules.check_headers(said.headers or {})),
            "api_version": said.api_version,
            "ca_bundle": said.ca_bundle,
            "proxy": said.proxy,
            "key_reference": said.api_key_reference,
            "managed_by": said.managed_by,
            "timeouts": said.timeouts
            if said.timeouts is UNSET
            else dump(provider_rules.check_timeouts(said.timeouts or {})),
        }
        values |= provider_rules.fetching_columns(said.fetch_rules, said.fetch_schedule)
        values |= provider_rules.checking_columns(said.check_schedule)
        return {name: value for name, value in values.items() if value is not UNSET}

    def _origin_after(self, before: Provider, changes: ProviderChanges) -> Origin:
        """Where the provider is after the change, allowed or there already. Raises InvalidInput, EgressRefused.

        What was stored under older rules may stay, so that it can still be renamed and switched off.
        """
        base_url = before.base_url if changes.base_url is UNSET else changes.base_url
        scope = before.network_scope if changes.network_scope is UNSET else changes.network_scope
        proxy = before.proxy if changes.proxy is UNSET else changes.proxy
        if changes.network_scope is not UNSET or changes.proxy is not UNSET:
            provider_rules.check_way(scope, proxy)
        provider_rules.check_case(before.type, base_url)
        if changes.network_scope is not UNSET or changes.base_url is not UNSET:
            return self._check_address(base_url, scope)
        return Origin.of(base_url)


def living(provider: Provider | None, provider_id: int) -> Provider:
    """Raises NotFound for None."""
    if provider is None:
        raise NotFound(f"No provider has the id {provider_id}. GET /api/admin/providers lists them.", id=provider_id)
    return provider


def _when(change: Change) -> dict[str, int]:
    return {"now": change.now, "revision": change.revision}


def _free_slug(change: Change, new: NewProvider) -> str:
    if new.slug is None:
        return names.slug_of(new.name, lambda slug: store.slug_taken(change.connection, slug))
    if not names.SLUG.fullmatch(new.slug):
        raise InvalidInput.at("/slug", "a slug has 1 to 40 of a-z, 0-9 and -")
    if store.slug_taken(change.connection, new.slug):
        raise DuplicateProvider(f"Another provider has the slug {new.slug!r}. Choose another one.", slug=new.slug)
    return new.slug


def journaled(provider: Provider) -> dict[str, Any]:
    """What the journal keeps: nothing secret, and nothing that is not configuration."""
    left_out = {"id", "models", "last_fetch", "version", "created_at", "updated_at", "position"}
    return {field: getattr(provider, field) for field in provider.__struct_fields__ if field not in left_out}


def _names_of(change: Change, provider: Provider) -> list[str]:
    rows = model_store.ids_of_provider(change.connection, provider.id)
    return affected.by_availability(change.connection, rows)


def _write(change: Change, before: Provider, columns: Mapping[str, Any]) -> Provider:
    """Write what differs, and note it; a key that was entered again counts as a change."""
    if not columns:
        return before
    sealed = "sealed_key" in columns and (columns["sealed_key"] is not None or before.api_key_set)
    changed = {name: value for name, value in columns.items() if sealed or name in _differing(before, columns)}
    if not changed:
        return before
    store.change(change.connection, before.id, changed, **_when(change))
    after = living(store.one(change.connection, before.id), before.id)
    old, new = differing(journaled(before), journaled(after))
    if sealed:
        new["api_key"] = "replaced" if after.api_key_set else "removed"
    change.touched("provider", before.id, after.name, before=old, after=new)
    if old.keys() & {"base_url", "network_scope"}:
        inherit(change, model_store.ids_of_provider(change.connection, before.id))
    return after


def _differing(before: Provider, columns: Mapping[str, Any]) -> set[str]:
    stored = {
        **{name: getattr(before, name) for name in ("name", "base_url", "network_scope", "api_version")},
        **{name: getattr(before, name) for name in ("ca_bundle", "proxy")},
        "key_reference": before.api_key_reference,
        "managed_by": before.managed_by,
        "enabled": int(before.enabled),
        "headers": dump(before.headers),
        "timeouts": dump(before.timeouts),
        **provider_rules.fetching_columns(before.fetch_rules, before.fetch_schedule),
        **provider_rules.checking_columns(before.check_schedule),
    }
    return {name for name, value in columns.items() if name in stored and stored[name] != value}


def in_order(change: Change) -> list[int]:
    """All providers, as they win an id that several have."""
    return store.ids_in_order(change.connection)


def write_order(change: Change, provider_ids: Sequence[int]) -> None:
    """Let all providers stand in this order."""
    providers = {provider_id: store.one(change.connection, provider_id) for provider_id in provider_ids}
    for position, (provider_id, stored) in enumerate(providers.items(), start=1):
        provider = living(stored, provider_id)
        if provider.position != position:
            store.change(change.connection, provider_id, {"position": position}, **_when(change))
            old, new = {"position": provider.position}, {"position": position}
            change.touched("provider", provider_id, provider.name, before=old, after=new)


def _refuse_unforced(change: Change, provider: Provider, rows: list[int], force: bool) -> list[str]:
    """The names that go with its models; without `force` they are the reason not to."""
    affected_names = affected.by_existence(change.connection, rows)
    if rows and not force:
        raise ProviderHasModels(
            f"{provider.name!r} still has {len(rows)} model(s). DELETE with ?force=true deletes them too.",
            models=len(rows),
            aliases=len(affected_names) - 2 * len(rows),
        )
    return affected_names


def _check_version(provider: Provider, if_match: int | None) -> None:
    if if_match is not None and if_match != provider.version:
        raise PreconditionFailed(
            f"Provider {provider.id} is at version {provider.version}, which If-Match does not name. "
            "Read it again, then repeat your change.",
            current=provider,
        )
