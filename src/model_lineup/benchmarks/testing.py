"""Testing a model's connection, and keeping what was found."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

import msgspec

from model_lineup.benchmarks import store
from model_lineup.benchmarks.connection import ConnectionResult, test_connection
from model_lineup.benchmarks.records import StoredTest
from model_lineup.catalog.store import health
from model_lineup.clock import Clock
from model_lineup.database.engines import Database
from model_lineup.database.metadata import dump, micros, moment
from model_lineup.errors import LineupError
from model_lineup.signals import store as signals
from model_lineup.upstream.contract import Target
from model_lineup.upstream.wire import Client

AT_ONCE = 8
"""Of those that are begun together."""


class ConnectionTests:
    """`target_of` finds the target of a model's row id, as user traffic would."""

    def __init__(
        self, database: Database, clock: Clock, client: Callable[[], Client], target_of: Callable[[int], Target]
    ) -> None:
        self._database = database
        self._clock = clock
        self._client = client
        self._target_of = target_of
        self._places = asyncio.Semaphore(AT_ONCE)
        self._under_way: set[asyncio.Task[None]] = set()

    async def connection(self, model_row: int, actor: str) -> ConnectionResult:
        """One real request; stored whatever the outcome. Raises ModelNotFound, KeyUndecryptable."""
        target = await asyncio.to_thread(self._target_of, model_row)
        result = await test_connection(self._client(), target)
        await asyncio.to_thread(self._keep, model_row, result, actor)
        return result

    def begin(self, model_rows: Sequence[int], actor: str) -> None:
        """Test them all, `AT_ONCE` at a time in this process; each result is kept when it is there."""
        for row in model_rows:
            task = asyncio.create_task(self._in_turn(row, actor))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def close(self) -> None:
        """End those that were begun and are not over; nothing is kept of them."""
        tasks = list(self._under_way)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _in_turn(self, model_row: int, actor: str) -> None:
        async with self._places:
            with contextlib.suppress(LineupError):  # the model is gone, or its key cannot be read: it has no result
                await self.connection(model_row, actor)

    def results(self, model_row: int, *, limit: int, offset: int) -> tuple[list[StoredTest], int]:
        """What was found of this model, newest first."""
        with self._database.read() as connection:
            return store.results(connection, model_row, limit=limit, offset=offset)

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
