"""Testing a model's connection, and keeping what was found."""

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from model_lineup.benchmarks import store
from model_lineup.benchmarks.agreeing import judged
from model_lineup.benchmarks.connection import ConnectionResult, ask, result_of
from model_lineup.benchmarks.records import StoredTest
from model_lineup.catalog.models import Models
from model_lineup.catalog.prices import price_of
from model_lineup.catalog.shapes import Model
from model_lineup.catalog.store import health
from model_lineup.clock import Clock
from model_lineup.database.engines import Database
from model_lineup.database.metadata import dump, micros, moment
from model_lineup.ledger.books import Books
from model_lineup.ledger.entry import TESTS
from model_lineup.ledger.recorder import Recorder
from model_lineup.notices import store as notices
from model_lineup.notices.shapes import Notice
from model_lineup.signals import store as signals
from model_lineup.turns.shapes import Turn, TurnKind, Wanted, Work
from model_lineup.turns.turns import Turns
from model_lineup.upstream.contract import Exchange, Target
from model_lineup.upstream.wire import Client

AT_ONCE = 8
"""Of those that are begun together, over all processes."""
TURNS: TurnKind = "connection"
MOST_WAITING = 1_000


_PREVENTED = ("auth", "quota")
"""Stages that say something about the account, and nothing about the model."""


class Agreement(NamedTuple):
    """Of the latest `window` tests by the clock `agreeing` must say the same before a model's status changes."""

    window: int
    agreeing: int


class ConnectionTests:
    """`target_of` finds the target of a model's row id, as user traffic would."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        client: Callable[[], Client],
        target_of: Callable[[int], Target],
        models: Models,
        ledger: Recorder,
        agreement: Agreement,
        turns: Turns,
    ) -> None:
        self._database = database
        self._clock = clock
        self._client = client
        self._target_of = target_of
        self._models = models
        self._ledger = ledger
        self._agreement = agreement
        self._turns = turns
        turns.serve(TURNS, Work(self._in_turn, at_once=AT_ONCE, most=MOST_WAITING))

    async def connection(self, model_row: int, actor: str) -> ConnectionResult:
        """One real request; stored whatever the outcome. Raises ModelNotFound, KeyUndecryptable."""
        result = await self._ask(model_row)
        await asyncio.to_thread(self._keep, model_row, result, actor)
        return result

    async def check(self, model_row: int, actor: str) -> ConnectionResult:
        """The same by the clock: the status changes only when several agree, and not at all for what a key or a quota
        prevented. Raises ModelNotFound, KeyUndecryptable."""
        result = await self._ask(model_row)
        await asyncio.to_thread(self._keep_check, model_row, result, actor)
        return result

    async def _ask(self, model_row: int) -> ConnectionResult:
        target = await asyncio.to_thread(self._target_of, model_row)
        model = await asyncio.to_thread(self._models.get, model_row)
        exchange = await ask(self._client(), target)
        _note(self._ledger, model, exchange)
        return result_of(target, exchange)

    def begin(self, models: Sequence[Model], actor: str) -> None:
        """Have them all tested, `AT_ONCE` at a time over all processes; each result is kept when it is there.

        Raises Unavailable.
        """
        self._turns.add(TURNS, [Wanted(model.id, model.model_id) for model in models], None, actor, once=True)

    def waiting(self, model_rows: Sequence[int]) -> dict[int, Turn]:
        """The turns of these models: those that wait, are under way, or were refused within the last hour."""
        return self._turns.of_models(TURNS, model_rows)

    async def _in_turn(self, turn: Turn) -> None:
        await self.connection(turn.model, turn.actor)

    def results(self, model_row: int, *, limit: int, offset: int) -> tuple[list[StoredTest], int]:
        """What was found of this model, newest first."""
        with self._database.read() as connection:
            return store.results(connection, model_row, limit=limit, offset=offset)

    def _keep_check(self, model_row: int, result: ConnectionResult, actor: str) -> None:
        at, told = micros(self._clock.now()), None if result.stage in _PREVENTED else result.passed
        stored = msgspec.json.encode(result).decode()
        shown = msgspec.json.encode({**msgspec.structs.asdict(result), "at": moment(at)}).decode()
        with self._database.write_activity() as connection:
            store.add_result(connection, model_row, "connection", passed=told, at=at, actor=actor, result=stored)
            before = health.passed(connection, model_row)
            latest = store.outcomes(connection, model_row, limit=self._agreement.window)
            now = judged(latest, before, window=self._agreement.window, agreeing=self._agreement.agreeing)
            health.record_check(connection, model_row, passed=now, last_test=shown)
            if now is False and before is not False:
                text = f"Model {model_row} fails its scheduled tests: {result.message}"
                about = {"model": model_row, "stage": result.stage}
                failing = Notice(
                    kind="model_failing", subject=f"model {model_row}", state="failing", text=text, details=about
                )
                notices.tell(connection, failing, at)
            elif now and before is False:
                notices.over(connection, "model_failing", f"model {model_row}")
                signals.add(connection, "recovered", dump({"model": model_row}), at)

    def _keep(self, model_row: int, result: ConnectionResult, actor: str) -> None:
        at = micros(self._clock.now())
        stored = msgspec.json.encode(result).decode()
        shown = msgspec.json.encode({**msgspec.structs.asdict(result), "at": moment(at)}).decode()
        with self._database.write_activity() as connection:
            store.add_result(
                connection, model_row, "connection", passed=result.passed, at=at, actor=actor, result=stored
            )
            health.record_test(connection, model_row, passed=result.passed, last_test=shown)
            if result.passed:  # whoever leaves this model alone may ask it again
                signals.add(connection, "recovered", dump({"model": model_row}), at)


def _note(ledger: Recorder, model: Model, exchange: Exchange) -> None:
    """Into the books, where something was sent."""
    if exchange.head_at is None and exchange.http_status is None:
        return
    pricing, usage, nanodollars = msgspec.json.decode(model.pricing), exchange.usage, None
    price = price_of(pricing) if isinstance(pricing, dict) else None
    if price is not None and usage is not None and usage.prompt_tokens is not None:
        nanodollars = price.of(usage.prompt_tokens, usage.completion_tokens or 0, usage.cached_tokens or 0)
    Books(ledger, model.id, model.provider_id, model.model_id, TESTS).note(
        began_at=exchange.sent_at,
        ended_at=exchange.ended_at,
        first_content_at=exchange.content_at[0] if exchange.content_at else None,
        failed=None if exchange.failure is None else exchange.failure.code,
        status=exchange.http_status,
        stream=exchange.streamed,
        usage=usage,
        nanodollars=nanodollars,
    )
