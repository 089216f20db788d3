"""Tests that nobody asks for: the visible models of a provider, by its own schedule and within its own daily cap.

Off unless a schedule is set. Once for all processes of an instance; after a failure the next round waits longer. What a
cap, a key or a quota prevented is told as that, and changes no model's status.
"""

import asyncio
import random
from datetime import datetime, timedelta
from typing import Any

import msgspec

from model_lineup.benchmarks.testing import ConnectionTests
from model_lineup.catalog.check_schedule import CheckSchedule
from model_lineup.catalog.fetch_schedule import FetchSchedule, next_after
from model_lineup.catalog.models import Models
from model_lineup.catalog.providers import living
from model_lineup.catalog.shapes import Model, ModelFilter, Provider
from model_lineup.catalog.store import providers as provider_store
from model_lineup.clock import Clock
from model_lineup.database.engines import Database
from model_lineup.errors import LineupError, ModelNotFound, TestInProgress
from model_lineup.jobs.chores import Chores
from model_lineup.jobs.leases import Leases
from model_lineup.jobs.rounds import rounds
from model_lineup.journal.record import Author
from model_lineup.ledger.spending import TOKENS_UNTOLD, OwnWork, SpendingToday
from model_lineup.probes.basis import way_of_asking
from model_lineup.probes.testing import CapabilityTests
from model_lineup.telemetry import log

BY = "scheduled check"
PROOFS = "settle proofs"
LOOK_EVERY_S = 5.0
LIFE = timedelta(minutes=12)
"""Of the lease, renewed before each model; longer than any one test takes."""
MOST_MODELS = 1_000


class ChecksState(msgspec.Struct, frozen=True, kw_only=True):
    """`last`: `outcome` (ok, capped: the day's tokens were used up, blocked: a key or a quota stood against it), and
    how many models were `checked`, `passed`, `failed`, `left`, and of how many the `capabilities` were tested; null
    before the first round. `failures`: in a row."""

    provider_id: int
    check_schedule: CheckSchedule | None
    due_at: datetime | None
    is_under_way: bool
    last_at: datetime | None
    failures: int
    last: dict[str, Any] | None
    spent_today: SpendingToday


class ScheduledChecks:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        models: Models,
        tests: ConnectionTests,
        capabilities: CapabilityTests,
        own_work: OwnWork,
        chores: Chores,
    ) -> None:
        self._database = database
        self._clock = clock
        self._models = models
        self._tests = tests
        self._capabilities = capabilities
        self._own_work = own_work
        self._chores = chores
        self._leases = Leases(database, clock)
        self._settled = ""

    async def run(self) -> None:
        """For ever: look for what is due, and do it."""
        await rounds(self.look, every_s=LOOK_EVERY_S, what="scheduled checks")

    async def look(self) -> list[int]:
        """Do all that is due and nobody else's; the providers whose models were tested. Raises Unavailable."""
        await asyncio.to_thread(self._settle_proofs)
        done = []
        for provider in await asyncio.to_thread(self._due):
            if await asyncio.to_thread(self._leases.take, _name(provider.id), LIFE):
                if await asyncio.to_thread(self._claim, provider):
                    await self._round(provider)
                    done.append(provider.id)
                await asyncio.to_thread(self._leases.give_back, _name(provider.id))
        return done

    def state(self, provider_id: int) -> ChecksState:
        """Raises NotFound."""
        with self._database.read() as connection:
            provider = living(provider_store.one(connection, provider_id), provider_id)
        chore = self._chores.states([_name(provider_id)]).get(_name(provider_id))
        is_on = provider.check_schedule is not None and provider.enabled
        return ChecksState(
            provider_id=provider_id,
            check_schedule=provider.check_schedule,
            due_at=(chore.due_at if chore is not None else self._clock.now()) if is_on else None,
            is_under_way=self._leases.held(_name(provider_id)),
            last_at=chore.last_at if chore is not None else None,
            failures=chore.failures if chore is not None else 0,
            last=chore.outcome or None if chore is not None else None,
            spent_today=self._own_work.today(provider_id),
        )

    def _settle_proofs(self) -> None:
        """Once after an upgrade that asks in another way: what older verdicts say is stale from then on."""
        way = way_of_asking()
        if self._settled == way:
            return
        known = self._chores.states([PROOFS]).get(PROOFS)
        if known is None or known.outcome.get("way") != way:
            if not self._chores.claim(PROOFS, lease=LIFE, at_once=True):
                return
            self._capabilities.settle_anew()
            self._chores.done(PROOFS, again_in=LIFE, outcome={"way": way})
        self._settled = way

    def _due(self) -> list[Provider]:
        """Seen without a write."""
        with self._database.read() as connection:
            providers = provider_store.checked(connection)
        known = self._chores.states([_name(one.id) for one in providers]) if providers else {}
        now = self._clock.now()
        return [one for one in providers if _name(one.id) not in known or self._due_by(one) <= now]

    def _due_by(self, provider: Provider) -> datetime:
        """An interval that was made shorter counts from the last round."""
        chore = self._chores.states([_name(provider.id)])[_name(provider.id)]
        if chore.last_at is None or chore.failures or provider.check_schedule is None:
            return chore.due_at
        return min(chore.due_at, chore.last_at + next_after(_pace(provider.check_schedule), 0, 1.0))

    def _claim(self, provider: Provider) -> bool:
        """Somebody may have done it since it was looked at."""
        due_by = None if _name(provider.id) not in self._chores.states([_name(provider.id)]) else self._due_by(provider)
        return self._chores.claim(_name(provider.id), lease=timedelta(seconds=1), due_by=due_by)

    async def _round(self, provider: Provider) -> None:
        schedule = provider.check_schedule
        assert schedule is not None  # nosec B101
        name = _name(provider.id)
        before = (await asyncio.to_thread(self._chores.states, [name]))[name]
        outcome = await self._tested(provider, schedule)
        went_badly = outcome["outcome"] == "blocked" or (outcome["failed"] > 0 and outcome["passed"] == 0)
        failures = before.failures + 1 if went_badly else 0
        again_in = next_after(_pace(schedule), failures, random.random())  # noqa: S311  # nosec B311
        await asyncio.to_thread(self._chores.done, name, again_in=again_in, failures=failures, outcome=outcome)
        log().info("scheduled check", provider=provider.slug, **{key: outcome[key] for key in ("outcome", "checked")})

    async def _tested(self, provider: Provider, schedule: CheckSchedule) -> dict[str, Any]:
        """Those that were not tested for longest come first, so that a cap leaves out another one each time."""
        waiting = await asyncio.to_thread(self._waiting, provider.id)
        counted = ("checked", "passed", "failed", "left", "capabilities")
        done: dict[str, Any] = {"outcome": "ok", **dict.fromkeys(counted, 0), "message": ""}
        for place, model in enumerate(waiting):
            message = await self._capped(provider, schedule, TOKENS_UNTOLD)
            if message:
                return {**done, "outcome": "capped", "left": len(waiting) - place, "message": message}
            try:
                result = await self._tests.check(model.id, BY)
            except ModelNotFound:
                continue
            except LineupError as error:
                left = len(waiting) - place
                return {**done, "outcome": "blocked", "left": left, "message": error.detail}
            done["checked"] += 1
            if result.stage in ("auth", "quota"):
                left = len(waiting) - place - 1
                return {**done, "outcome": "blocked", "left": left, "message": f"{result.stage}: {result.message}"}
            done["passed" if result.passed else "failed"] += 1
        return await self._proven(provider, schedule, waiting, done)

    async def _proven(
        self, provider: Provider, schedule: CheckSchedule, models: list[Model], done: dict[str, Any]
    ) -> dict[str, Any]:
        """The capabilities that are due, where the schedule says so; a whole test must fit into what is left."""
        if schedule.capabilities_every_days is None:
            return done
        before = self._clock.now() - timedelta(days=schedule.capabilities_every_days)
        due = await asyncio.to_thread(self._capabilities.due, [model.id for model in models], before)
        for model in [model for model in models if model.id in due]:
            cost = self._capabilities.estimate([model])
            message = await self._capped(provider, schedule, cost.prompt_tokens + cost.completion_tokens)
            if message:
                return {**done, "outcome": "capped", "message": message}
            try:
                report = await self._capabilities.test(model.id, Author(BY))
            except (ModelNotFound, TestInProgress):
                continue
            except LineupError as error:
                return {**done, "outcome": "blocked", "message": error.detail}
            done["capabilities"] += 1
            if report.stopped in ("auth", "quota"):
                return {**done, "outcome": "blocked", "message": f"{report.stopped}: capabilities of {model.model_id}"}
        return done

    async def _capped(self, provider: Provider, schedule: CheckSchedule, tokens: int) -> str:
        """Holds the lease on, and says why so many tokens more may not be used today; empty where they may."""
        await asyncio.to_thread(self._leases.take, _name(provider.id), LIFE)
        spent = await asyncio.to_thread(self._own_work.today, provider.id)
        if spent.tokens + tokens <= schedule.tokens_per_day:
            return ""
        return f"{spent.tokens} of {schedule.tokens_per_day} tokens of tests are used up today."

    def _waiting(self, provider_id: int) -> list[Model]:
        wanted = ModelFilter(provider_id=provider_id, visible=True)
        models = self._models.page(wanted, sort="id", limit=MOST_MODELS, offset=0).models
        return sorted((one for one in models if one.status not in ("retired", "vanished")), key=_last_tested)


def _name(provider_id: int) -> str:
    return f"check provider {provider_id}"


def _pace(schedule: CheckSchedule) -> FetchSchedule:
    """The same clock as that of fetches: jitter of a tenth, and back-off after failures."""
    return FetchSchedule(schedule.every_minutes)


def _last_tested(model: Model) -> str:
    return str((msgspec.json.decode(model.last_test) or {}).get("at", ""))
