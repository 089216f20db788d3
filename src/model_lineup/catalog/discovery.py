"""Auto-fetch: asking a provider for its list, and writing in one transaction what `fetch_plan` decides about it.

The provider is asked before the transaction begins; a list that failed, was cut or was empty never reaches it.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import Connection

from model_lineup.catalog import names
from model_lineup.catalog.facts import StatedFact
from model_lineup.catalog.fetch_plan import Arrival, Decision, PlanItem, Update, decide
from model_lineup.catalog.moves import NameGuard
from model_lineup.catalog.providers import Providers, living
from model_lineup.catalog.store import affected, fetching
from model_lineup.catalog.store import facts as fact_store
from model_lineup.catalog.store import models as model_store
from model_lineup.catalog.store import providers as provider_store
from model_lineup.clock import Clock
from model_lineup.database.engines import Database
from model_lineup.database.many import let_go
from model_lineup.database.metadata import micros, moment
from model_lineup.errors import InvalidInput, LineupError, NotFound, Unavailable, UpstreamFailed
from model_lineup.journal.record import Author, Change, Journal
from model_lineup.journal.shapes import Impact
from model_lineup.upstream.contract import Endpoint, Listing, NetworkScope

ReadList = Callable[[Endpoint], Awaitable[Listing]]


class FetchPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a fetch did, or would do (`dry_run`). `unchanged` is a count; the others are lists.

    `candidates`: what could be deployed at a provider whose deployments have names of their own (Azure); not stored.
    """

    provider_id: int
    pages: int
    listed: int
    added: list[PlanItem] = []
    changed: list[PlanItem] = []
    reactivated: list[PlanItem] = []
    vanished: list[PlanItem] = []
    protected: list[PlanItem] = []
    unchanged: int = 0
    candidates: list[str] = []
    warnings: list[str] = []
    dry_run: bool = False
    revision: int = 0
    change_id: int | None = None
    impact: Impact | UnsetType = UNSET


class ProviderTest(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a provider's list could be read. `stage` is the first that failed.

    `retry_after_s`: how long the provider asks to be left alone, at most an hour. `allowed_by_network_scope`: of an
    address that was refused, the scope that would allow it.
    """

    passed: bool
    stage: str | None
    http_status: int | None
    latency_ms: float
    models: int | None
    message: str
    hint: str
    retry_after_s: float | None = None
    allowed_by_network_scope: NetworkScope | None = None


class Discovery:
    """Fetching a provider's models: `read_list` asks the provider on the loop, the database parts run in threads."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        providers: Providers,
        clock: Clock,
        read_list: ReadList,
        *,
        most: int,
    ) -> None:
        self._database = database
        self._journal = journal
        self._providers = providers
        self._clock = clock
        self._read_list = read_list
        self._most = most

    async def fetch(
        self, provider_id: int, author: Author, *, dry_run: bool = False, confirm: bool = False
    ) -> FetchPlan:
        """Raises NotFound, UpstreamFailed (nothing changed), NameWouldMove."""
        endpoint = await asyncio.to_thread(self._providers.endpoint, provider_id)
        try:
            listing = await self._read_list(endpoint)
            await asyncio.to_thread(self._check, listing)
            plan = await asyncio.to_thread(self._apply, provider_id, listing, author, dry_run, confirm)
            models = list(listing.models)
            del listing
            await asyncio.to_thread(let_go, models)
        except NotFound:  # it was deleted while it was asked
            raise
        except LineupError as error:
            if not dry_run:
                await asyncio.to_thread(self._record_failure, provider_id, error)
            raise
        if not dry_run:
            await asyncio.to_thread(self._record, provider_id, _outcome(plan))
        return plan

    async def test(self, provider_id: int) -> ProviderTest:
        """Read the list and store nothing. Raises NotFound, KeyUndecryptable."""
        endpoint = await asyncio.to_thread(self._providers.endpoint, provider_id)
        started = self._clock.tick()
        try:
            listing = await self._read_list(endpoint)
        except UpstreamFailed as error:
            return _failed(error, (self._clock.tick() - started) * 1000)
        return ProviderTest(
            passed=True,
            stage=None,
            http_status=200,
            latency_ms=(self._clock.tick() - started) * 1000,
            models=len(listing.models) + len(listing.candidates),
            message=f"The list can be read; it has {len(listing.models) + len(listing.candidates)} model(s).",
            hint="A list may be readable without a valid key; test one of its models to be sure.",
        )

    def _check(self, listing: Listing) -> None:
        """Raises UpstreamFailed for a list that would do harm."""
        if not listing.models and not listing.candidates:
            raise UpstreamFailed("The provider lists no models. Nothing was changed.", stage="empty")
        if len(listing.models) > self._most:
            raise UpstreamFailed(
                f"The provider lists {len(listing.models)} models; {self._most} at most are taken "
                "(LINEUP_FETCH_MODELS). Nothing was changed.",
                stage="protocol",
            )
        for listed in listing.models:
            try:
                names.check_model_id(listed.model_id, "id")
            except InvalidInput as error:
                raise UpstreamFailed(
                    f"The provider lists a model whose id cannot be used ({error.detail}). Nothing was changed.",
                    stage="protocol",
                ) from None

    def _apply(self, provider_id: int, listing: Listing, author: Author, dry_run: bool, confirm: bool) -> FetchPlan:
        with self._journal.change(author, "providers.fetch", dry_run=dry_run) as change:
            living(provider_store.one(change.connection, provider_id), provider_id)
            stored = fetching.rows(change.connection, provider_id)
            listed = [stored[one.model_id].id for one in listing.models if one.model_id in stored]
            stated = fact_store.stated(change.connection, listed)
            decision = decide(listing.models, stored, stated, moment(change.now))
            arriving = [one.model_id for one in decision.arrivals]
            candidates = affected.by_arrival(change.connection, provider_id, arriving)
            guard = NameGuard(change.connection, candidates, confirmed=confirm)
            added = _add(change, provider_id, decision.arrivals)
            _update(change, decision.updates, decision.told)
            _mark_vanished(change, decision.gone)
            guard.check()
            warnings = _shadowed(change.connection, arriving)
        let_go(change.entries)
        let_go(decision.arrivals)
        return _plan(provider_id, listing, added, decision, warnings, change)

    def _record_failure(self, provider_id: int, error: LineupError) -> None:
        self._record(provider_id, {"outcome": "failed", "code": error.code, "message": error.detail, **error.facts})

    def _record(self, provider_id: int, outcome: dict[str, Any]) -> None:
        """Keep how it ended. That is worth no failure of its own: what was done is done, what failed was told."""
        at = micros(self._clock.now())
        with contextlib.suppress(Unavailable), self._database.write_activity() as connection:
            kept = {**outcome, "at": moment(at)}
            provider_store.record_fetch(connection, provider_id, at=at, outcome=kept)


def _failed(error: UpstreamFailed, latency_ms: float) -> ProviderTest:
    return ProviderTest(
        passed=False,
        stage=error.facts.get("stage"),
        http_status=error.facts.get("http_status"),
        latency_ms=latency_ms,
        models=None,
        message=error.detail,
        hint=error.facts.get("hint", ""),
        retry_after_s=error.facts.get("retry_after_s"),
        allowed_by_network_scope=error.facts.get("allowed_by_network_scope"),
    )


def _add(change: Change, provider_id: int, arrivals: Sequence[Arrival]) -> list[PlanItem]:
    """New rows: hidden, not for agents."""
    if not arrivals:
        return []
    flags = {"visible": 0, "listed": 1, "agents_enabled": 0}
    common = {"provider_id": provider_id, "source": "discovered", **flags}
    rows = [{**common, "model_id": one.model_id, **fact_store.columns(one.known)} for one in arrivals]
    ids = model_store.add(change.connection, rows, now=change.now, revision=change.revision)
    let_go(rows)
    stated = {row_id: one.stated for row_id, one in zip(ids, arrivals, strict=True)}
    fact_store.state(change.connection, "provider", stated, new_rows=True)
    for row_id, one in zip(ids, arrivals, strict=True):
        after = {field: fact.value for field, fact in one.known.items()}
        change.touched("model", row_id, one.model_id, before={}, after={**after, "source": "discovered"})
    return [PlanItem(one.model_id, row_id) for row_id, one in zip(ids, arrivals, strict=True)]


def _update(change: Change, updates: Sequence[Update], told: Mapping[int, Sequence[StatedFact]]) -> None:
    """Rows that are there; also what the list says of a field that a pin keeps as it is."""
    fact_store.state(change.connection, "provider", told)
    columns = {one.id: {**fact_store.columns(one.known), "missing_since": None} for one in updates}
    model_store.change_each(change.connection, columns, now=change.now, revision=change.revision)
    for one in updates:
        change.touched("model", one.id, one.model_id, before=one.before, after=one.after)


def _mark_vanished(change: Change, gone: Mapping[int, str]) -> None:
    if not gone:
        return
    values = {"missing_since": change.now}
    model_store.change(change.connection, gone, values, now=change.now, revision=change.revision)
    for row_id, model_id in gone.items():
        change.touched("model", row_id, model_id, before={"missing": False}, after={"missing": True})


def _shadowed(connection: Connection, model_ids: Sequence[str]) -> list[str]:
    taken = fetching.aliases_named(connection, model_ids)
    return [f"The alias {alias!r} has the name of a new model; the alias keeps winning." for alias in taken]


def _plan(
    provider_id: int,
    listing: Listing,
    added: list[PlanItem],
    decision: Decision,
    warnings: list[str],
    change: Change,
) -> FetchPlan:
    return FetchPlan(
        provider_id=provider_id,
        pages=listing.pages,
        listed=len(listing.models),
        candidates=[candidate.model_id for candidate in listing.candidates],
        added=added,
        changed=decision.changed,
        reactivated=decision.reactivated,
        vanished=decision.vanished,
        protected=decision.protected,
        unchanged=decision.unchanged,
        warnings=warnings,
        dry_run=change.dry_run,
        impact=change.receipt.impact,
        revision=change.receipt.revision,
        change_id=change.receipt.change_id,
    )


def _outcome(plan: FetchPlan) -> dict[str, Any]:
    counts = {name: len(getattr(plan, name)) for name in ("added", "changed", "reactivated", "vanished", "protected")}
    return {"outcome": "ok", "listed": plan.listed, **counts, "unchanged": plan.unchanged}
