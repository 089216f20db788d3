"""Testing what a model can do, and keeping what was found.

One test of a model at a time, over all workers. What is found is kept at once, capability by capability: a test that
is broken off has said what it has said. A "yes" or a "no" becomes a fact of the model, with the source `probe`.
"""

import asyncio
import contextlib
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from model_lineup.benchmarks import store as result_store
from model_lineup.benchmarks.withdrawal import Withdrawal
from model_lineup.catalog.models import Models
from model_lineup.catalog.prices import price_of
from model_lineup.catalog.shapes import Model
from model_lineup.catalog.stating import Facts
from model_lineup.clock import Clock
from model_lineup.database.engines import Database
from model_lineup.database.metadata import micros
from model_lineup.errors import InvalidInput, LineupError, TestInProgress, Unavailable
from model_lineup.jobs.leases import Leases
from model_lineup.journal.record import Author
from model_lineup.ledger.books import Books
from model_lineup.ledger.entry import CAPABILITY_TESTS
from model_lineup.ledger.recorder import Recorder
from model_lineup.probes import store
from model_lineup.probes.asking import Asked, Asking, carry_out
from model_lineup.probes.basis import bases_of
from model_lineup.probes.contract import Probe
from model_lineup.probes.estimate import CANNOT_BE_ASKED, Estimate, estimate
from model_lineup.probes.proofs import Proofs
from model_lineup.probes.records import Capabilities, CapabilityFinding, CapabilityReport, spent
from model_lineup.probes.registry import probes
from model_lineup.probes.standing import states
from model_lineup.telemetry import log
from model_lineup.turns.shapes import NotYetError, Turn, TurnKind, Wanted, Work
from model_lineup.turns.turns import Turns
from model_lineup.upstream.asking import Manners
from model_lineup.upstream.contract import Target
from model_lineup.upstream.wire import Client
from model_lineup.vault import Vault

KIND = "capability"
"""Of the stored results."""
_BEYOND = timedelta(seconds=30)
AT_ONCE = 4
"""Of those that are begun together, over all processes."""
TURNS: TurnKind = "capabilities"
MOST_WAITING = 1_000
_STOPPING = ("auth", "quota")
_LAST_WORDS_S = 5.0


class CapabilityTests:
    """`target_of` finds the target of a model's row id, as user traffic would."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        vault: Vault,
        client: Callable[[], Client],
        target_of: Callable[[int], Target],
        models: Models,
        facts: Facts,
        proofs: Proofs,
        ledger: Recorder,
        turns: Turns,
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._client = client
        self._target_of = target_of
        self._models = models
        self._facts = facts
        self._proofs = proofs
        self._ledger = ledger
        self._leases = Leases(database, clock)
        self._turns = turns
        self._busy: set[int] = set()
        self._running: set[asyncio.Task[CapabilityReport]] = set()
        self._closing = False
        turns.serve(TURNS, Work(self._in_turn, at_once=AT_ONCE, most=MOST_WAITING))
        probes()  # found by looking into a folder, which is nothing for an event loop

    async def test(self, model_row: int, author: Author, wanted: Sequence[str] | None = None) -> CapabilityReport:
        """Ask, judge and keep. It goes on if the caller leaves. `wanted`: capabilities, all without them.

        Raises InvalidInput, ModelNotFound, KeyUndecryptable, TestInProgress, Unavailable.
        """
        return await asyncio.shield(await self._start(model_row, author, wanted))

    async def _start(
        self, model_row: int, author: Author, wanted: Sequence[str] | None
    ) -> asyncio.Task[CapabilityReport]:
        chosen = choose(wanted)
        if self._closing:
            raise Unavailable("This server is about to end. Start the test again in a moment.", retry_after=5)
        target = await asyncio.to_thread(self._target_of, model_row)
        model = await asyncio.to_thread(self._models.get, model_row)
        await self._take(model_row)
        task = asyncio.create_task(self._carry_out(model, target, author, chosen))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def begin(self, models: Sequence[Model], author: Author, wanted: Sequence[str] | None = None) -> list[int]:
        """Have them all tested, `AT_ONCE` at a time over all processes, whether or not anybody waits; the rows of
        those that are tested from now on or wait for it. Raises InvalidInput, Unavailable.
        """
        choose(wanted)
        rows = {model.id: Wanted(model.id, model.model_id) for model in models}
        added = self._turns.add(TURNS, list(rows.values()), wanted, author.label, once=True)
        return [one.model for one in added.waiting]

    def estimate(self, models: Sequence[Model], wanted: Sequence[str] | None = None) -> Estimate:
        """What testing these would cost at most. Raises InvalidInput."""
        return estimate(models, choose(wanted))

    def under_way(self, model_rows: Sequence[int]) -> set[int]:
        """Those that are being tested by any worker, or wait for it."""
        turns = self._turns.of_models(TURNS, model_rows)
        here = {row for row in model_rows if row in self._busy or (row in turns and turns[row].state != "refused")}
        return here | {row for row in model_rows if row not in here and self._leases.held(f"{KIND}/{row}")}

    def refused(self, model_rows: Sequence[int]) -> dict[int, str]:
        """Why tests of these were refused when their turn had come, within the last hour."""
        turns = self._turns.of_models(TURNS, model_rows)
        return {row: turn.reason for row, turn in turns.items() if turn.state == "refused"}

    def cancel(self, model_rows: Sequence[int]) -> int:
        """End the tests of these that wait or are under way by turns, in whatever process; how many those were.

        What was found until then is kept. Raises Unavailable.
        """
        turns = self._turns.of_models(TURNS, model_rows)
        return sum(self._turns.cancel(TURNS, turn.id) for turn in turns.values() if turn.state != "refused")

    async def _in_turn(self, turn: Turn) -> None:
        """Whoever ends the turn ends the test."""
        wanted = msgspec.json.decode(turn.asked, type=list[str] | None)
        try:
            task = await self._start(turn.model, Author(turn.actor), wanted)
        except (TestInProgress, Unavailable):
            raise NotYetError(again_in_s=1.0) from None
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait({task})
            raise

    def known(self, model_row: int) -> Capabilities:
        """What is known of each capability, whether or not it was ever tested. Raises ModelNotFound."""
        model = self._models.get(model_row)
        with self._database.read() as connection:
            found = store.known(connection, [model_row])[model_row]
        return Capabilities(model.id, model.model_id, states(found, self._bases(model_row), self._facts.of(model_row)))

    def due(self, model_rows: Sequence[int], before: datetime) -> set[int]:
        """Those of which some capability was never tested, or not since then, or is stale."""
        with self._database.read() as connection:
            found = store.known(connection, model_rows)
        return {row for row in model_rows if _is_due(found[row], self._bases(row), before)}

    def settle_anew(self) -> None:
        """Have every fact say again what its verdict says now: Lineup asks, or reads answers, in another way."""
        self._proofs.of_all()

    async def close(self) -> None:
        """End what runs; what it has found until now is kept."""
        self._closing = True
        tasks = list(self._running)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _bases(self, model_row: int) -> dict[str, str] | None:
        """None where they cannot be told, because the key cannot be opened."""
        try:
            target = self._target_of(model_row)
            return bases_of(self._vault, target.endpoint, target.model_id)
        except LineupError:
            return None

    async def _take(self, model_row: int) -> None:
        """Raises TestInProgress."""
        in_progress = TestInProgress(
            f"The capabilities of model {model_row} are being tested already. Its results come in a moment.",
            id=model_row,
            retry_after=10,
        )
        if model_row in self._busy:
            raise in_progress
        self._busy.add(model_row)
        try:
            if not await asyncio.to_thread(self._lease, model_row):
                raise in_progress
        except BaseException:
            self._busy.discard(model_row)
            raise

    def _lease(self, model_row: int, for_s: float = 60.0) -> bool:
        return self._leases.take(f"{KIND}/{model_row}", timedelta(seconds=for_s) + _BEYOND)

    async def _carry_out(
        self, model: Model, target: Target, author: Author, chosen: Sequence[Probe]
    ) -> CapabilityReport:
        """The model is busy until all of it is kept: whoever sees that its test is over sees what it found."""
        began_at, findings, stopped = self._clock.tick(), list[CapabilityFinding](), "interrupted"
        try:
            try:
                stopped = await self._ask(model, target, chosen, findings)
            finally:
                report = CapabilityReport(
                    model=model.id,
                    model_id=model.model_id,
                    provider=model.provider.slug,
                    capabilities=findings,
                    spent=spent(findings),
                    duration_s=round(self._clock.tick() - began_at, 3),
                    stopped=stopped or None,
                    at=self._clock.now(),
                )
                keeping = asyncio.create_task(asyncio.to_thread(self._keep, report, author))
                await asyncio.shield(asyncio.wait({keeping}, timeout=_LAST_WORDS_S))
            keeping.result()
            return report
        finally:
            self._busy.discard(model.id)

    async def _ask(
        self, model: Model, target: Target, chosen: Sequence[Probe], findings: list[CapabilityFinding]
    ) -> str:
        """Adds what is found, in order. Why it stopped before its end; empty where it did not."""
        bases = bases_of(self._vault, target.endpoint, target.model_id)
        withdrawal = Withdrawal(self._models, model.id)
        pricing = msgspec.json.decode(model.pricing)
        heard: list[Asked] = []
        books = Books(self._ledger, model.id, model.provider_id, model.model_id, CAPABILITY_TESTS)

        def told(one: Asked) -> None:
            heard.append(one)
            _note(books, one)

        asking = Asking(
            client=self._client(),
            target=target,
            price=price_of(pricing) if isinstance(pricing, dict) else None,
            manners=Manners(),
            chance=random.SystemRandom(),
            now=self._clock.now,
            told=told,
        )
        for probe in chosen:
            await asyncio.to_thread(self._lease, model.id, 4 * target.endpoint.timeouts.test_s)
            if await asyncio.to_thread(withdrawal.look) is not None:
                return "withdrawn"
            finding = _not_applicable(probe, asking) if target.task in CANNOT_BE_ASKED else None
            finding = finding or await carry_out(probe, asking)
            findings.append(finding)
            await asyncio.to_thread(self._keep_one, model.id, finding, bases[probe.name])
            stage = _stage_of(heard)
            if stage in _STOPPING:
                return stage
        return ""

    def _keep_one(self, model_row: int, finding: CapabilityFinding, basis: str) -> None:
        with self._database.write_activity() as connection:
            store.keep(connection, model_row, finding, basis)

    def _keep(self, report: CapabilityReport, author: Author) -> None:
        """The result with its history, and what was decided as facts. A model that is gone gets neither.

        Whoever sees that the test is over sees all of it: the lease goes last.
        """
        try:
            with self._database.write_activity() as connection:
                result_store.add_result(
                    connection,
                    report.model,
                    KIND,
                    passed=None,
                    at=micros(report.at),
                    actor=author.label,
                    result=msgspec.json.encode(report).decode(),
                )
            if any(one.verdict in ("yes", "no") for one in report.capabilities):
                self._proofs.state(report.model, author)
        finally:
            with contextlib.suppress(Unavailable):
                self._leases.give_back(f"{KIND}/{report.model}")
        log().info("capabilities tested", model=report.model, requests=report.spent.requests)


def choose(wanted: Sequence[str] | None) -> list[Probe]:
    """The probes of these capabilities, in their usual order; all without any. Raises InvalidInput."""
    there_are = probes()
    if wanted is None:
        return list(there_are.values())
    unknown = [name for name in wanted if name not in there_are]
    if unknown or not wanted:
        named = repr(unknown[0]) if unknown else "an empty list"
        raise InvalidInput.at("/capabilities", f"{named} names no capability; there are {', '.join(there_are)}")
    return [probe for name, probe in there_are.items() if name in wanted]


def _is_due(known: Mapping[str, store.Known], bases: Mapping[str, str] | None, before: datetime) -> bool:
    """A key that cannot be opened is no reason to ask."""
    if bases is None:
        return False
    return any(
        (one := known.get(name)) is None
        or one.tried.at < before
        or (one.standing is not None and one.basis != bases[name])
        for name in probes()
    )


def _not_applicable(probe: Probe, asking: Asking) -> CapabilityFinding:
    task = asking.target.task
    reason = f"The model's task is {task!r}: it has no conversation in which this could be asked."
    return CapabilityFinding(capability=probe.name, verdict="not_applicable", reason=reason, at=asking.now())


def _stage_of(heard: Sequence[Asked]) -> str | None:
    """Where the last request failed."""
    failure = heard[-1].reply.failure if heard else None
    return None if failure is None else failure.stage


def _note(books: Books, one: Asked) -> None:
    reply, said = one.reply, one.heard
    books.note(
        began_at=reply.sent_at,
        ended_at=reply.ended_at,
        first_content_at=said.content_at[0] if said.content_at else None,
        failed=None if reply.failure is None else reply.failure.code,
        status=reply.http_status,
        stream=reply.streamed,
        usage=said.usage,
        nanodollars=one.nanodollars,
    )
