"""Fetches as stored plans: what a provider's list would change is kept, looked at, and then applied or discarded.

Applying decides anew, from what the list said, about the chosen items alone. Where that is not what was looked at,
something has changed since, and nothing is applied: the refusal names the rows. One plan of a provider is open at a
time; a newer list, however it was read, overtakes it.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from model_lineup.catalog import fetch_rules
from model_lineup.catalog.discovery import Discovery
from model_lineup.catalog.fetch_judging import judged
from model_lineup.catalog.fetch_plan import Decision
from model_lineup.catalog.fetch_rules import FetchRules, RulesChecked
from model_lineup.catalog.fetch_writing import shadowed, write
from model_lineup.catalog.plan_items import items_of
from model_lineup.catalog.plan_outcomes import DOABLE
from model_lineup.catalog.plan_shapes import (
    OPEN,
    ItemPage,
    OutcomeCounts,
    OvertakenItem,
    PlanApplied,
    PlanPage,
    PlanStatus,
    StoredPlan,
)
from model_lineup.catalog.plan_watch import overtaken, redecided
from model_lineup.catalog.providers import living
from model_lineup.catalog.shapes import Provider
from model_lineup.catalog.store import facts as fact_store
from model_lineup.catalog.store import fetching
from model_lineup.catalog.store import plans as store
from model_lineup.catalog.store import providers as provider_store
from model_lineup.catalog.store.plans import ItemRow
from model_lineup.database.engines import Database
from model_lineup.database.many import let_go
from model_lineup.database.metadata import dump
from model_lineup.errors import InvalidInput, LineupError, NotFound, PlanClosed, PlanOvertaken
from model_lineup.journal import store as journal_store
from model_lineup.journal.record import Author, Change, Journal
from model_lineup.upstream.contract import Listing

SHOWN = 100
"""Overtaken items that a refusal names; all are counted."""


class Plans:
    """`kept`: how many plans of each provider stay."""

    def __init__(self, database: Database, journal: Journal, discovery: Discovery, *, kept: int) -> None:
        self._database = database
        self._journal = journal
        self._discovery = discovery
        self._kept = kept

    async def make(self, provider_id: int, author: Author) -> StoredPlan:
        """Ask the provider, store what its list would change, and change nothing else.

        Raises NotFound, KeyUndecryptable, UpstreamFailed.
        """
        listing = await self._discovery.read(provider_id)
        plan = await asyncio.to_thread(self._store, provider_id, listing, author)
        assert plan is not None  # nosec B101
        models = list(listing.models)
        del listing
        await asyncio.to_thread(let_go, models)
        return plan

    async def make_if_new(self, provider_id: int, author: Author) -> StoredPlan | None:
        """As `make`; but the open plan stays where the list still says the same, and without anything to do there is
        none. For whoever asks again and again."""
        listing = await self._discovery.read(provider_id)
        return await asyncio.to_thread(self._store_if_new, provider_id, listing, author)

    def get(self, plan_id: int) -> StoredPlan:
        """Of an open plan also what later changes stand against. Raises NotFound."""
        with self._database.read() as connection:
            plan = _known(store.one(connection, plan_id), plan_id)
            if plan.status not in OPEN:
                return plan
            return _with_overtaken(plan, self._overtaken(connection, plan))

    def page(
        self, *, limit: int, offset: int, provider_id: int | None = None, status: PlanStatus | None = None
    ) -> PlanPage:
        """Newest first."""
        statuses = () if status is None else (status,)
        with self._database.read() as connection:
            found, total = store.page(
                connection, limit=limit, offset=offset, provider_id=provider_id, statuses=statuses
            )
        return PlanPage(found, total, limit, offset)

    def to_review(self, *, provider_id: int | None = None, limit: int = 100) -> list[StoredPlan]:
        """Those that wait for somebody, newest first."""
        with self._database.read() as connection:
            found, _ = store.page(connection, limit=limit, offset=0, provider_id=provider_id, statuses=OPEN)
        return found

    def items(
        self,
        plan_id: int,
        *,
        limit: int,
        offset: int,
        outcome: str | None = None,
        applied: bool | None = None,
        q: str | None = None,
    ) -> ItemPage:
        """`applied` false: what is still to be applied. Raises NotFound."""
        with self._database.read() as connection:
            _known(store.one(connection, plan_id), plan_id)
            found, total = store.item_page(
                connection, plan_id, limit=limit, offset=offset, outcome=outcome, applied=applied, q=q
            )
        return ItemPage(found, total, limit, offset)

    def apply(
        self,
        plan_id: int,
        author: Author,
        *,
        items: Sequence[int] | None = None,
        outcomes: Sequence[str] | None = None,
        confirm: bool = False,
        dry_run: bool = False,
    ) -> PlanApplied:
        """Carry out these items, or all; in one change set, all of them or none. What is applied already stays so.

        Raises NotFound, InvalidInput, PlanClosed, PlanOvertaken, NameWouldMove.
        """
        with self._journal.change(author, "plans.apply", dry_run=dry_run) as change:
            store.lock(change.connection, plan_id)
            plan = _known(store.one(change.connection, plan_id), plan_id)
            if plan.status not in (*OPEN, "applied", "empty"):
                raise _closed(plan)
            chosen = _chosen(change.connection, plan_id, items, outcomes)
            waiting = [one for one in chosen if not one.applied]
            warnings = self._carry_out(change, plan, waiting, author, confirm) if waiting else []
            if items is None and outcomes is None and plan.status in OPEN:
                _keep_what_is_told(change, plan)
            after = _known(store.one(change.connection, plan_id), plan_id)
        let_go(change.entries)
        return PlanApplied(
            plan_id=plan_id,
            status=after.status,
            applied=len(waiting),
            already_applied=len(chosen) - len(waiting),
            left=after.left,
            warnings=warnings,
            revision=change.receipt.revision,
            change_id=change.receipt.change_id,
            dry_run=dry_run,
            impact=change.receipt.impact,
        )

    def discard(self, plan_id: int, author: Author) -> StoredPlan:
        """What is not applied is not going to be. A plan that is discarded already stays so.

        Raises NotFound, PlanClosed for one that ended in another way.
        """
        with self._journal.change(author, "plans.discard") as change:
            store.lock(change.connection, plan_id)
            plan = _known(store.one(change.connection, plan_id), plan_id)
            if plan.status in OPEN:
                store.end(change.connection, plan_id, status="discarded", by=author.label, at=change.now)
            elif plan.status != "discarded":
                raise _closed(plan)
            return _known(store.one(change.connection, plan_id), plan_id)

    def check_rules(self, provider_id: int, rules: FetchRules) -> RulesChecked:
        """What these rules would meet among all ids that are known of the provider. Raises NotFound, InvalidInput."""
        with self._database.read() as connection:
            living(provider_store.one(connection, provider_id), provider_id)
            known = [*fetching.rows(connection, provider_id), *store.ids_of_newest(connection, provider_id)]
        return fetch_rules.checked(rules, known)

    def _store_if_new(self, provider_id: int, listing: Listing, author: Author) -> StoredPlan | None:
        """The open plan where the list still says the same, else a new one; None where there is nothing to do."""
        waiting = self._still_good(provider_id, digest_of(listing))
        if waiting is None:
            return self._store(provider_id, listing, author, keep_empty=False)
        self._discovery.record(provider_id, _recorded(waiting.listed, waiting.counts, waiting.id))
        return waiting

    def _still_good(self, provider_id: int, digest: str) -> StoredPlan | None:
        with self._database.read() as connection:
            plan = store.newest_open(connection, provider_id)
            if plan is None or plan.list_digest != digest or self._overtaken(connection, plan):
                return None
            provider = living(provider_store.one(connection, provider_id), provider_id)
            return plan if store.address(connection, plan.id) == address_of(provider) else None

    def _store(
        self, provider_id: int, listing: Listing, author: Author, *, keep_empty: bool = True
    ) -> StoredPlan | None:
        """As one moment sees the rows; nothing but the plan is written, so there is no change set."""
        with self._journal.change(author, "plans.make") as change:
            connection = change.connection
            provider = living(provider_store.one(connection, provider_id), provider_id)
            found = judged(connection, provider, listing, change.now)
            rows = items_of(found.said, found.stored, found.decision)
            counts = OutcomeCounts(**Counter(row["outcome"] for row in rows))
            is_open = any(row["outcome"] in DOABLE for row in rows)
            plan_id = None
            if is_open or keep_empty:
                values = {
                    "provider_id": provider_id,
                    "made_at": change.now,
                    "made_by": author.label,
                    "revision": change.revision - 1,
                    "address": dump(address_of(provider)),
                    "list_digest": digest_of(listing),
                    "pages": listing.pages,
                    "listed": len(listing.models),
                    "candidates": dump([one.model_id for one in listing.candidates]),
                    "status": "open" if is_open else "empty",
                    "ended_at": None if is_open else change.now,
                    "list_reading": listing.reading,
                    "newly_read": found.decision.newly_read,
                }
                plan_id = store.add(connection, values, rows)
            if not is_open:
                provider_store.record_reading(connection, provider_id, listing.reading)
            let_go(rows)
            by = "a later list that says nothing new" if plan_id is None else f"plan {plan_id}"
            store.overtake(connection, provider_id, by=by, at=change.now, but=plan_id or 0)
            store.forget(connection, provider_id, kept=self._kept)
            plan = None if plan_id is None else _known(store.one(connection, plan_id), plan_id)
        self._discovery.record(provider_id, _recorded(len(listing.models), counts, plan_id))
        return plan

    def _overtaken(self, connection: Connection, plan: StoredPlan) -> list[OvertakenItem]:
        """Of all that is still open; nothing while the configuration is what it was."""
        if journal_store.revision(connection) == plan.revision:
            return []
        waiting = [one for one in store.chosen(connection, plan.id, outcomes=DOABLE) if not one.applied]
        return overtaken(waiting, _decided(connection, plan, waiting))

    def _carry_out(
        self, change: Change, plan: StoredPlan, waiting: list[ItemRow], author: Author, confirm: bool
    ) -> list[str]:
        """Warnings. Raises PlanOvertaken, NameWouldMove."""
        connection, provider_id = change.connection, plan.provider.id
        provider = living(provider_store.one(connection, provider_id), provider_id)
        _check_address(plan, store.address(connection, plan.id), provider)
        decision = _decided(connection, plan, waiting)
        if moved := overtaken(waiting, decision):
            raise PlanOvertaken(
                f"{len(moved)} item(s) of plan {plan.id} would do something else now than when it was made, first of "
                f"them {moved[0].model_id!r}. Make a new plan (POST /api/admin/providers/{provider_id}/plans), or "
                "apply the other items.",
                plan_id=plan.id,
                rows=moved[:SHOWN],
                rows_total=len(moved),
            )
        write(change, provider_id, decision, confirm=confirm)
        warnings = shadowed(connection, [one.model_id for one in decision.arrivals])
        store.mark_applied(connection, plan.id, [one.number for one in waiting], revision=change.revision)
        left = store.left(connection, plan.id)
        if not left:
            provider_store.record_reading(connection, provider_id, store.list_reading(connection, plan.id))
        status: PlanStatus = "partly_applied" if left else "applied"
        store.end(connection, plan.id, status=status, by=author.label, at=change.now)
        label = f"plan {plan.id} of {plan.provider.slug}"
        before, after = {"status": plan.status}, {"status": status, "applied": len(waiting), "left": left}
        change.touched("fetch_plan", plan.id, label, before=before, after=after)
        return warnings


def address_of(provider: Provider) -> dict[str, Any]:
    """Where a list comes from: another one would say other things."""
    return {"type": provider.type, "base_url": provider.base_url, "api_version": provider.api_version}


def digest_of(listing: Listing) -> str:
    """SHA-256 of what the list says, in whatever order."""
    total = hashlib.sha256()
    for one in sorted(listing.models + listing.candidates, key=lambda listed: listed.model_id):
        total.update(dump([one.model_id, one.facts]).encode(errors="surrogatepass"))
    return total.hexdigest()


def _recorded(listed: int, counts: OutcomeCounts, plan_id: int | None) -> dict[str, Any]:
    """How a fetch ended that made a plan, or found that none is needed."""
    each = {name: getattr(counts, name) for name in counts.__struct_fields__}
    return {"outcome": "ok", "listed": listed, **each, "plan_id": plan_id}


def _known(plan: StoredPlan | None, plan_id: int) -> StoredPlan:
    """Raises NotFound for None."""
    if plan is None:
        raise NotFound(f"There is no plan {plan_id}. GET /api/admin/plans lists those that are kept.", id=plan_id)
    return plan


def _with_overtaken(plan: StoredPlan, items: list[OvertakenItem]) -> StoredPlan:
    fields = {name: getattr(plan, name) for name in plan.__struct_fields__}
    return StoredPlan(**{**fields, "overtaken_items": items[:SHOWN]})


def _closed(plan: StoredPlan) -> LineupError:
    """Why nothing can be done with a plan any more."""
    if plan.status == "overtaken":
        return PlanOvertaken(
            f"Plan {plan.id} was overtaken by {plan.ended_by}. Make a new one "
            f"(POST /api/admin/providers/{plan.provider.id}/plans).",
            plan_id=plan.id,
            overtaken_by=plan.ended_by,
            rows=[],
            rows_total=0,
        )
    return PlanClosed(f"Plan {plan.id} is {plan.status}; there is nothing to do with it.", plan_id=plan.id)


def _check_address(plan: StoredPlan, then: dict[str, Any], provider: Provider) -> None:
    """Raises PlanOvertaken when the provider is asked elsewhere now."""
    now = address_of(provider)
    changed = {name: {"before": then.get(name), "after": now[name]} for name in now if then.get(name) != now[name]}
    if changed:
        raise PlanOvertaken(
            f"{provider.name!r} was changed ({', '.join(changed)}) since plan {plan.id} was made from its list. "
            f"Make a new plan (POST /api/admin/providers/{provider.id}/plans).",
            plan_id=plan.id,
            provider_changes=changed,
            rows=[],
            rows_total=0,
        )


def _chosen(
    connection: Connection, plan_id: int, numbers: Sequence[int] | None, outcomes: Sequence[str] | None
) -> list[ItemRow]:
    """Raises NotFound, InvalidInput."""
    if numbers is None:
        return store.chosen(connection, plan_id, outcomes=DOABLE if outcomes is None else outcomes)
    found = store.chosen(connection, plan_id, numbers=numbers)
    if missing := sorted(set(numbers) - {one.number for one in found}):
        raise NotFound(f"Plan {plan_id} has no item(s) {missing[:20]}.", items=missing[:SHOWN])
    if idle := [one for one in found if one.outcome not in DOABLE]:
        raise InvalidInput.at("/items", f"item {idle[0].number} is {idle[0].outcome}: there is nothing to apply of it")
    return found


def _decided(connection: Connection, plan: StoredPlan, items: Sequence[ItemRow]) -> Decision:
    """What these items would do today."""
    stored = fetching.rows(connection, plan.provider.id, [one.model_id for one in items])
    stated = fact_store.stated(connection, [row.id for row in stored.values()])
    return redecided(items, stored, stated, plan.made_at)


def _keep_what_is_told(change: Change, plan: StoredPlan) -> None:
    """Of models that a pin protects: what the list says is kept beside the pin, as it is by a fetch."""
    protected = [one for one in store.chosen(change.connection, plan.id, outcomes=["protected"]) if one.listed]
    if protected:
        decision = _decided(change.connection, plan, protected)
        changed = {one.id for one in decision.updates}
        told = {row: facts for row, facts in decision.told.items() if row not in changed}
        fact_store.state(change.connection, "provider", told)
