"""Benchmarks as stored runs: one at a time per model, held by a lease, with events as rows.

What a run does lives in the database alone: any worker can show it, follow it and cancel it. The worker that started it
listens to the measuring child, writes its events in batches, and renews the lease; when it dies the lease runs out, and
whoever looks next marks the run `interrupted`, with a report of what was measured.
"""

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from datetime import timedelta

import msgspec

from model_lineup.benchmarks import plan as plans
from model_lineup.benchmarks import store
from model_lineup.benchmarks.booking import Booking
from model_lineup.benchmarks.forecast import Forecast, forecast
from model_lineup.benchmarks.keeping import EventLog, Keeper
from model_lineup.benchmarks.pairing import in_turns_with
from model_lineup.benchmarks.plan import Plan
from model_lineup.benchmarks.protocol import ChildEvent
from model_lineup.benchmarks.records import Run, RunEvent, RunPage
from model_lineup.benchmarks.runner import run_in_child, run_pair_in_child
from model_lineup.benchmarks.withdrawal import Withdrawal, Withdrawn
from model_lineup.catalog.models import Models
from model_lineup.catalog.providers import Providers
from model_lineup.catalog.shapes import Model
from model_lineup.database.engines import Database
from model_lineup.errors import DatabaseBusy, NotFound, Unavailable
from model_lineup.ledger.recorder import Recorder
from model_lineup.ledger.spending import OwnWork
from model_lineup.upstream.contract import Target

FLUSH_S = 0.2


class Runs:
    """`target_of` finds the target of a model's row id; `at_once` bounds the runs of all processes together."""

    def __init__(
        self,
        database: Database,
        models: Models,
        keeper: Keeper,
        target_of: Callable[[int], Target],
        ledger: Recorder,
        providers: Providers,
        own_work: OwnWork,
        *,
        lease: timedelta,
        at_once: int,
    ) -> None:
        self._database = database
        self._models = models
        self._keeper = keeper
        self._target_of = target_of
        self._ledger = ledger
        self._providers = providers
        self._own_work = own_work
        self._lease = lease
        self._at_once = at_once
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._closing = False
        self._refusing = False

    @property
    def closing(self) -> bool:
        """The server is about to end: nothing new starts, and followers had better go on elsewhere."""
        return self._closing

    def forecast(self, model_row: int, plan: Plan) -> Forecast:
        """What the plan would cost at most, and what is left of the day's cap. Raises InvalidInput, ModelNotFound."""
        plans.check(plan)
        model = self._models.get(model_row)
        provider = self._providers.get(model.provider_id)
        return forecast(plan, model, provider, self._own_work.today(provider.id))

    async def start(self, model_row: int, plan: Plan, actor: str) -> Run:
        """Store the run, take its lease and begin. It goes on whether or not anybody waits for it.

        Raises InvalidInput, ModelNotFound, KeyUndecryptable, RunInProgress, TooManyRequests, Unavailable.
        """
        plans.check(plan)
        self._refuse_when_closing()
        target = await asyncio.to_thread(self._target_of, model_row)
        run, model = await asyncio.to_thread(self._open, model_row, plan, actor)
        if self._refusing:  # since the first look
            self._keeper.interrupt(run.id, "The server was about to end.")
            self._refuse_when_closing()
        task = asyncio.create_task(self._supervise(run, model, target))
        self._tasks[run.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(run.id, None))
        return run

    def has_place(self) -> bool:
        """Whether one more may run, as far as one can see without taking the place."""
        self._keeper.sweep()
        with self._database.read() as connection:
            return not self._refusing and store.running(connection) < self._at_once

    async def start_pair(self, base_row: int, other_row: int, plan: Plan, actor: str) -> tuple[Run, Run]:
        """The same for two models that are measured in turns: two runs that begin and end together.

        Two sweeps go up together. Cancelling one ends both. Raises what `start` raises.
        """
        plans.check(plan)
        self._refuse_when_closing()
        targets = [await asyncio.to_thread(self._target_of, row) for row in (base_row, other_row)]
        base, base_model = await asyncio.to_thread(self._open, base_row, plan, actor)
        try:
            other, other_model = await asyncio.to_thread(self._open, other_row, plan, actor)
        except BaseException:
            self._keeper.interrupt(base.id, "The other run of the pair could not begin.")
            raise
        if self._refusing:  # since the first look
            for run in (base, other):
                self._keeper.interrupt(run.id, "The server was about to end.")
            self._refuse_when_closing()
        task = asyncio.create_task(
            self._supervise_pair((base, other), (base_model, other_model), (targets[0], targets[1]))
        )
        for run in (base, other):
            self._tasks[run.id] = task
        task.add_done_callback(lambda _: [self._tasks.pop(run.id, None) for run in (base, other)])
        return base, other

    async def wait(self, run_id: int) -> Run:
        """The run when it has ended. Leaving early does not end it."""
        task = self._tasks.get(run_id)
        if task is not None:
            await asyncio.shield(asyncio.wait({task}))
        return await asyncio.to_thread(self.get, run_id)

    def get(self, run_id: int) -> Run:
        """Raises NotFound."""
        self._keeper.sweep()
        with self._database.read() as connection:
            found = store.run(connection, run_id)
        if found is None:
            raise NotFound(f"There is no run {run_id}. GET /api/admin/runs lists them.", id=run_id)
        return found

    def page(self, *, limit: int, offset: int, model_row: int | None = None, state: str | None = None) -> RunPage:
        """Newest first; of one model, in one state."""
        self._keeper.sweep()
        with self._database.read() as connection:
            found, total = store.page(connection, limit=limit, offset=offset, model_row=model_row, state=state)
        return RunPage(found, total, limit, offset)

    def lapsed(self) -> list[int]:
        """Ids of those that nobody measures any more, and that nobody has looked at since."""
        return self._keeper.lapsed()

    def events(self, run_id: int, *, after: int) -> list[RunEvent]:
        """Events with a higher number, at most 1 000."""
        with self._database.read() as connection:
            return store.events(connection, run_id, after=after)

    def cancel(self, run_id: int) -> Run:
        """Ask for the end of a run, from any worker; a run that is over stays as it is. Raises NotFound."""
        run = self.get(run_id)
        if not run.is_over:
            with self._database.write_activity() as connection:
                store.request_cancel(connection, run_id)
        return self.get(run_id)

    def refuse_new(self) -> None:
        """The server is going to end: what runs may go on for now, and nothing new starts."""
        self._refusing = True

    async def close(self) -> None:
        """End what this process runs: each is kept as `interrupted`, with what was measured. No new ones after this."""
        self._closing = self._refusing = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _refuse_when_closing(self) -> None:
        if self._refusing:
            raise Unavailable("This server is about to end. Start the benchmark again in a moment.", retry_after=5)

    def _open(self, model_row: int, plan: Plan, actor: str) -> tuple[Run, Model]:
        model = self._models.get(model_row)
        self._keeper.sweep()
        return self.get(self._keeper.open(model, plan, actor, self._lease, at_once=self._at_once)), model

    def _hears(self, events: EventLog, model: Model) -> Callable[[ChildEvent], None]:
        booking = Booking(self._ledger, model)

        def hear(event: ChildEvent) -> None:
            events.append(event)
            booking.hear(event)

        return hear

    async def _supervise(self, run: Run, model: Model, target: Target) -> None:
        """From the first event to the report; always ends the run, whatever happens here."""
        events, cancel, measured = EventLog(self._keeper, run.id), asyncio.Event(), asyncio.Event()
        watching = asyncio.create_task(self._watch(run, events, cancel, measured))
        try:
            outcome = await run_in_child(run.plan, target, on_event=self._hears(events, model), cancel=cancel)
            measured.set()
            why = await watching
            if why is not None and outcome.state == "cancelled":
                outcome = msgspec.structs.replace(outcome, error=why.error, message=why.message)
            await asyncio.to_thread(events.flush)
            await asyncio.to_thread(self._keeper.end, run, outcome)
        except BaseException as error:
            message = f"{type(error).__name__}: the run was ended with its worker."
            await asyncio.shield(asyncio.to_thread(self._keep_what_came, run.id, events, message))
            if not isinstance(error, asyncio.CancelledError):
                raise
        finally:
            watching.cancel()

    async def _supervise_pair(
        self, runs: tuple[Run, Run], models: tuple[Model, Model], targets: tuple[Target, Target]
    ) -> None:
        logs = [EventLog(self._keeper, run.id) for run in runs]
        cancel, measured = asyncio.Event(), asyncio.Event()
        watching = [
            asyncio.create_task(self._watch(run, log, cancel, measured)) for run, log in zip(runs, logs, strict=True)
        ]
        try:
            heard_by = (self._hears(logs[0], models[0]), self._hears(logs[1], models[1]))
            outcomes = await run_pair_in_child(runs[0].plan, targets, on_event=heard_by, cancel=cancel)
            measured.set()
            reasons = [why for why in await asyncio.gather(*watching) if why is not None]
            for run, other, log, outcome in zip(runs, reversed(runs), logs, outcomes, strict=True):
                if reasons and outcome.state == "cancelled":
                    outcome = msgspec.structs.replace(outcome, error=reasons[0].error, message=reasons[0].message)
                await asyncio.to_thread(log.flush)
                await asyncio.to_thread(self._keeper.end, run, in_turns_with(other.id, outcome))
        except BaseException as error:
            message = f"{type(error).__name__}: the run was ended with its worker."
            for run, log in zip(runs, logs, strict=True):
                await asyncio.shield(asyncio.to_thread(self._keep_what_came, run.id, log, message))
            if not isinstance(error, asyncio.CancelledError):
                raise
        finally:
            for task in watching:
                task.cancel()

    def _keep_what_came(self, run_id: int, events: EventLog, message: str) -> None:
        events.flush()
        self._keeper.interrupt(run_id, message)

    async def _watch(
        self, run: Run, events: EventLog, cancel: asyncio.Event, measured: asyncio.Event
    ) -> Withdrawn | None:
        """Write events as they come, keep the lease, and pass on a wish to cancel; also when the model is withdrawn,
        in which case the reason is returned."""
        withdrawal = Withdrawal(self._models, run.model)
        renewed_every = max(1, int(self._lease.total_seconds() / 3 / FLUSH_S))
        why: Withdrawn | None = None
        for beat in itertools.count():
            if measured.is_set():
                break
            with contextlib.suppress(DatabaseBusy):  # it may be free at the next beat
                await asyncio.to_thread(events.flush)
                if beat % min(renewed_every, 5) == 0:
                    asked = await asyncio.to_thread(self._keeper.renew, run.id, self._lease)
                    if not asked and why is None:
                        why = await asyncio.to_thread(withdrawal.look)
                    if asked or why is not None:
                        cancel.set()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_S):
                    await measured.wait()
        return why
