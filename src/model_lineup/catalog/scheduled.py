"""Fetches that nobody asks for: each provider's by its own schedule, once for all processes of an instance.

What the schedule allows is applied; the rest waits in a plan. A failure is kept, and the next try waits longer.
"""

import asyncio
import random
from datetime import datetime, timedelta
from typing import Any

import msgspec

from model_lineup.catalog.fetch_schedule import FetchSchedule, next_after
from model_lineup.catalog.plan_shapes import OPEN, StoredPlan
from model_lineup.catalog.plans import Plans
from model_lineup.catalog.providers import living
from model_lineup.catalog.shapes import Provider
from model_lineup.catalog.store import providers as provider_store
from model_lineup.clock import Clock
from model_lineup.database.engines import Database
from model_lineup.errors import FetchUnderWay, LineupError, NotFound, Unavailable
from model_lineup.jobs.chores import Chore, Chores
from model_lineup.jobs.rounds import rounds
from model_lineup.journal.record import Author
from model_lineup.telemetry import log

BY = Author("scheduled fetch")
LOOK_EVERY_S = 5.0


class ScheduleState(msgspec.Struct, frozen=True, kw_only=True):
    """What is set, when it is due, and how the last scheduled fetch ended. `last`: `outcome` (ok or failed), then
    `plan_id`, `applied`, `left`, or `code`, `message`, `stage`. `failures`: in a row."""

    provider_id: int
    fetch_schedule: FetchSchedule | None
    due_at: datetime | None
    is_under_way: bool
    last_at: datetime | None
    failures: int
    last: dict[str, Any] | None


class ScheduledFetches:
    """`lease`: longer than any fetch takes."""

    def __init__(self, database: Database, clock: Clock, plans: Plans, chores: Chores, *, lease: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._plans = plans
        self._chores = chores
        self._lease = lease

    async def run(self) -> None:
        """For ever: look for what is due, and do it."""
        await rounds(self.look, every_s=LOOK_EVERY_S, what="scheduled fetches")

    async def look(self) -> list[int]:
        """Do all that is due and nobody else's; returns the providers that were asked. Raises Unavailable."""
        asked = []
        for provider in await asyncio.to_thread(self._scheduled):
            if await asyncio.to_thread(self._claim, provider):
                asked.append(provider.id)
                await self._carry_out(provider)
        return asked

    async def run_now(self, provider_id: int) -> ScheduleState:
        """As the schedule would do it, due or not; without one nothing is applied.

        Raises NotFound, FetchUnderWay. How it ended stands in `last`.
        """
        provider = await asyncio.to_thread(self._provider, provider_id)
        if not await asyncio.to_thread(self._chores.claim, _name(provider_id), lease=self._lease, at_once=True):
            raise FetchUnderWay(f"{provider.name!r} is being fetched at this moment. Look again in a minute.")
        await self._carry_out(provider)
        return await asyncio.to_thread(self.state, provider_id)

    def state(self, provider_id: int) -> ScheduleState:
        """Raises NotFound."""
        provider = self._provider(provider_id)
        return self._state(provider, self._chores.states([_name(provider_id)]).get(_name(provider_id)))

    def _state(self, provider: Provider, chore: Chore | None) -> ScheduleState:
        schedule = provider.fetch_schedule if provider.enabled else None
        due = self._clock.now() if chore is None else chore.due_at
        return ScheduleState(
            provider_id=provider.id,
            fetch_schedule=provider.fetch_schedule,
            due_at=None if schedule is None else due,
            is_under_way=chore is not None and chore.is_under_way,
            last_at=chore.last_at if chore else None,
            failures=chore.failures if chore else 0,
            last=chore.outcome or None if chore else None,
        )

    def _provider(self, provider_id: int) -> Provider:
        with self._database.read() as connection:
            return living(provider_store.one(connection, provider_id), provider_id)

    def _scheduled(self) -> list[Provider]:
        with self._database.read() as connection:
            return provider_store.scheduled(connection)

    def _claim(self, provider: Provider) -> bool:
        """One whose interval became shorter than what is left of the old one is due by the new one."""
        schedule = provider.fetch_schedule
        assert schedule is not None  # nosec B101
        name = _name(provider.id)
        known = self._chores.states([name]).get(name)
        if known is None:
            return self._chores.claim(name, lease=self._lease)
        due_by = None
        if known.last_at is not None and not known.failures:
            due_by = known.last_at + next_after(schedule, 0, 1.0)
        return self._chores.claim(name, lease=self._lease, due_by=due_by)

    async def _carry_out(self, provider: Provider) -> None:
        name, failures = _name(provider.id), 0
        before = (await asyncio.to_thread(self._chores.states, [name])).get(name)
        try:
            outcome = await self._fetch(provider)
        except LineupError as error:
            failures = (before.failures if before else 0) + 1
            stage = error.facts.get("stage")
            outcome = {"outcome": "failed", "code": error.code, "message": error.detail, "stage": stage}
            log().warning("scheduled fetch failed", provider=provider.slug, code=error.code, failures=failures)
        schedule = provider.fetch_schedule or FetchSchedule(24 * 60)
        again_in = next_after(schedule, failures, random.random())  # noqa: S311  # nosec B311
        await asyncio.to_thread(self._chores.done, name, again_in=again_in, failures=failures, outcome=outcome)

    async def _fetch(self, provider: Provider) -> dict[str, Any]:
        """Raises LineupError."""
        plan = await self._plans.make_if_new(provider.id, BY)
        if plan is None:
            return {"outcome": "ok", "plan_id": None, "applied": 0, "left": 0}
        return await asyncio.to_thread(self._apply, plan, provider)

    def _apply(self, plan: StoredPlan, provider: Provider) -> dict[str, Any]:
        """What may be applied alone, if that moves no name and nothing stands against it: else it all waits."""
        done: dict[str, Any] = {"outcome": "ok", "plan_id": plan.id, "applied": 0, "left": plan.left}
        outcomes = provider.fetch_schedule.apply if provider.fetch_schedule else ()
        if not outcomes or plan.status not in OPEN:
            return done
        try:
            applied = self._plans.apply(plan.id, BY, outcomes=outcomes)
        except (NotFound, Unavailable):
            raise
        except LineupError as error:
            return {**done, "code": error.code, "message": error.detail}
        return {**done, "applied": applied.applied, "left": applied.left}


def _name(provider_id: int) -> str:
    return f"fetch provider {provider_id}"
