"""Auto-fetch: asking a provider for its list, and writing in one transaction what `fetch_plan` decides about it.

The provider is asked before the transaction begins; a list that failed, was cut or was empty never reaches it.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from model_lineup.catalog import names
from model_lineup.catalog.fetch_judging import judged
from model_lineup.catalog.fetch_plan import Decision, PlanItem
from model_lineup.catalog.fetch_writing import shadowed, write
from model_lineup.catalog.providers import Providers, living
from model_lineup.catalog.store import plans as plan_store
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
    """What a fetch did, or would do (`dry_run`). `unchanged` is a count; the others are lists. `ignored` is there where
    the provider's rules left something alone.

    `newly_read`: how many of the changed say nothing but what the Lineup that fetched before did not read of this
    provider's list. `candidates`: what could be deployed at a provider whose deployments have names of their own
    (Azure); not stored. What the list says of them counts for the rows that are one of them.
    """

    provider_id: int
    pages: int
    listed: int
    added: list[PlanItem] = []
    changed: list[PlanItem] = []
    reactivated: list[PlanItem] = []
    vanished: list[PlanItem] = []
    protected: list[PlanItem] = []
    ignored: list[PlanItem] | UnsetType = UNSET
    unchanged: int = 0
    newly_read: int = 0
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
            listing = await self._whole_list(endpoint)
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
            await asyncio.to_thread(self.record, provider_id, _outcome(plan))
        return plan

    async def read(self, provider_id: int) -> Listing:
        """The list, whole and usable, for a plan. A failure is kept as the provider's last fetch.

        Raises NotFound, KeyUndecryptable, UpstreamFailed.
        """
        endpoint = await asyncio.to_thread(self._providers.endpoint, provider_id)
        try:
            return await self._whole_list(endpoint)
        except LineupError as error:
            await asyncio.to_thread(self._record_failure, provider_id, error)
            raise

    async def _whole_list(self, endpoint: Endpoint) -> Listing:
        listing = await self._read_list(endpoint)
        await asyncio.to_thread(self._check, listing)
        return listing

    async def test(self, provider_id: int) -> ProviderTest:
        """Read the list and store nothing. Raises NotFound, KeyUndecryptable."""
        endpoint = await asyncio.to_thread(self._providers.endpoint, provider_id)
        started = self._clock.tick()
        try:
            listing = await self._read_list(endpoint)
        except UpstreamFailed as error:
            return _failed(error, (self._clock.tick() - started) * 1000)
        count = len(listing.models) + len(listing.candidates)
        return ProviderTest(
            passed=True,
            stage=None,
            http_status=200,
            latency_ms=(self._clock.tick() - started) * 1000,
            models=count,
            message=f"The list can be read; it has {count} model{'' if count == 1 else 's'}.",
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
            provider = living(provider_store.one(change.connection, provider_id), provider_id)
            decision = judged(change.connection, provider, listing, change.now).decision
            added = write(change, provider_id, decision, confirm=confirm)
            provider_store.record_reading(change.connection, provider_id, listing.reading)
            warnings = shadowed(change.connection, [one.model_id for one in decision.arrivals])
            plan_store.overtake(change.connection, provider_id, by="a fetch", at=change.now)
        let_go(change.entries)
        let_go(decision.arrivals)
        return _plan(provider_id, listing, added, decision, warnings, change)

    def _record_failure(self, provider_id: int, error: LineupError) -> None:
        self.record(provider_id, {"outcome": "failed", "code": error.code, "message": error.detail, **error.facts})

    def record(self, provider_id: int, outcome: dict[str, Any]) -> None:
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
        ignored=decision.ignored or UNSET,
        unchanged=decision.unchanged,
        newly_read=decision.newly_read,
        warnings=warnings,
        dry_run=change.dry_run,
        impact=change.receipt.impact,
        revision=change.receipt.revision,
        change_id=change.receipt.change_id,
    )


def _outcome(plan: FetchPlan) -> dict[str, Any]:
    counts = {name: len(getattr(plan, name)) for name in ("added", "changed", "reactivated", "vanished", "protected")}
    ignored = {} if plan.ignored is UNSET else {"ignored": len(plan.ignored)}
    return {"outcome": "ok", "listed": plan.listed, **counts, **ignored, "unchanged": plan.unchanged}
