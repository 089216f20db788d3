"""Auto-fetch: what a provider lists, compared with what is registered, and applied in one transaction.

New models arrive hidden. Nothing is deleted, no pin is overwritten, deleted models stay deleted. The provider is asked
before the transaction begins; a list that failed, was cut or was empty never reaches it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from model_lineup.catalog import facts, names
from model_lineup.catalog.facts import StatedFact
from model_lineup.catalog.moves import NameGuard
from model_lineup.catalog.providers import Providers, living
from model_lineup.catalog.store import affected, fetching
from model_lineup.catalog.store import facts as fact_store
from model_lineup.catalog.store import models as model_store
from model_lineup.catalog.store import providers as provider_store
from model_lineup.clock import Clock
from model_lineup.database.engines import Database
from model_lineup.database.metadata import micros, moment
from model_lineup.errors import InvalidInput, LineupError, UpstreamFailed
from model_lineup.journal.record import Author, Change, Journal
from model_lineup.upstream.contract import Endpoint, ListedModel, Listing

ReadList = Callable[[Endpoint], Awaitable[Listing]]


class PlanItem(msgspec.Struct, frozen=True, omit_defaults=True):
    """One model of the plan. `changes`: field → before and after. `reason` says why a row is protected or flagged."""

    model_id: str
    id: int | None = None
    changes: dict[str, Any] = {}
    reason: str | None = None


class FetchPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a fetch did, or would do (`dry_run`). `unchanged` is a count; the others are lists."""

    provider_id: int
    pages: int
    listed: int
    added: list[PlanItem] = []
    changed: list[PlanItem] = []
    reactivated: list[PlanItem] = []
    vanished: list[PlanItem] = []
    protected: list[PlanItem] = []
    unchanged: int = 0
    warnings: list[str] = []
    dry_run: bool = False
    revision: int = 0
    change_id: int | None = None


class ProviderTest(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a provider's list could be read. `stage` is the first that failed."""

    passed: bool
    stage: str | None
    http_status: int | None
    latency_ms: float
    models: int | None
    message: str
    hint: str


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
            self._check(listing)
            plan = await asyncio.to_thread(self._apply, provider_id, listing, author, dry_run, confirm)
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
            models=len(listing.models),
            message=f"The provider's list can be read; it has {len(listing.models)} model(s).",
            hint="A list may be readable without a valid key; test one of its models to be sure.",
        )

    def _check(self, listing: Listing) -> None:
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
            fresh = [listed for listed in listing.models if listed.model_id not in stored]
            arriving = affected.by_arrival(change.connection, provider_id, [one.model_id for one in fresh])
            guard = NameGuard(change.connection, arriving, confirmed=confirm)
            lists = _Lists()
            _add(change, provider_id, fresh, lists)
            _merge(change, listing.models, stored, lists)
            _mark_vanished(change, listing.models, stored, lists)
            guard.check()
            warnings = _shadowed(change.connection, [one.model_id for one in fresh])
        return _plan(provider_id, listing, lists, warnings, change)

    def _record_failure(self, provider_id: int, error: LineupError) -> None:
        self._record(provider_id, {"outcome": "failed", "code": error.code, "message": error.detail, **error.facts})

    def _record(self, provider_id: int, outcome: dict[str, Any]) -> None:
        at = micros(self._clock.now())
        with self._database.write_activity() as connection:
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
    )


class _Lists:
    """The plan as it grows."""

    def __init__(self) -> None:
        self.added: list[PlanItem] = []
        self.changed: list[PlanItem] = []
        self.reactivated: list[PlanItem] = []
        self.vanished: list[PlanItem] = []
        self.protected: list[PlanItem] = []
        self.unchanged = 0


def _add(change: Change, provider_id: int, fresh: Sequence[ListedModel], lists: _Lists) -> None:
    """New rows: hidden, not for agents."""
    if not fresh:
        return
    at = moment(change.now)
    stated = [_stated(listed, at) for listed in fresh]
    known = [facts.effective(one.model_id, said, at) for one, said in zip(fresh, stated, strict=True)]
    flags = {"visible": 0, "listed": 1, "agents_enabled": 0}
    common = {"provider_id": provider_id, "source": "discovered", **flags}
    rows = [
        {**common, "model_id": one.model_id, **fact_store.columns(values)}
        for one, values in zip(fresh, known, strict=True)
    ]
    ids = model_store.add(change.connection, rows, now=change.now, revision=change.revision)
    pairs = [(row_id, fact) for row_id, said in zip(ids, stated, strict=True) for fact in said]
    fact_store.state(change.connection, pairs, new_rows=True)
    for row_id, one, values in zip(ids, fresh, known, strict=True):
        after = {field: fact.value for field, fact in values.items()}
        change.touched("model", row_id, one.model_id, before={}, after={**after, "source": "discovered"})
        lists.added.append(PlanItem(one.model_id, row_id))


def _merge(
    change: Change, listed: Sequence[ListedModel], stored: dict[str, fetching.StoredModel], lists: _Lists
) -> None:
    """Rows that are there: take over what the list says, where no pin stands against it."""
    known = [one for one in listed if one.model_id in stored]
    said = fact_store.stated(change.connection, [stored[one.model_id].id for one in known])
    for one in known:
        row = stored[one.model_id]
        if row.deleted:
            lists.protected.append(PlanItem(one.model_id, row.id, reason="deleted; restore brings it back"))
            continue
        _merge_one(change, one, row, said[row.id], lists)


def _merge_one(
    change: Change, listed: ListedModel, row: fetching.StoredModel, stated: list[StatedFact], lists: _Lists
) -> None:
    at = moment(change.now)
    others = [fact for fact in stated if fact.source != "provider"]
    told = _keeping_dates(stated, _stated(listed, at))
    old = facts.effective(listed.model_id, stated, row.created_at)
    new = facts.effective(listed.model_id, [*others, *told], row.created_at)
    differing = _differences(old, new)
    pinned = [fact.field for fact in others if fact.source == "pin" and _contradicts(fact, told)]
    if told != [fact for fact in stated if fact.source == "provider"]:
        fetching.replace_provider_facts(change.connection, row.id, told)
    columns = fact_store.columns(new) if differing else {}
    if row.missing:
        columns["missing_since"] = None
    if columns:
        model_store.change(change.connection, [row.id], columns, now=change.now, revision=change.revision)
        before = {field: pair["before"] for field, pair in differing.items()}
        after = {field: pair["after"] for field, pair in differing.items()}
        if row.missing:
            before["missing"], after["missing"] = True, False
        change.touched("model", row.id, listed.model_id, before=before, after=after)
    _sort_in(lists, listed, row, differing, pinned)


def _sort_in(
    lists: _Lists, listed: ListedModel, row: fetching.StoredModel, differing: dict[str, Any], pinned: list[str]
) -> None:
    if row.missing:
        lists.reactivated.append(PlanItem(listed.model_id, row.id, differing))
    elif differing:
        lists.changed.append(PlanItem(listed.model_id, row.id, differing))
    elif not pinned:
        lists.unchanged += 1
    if pinned:
        reason = f"pinned by an admin: {', '.join(pinned)}"
        lists.protected.append(PlanItem(listed.model_id, row.id, reason=reason))


def _mark_vanished(
    change: Change, listed: Sequence[ListedModel], stored: dict[str, fetching.StoredModel], lists: _Lists
) -> None:
    """Discovered rows that the list no longer has. Rows that an admin made are none of the list's business."""
    present = {one.model_id for one in listed}
    absent = [(model_id, row) for model_id, row in stored.items() if model_id not in present and not row.deleted]
    for model_id, row in absent:
        if row.source != "discovered":
            lists.protected.append(PlanItem(model_id, row.id, reason=f"{row.source}; not in the list"))
    gone = {row.id: model_id for model_id, row in absent if row.source == "discovered" and not row.missing}
    lists.unchanged += sum(1 for _, row in absent if row.source == "discovered" and row.missing)
    if gone:
        values = {"missing_since": change.now}
        model_store.change(change.connection, gone, values, now=change.now, revision=change.revision)
        for row_id, model_id in gone.items():
            change.touched("model", row_id, model_id, before={"missing": False}, after={"missing": True})
            lists.vanished.append(PlanItem(model_id, row_id))


def _stated(listed: ListedModel, at: datetime) -> list[StatedFact]:
    return [StatedFact(field, "provider", value, at) for field, value in listed.facts.items() if value is not None]


def _keeping_dates(stated: Sequence[StatedFact], told: Sequence[StatedFact]) -> list[StatedFact]:
    """What the list says now; where it says the same as before, with the date of the first time."""
    before = {fact.field: fact for fact in stated if fact.source == "provider"}
    return [before[fact.field] if _same(before.get(fact.field), fact) else fact for fact in told]


def _same(old: StatedFact | None, new: StatedFact) -> bool:
    return old is not None and old.value == new.value and type(old.value) is type(new.value)


def _contradicts(pin: StatedFact, told: Sequence[StatedFact]) -> bool:
    return any(fact.field == pin.field and fact.value != pin.value for fact in told)


def _differences(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    fields = {field: (old.get(field), new.get(field)) for field in {**old, **new}}
    return {
        field: {"before": before and before.value, "after": after and after.value}
        for field, (before, after) in fields.items()
        if (before and (before.value, before.source)) != (after and (after.value, after.source))
    }


def _shadowed(connection: Connection, model_ids: Sequence[str]) -> list[str]:
    taken = fetching.aliases_named(connection, model_ids)
    return [f"The alias {alias!r} has the name of a new model; the alias keeps winning." for alias in taken]


def _plan(provider_id: int, listing: Listing, lists: _Lists, warnings: list[str], change: Change) -> FetchPlan:
    return FetchPlan(
        provider_id=provider_id,
        pages=listing.pages,
        listed=len(listing.models),
        added=lists.added,
        changed=lists.changed,
        reactivated=lists.reactivated,
        vanished=lists.vanished,
        protected=lists.protected,
        unchanged=lists.unchanged,
        warnings=warnings,
        dry_run=change.dry_run,
        revision=change.receipt.revision,
        change_id=change.receipt.change_id,
    )


def _outcome(plan: FetchPlan) -> dict[str, Any]:
    counts = {name: len(getattr(plan, name)) for name in ("added", "changed", "reactivated", "vanished", "protected")}
    return {"outcome": "ok", "listed": plan.listed, **counts, "unchanged": plan.unchanged}
