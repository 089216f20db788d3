"""Takes entries from the hot path and writes them in batches beside it.

What waits is bounded: when the database is out of reach for so long that the bound is met, further entries are counted
as lost instead of kept, which leaves what is known of the time before whole. What was taken is written exactly once: a
batch has a mark in its own transaction, by which it is known again when it is not sure whether it was written.
"""

import asyncio
import secrets
import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import NamedTuple

from model_lineup.clock import Clock, tick
from model_lineup.database.engines import Database
from model_lineup.database.metadata import micros
from model_lineup.errors import LineupError
from model_lineup.ledger.entry import DAY, Entry, Row, row_of
from model_lineup.ledger.store import writing
from model_lineup.telemetry import log

BATCH = 1_000
PRUNED_EVERY_S = 60.0
_MARKS_KEPT = timedelta(hours=6)


class Kept(NamedTuple):
    """For how long. `sums`: by day."""

    entries: timedelta
    sums: timedelta


class _Batch(NamedTuple):
    mark: str
    rows: list[Row]


class Recorder:
    """`most` entries wait at a time. `lost`: how many there was no room for, or that could not be written.

    `told`: is handed every entry once, in batches, soon after its request and whether or not it can be written;
    `told_losses`: how many more were lost.
    """

    def __init__(self, database: Database, clock: Clock, *, kept: Kept, most: int) -> None:
        self._database = database
        self._clock = clock
        self._kept = kept
        self._most = most
        self._fresh: deque[Entry] = deque()
        self._queue: deque[Row] = deque()
        self._batch: _Batch | None = None
        self._held = 0
        self._one_at_a_time = threading.Lock()
        self._pruned_at = float("-inf")
        self._lost_before = 0
        self.lost = 0
        self.told: Callable[[Sequence[Entry]], None] = lambda entries: None
        self.told_losses: Callable[[int], None] = lambda number: None

    def note(self, entry: Entry) -> None:
        """Keep it, to be written soon. For one event loop; takes no lock and waits for nothing."""
        if len(self._fresh) + self._held < self._most:
            self._fresh.append(entry)
        else:
            self.lost += 1

    async def run(self, every_s: float) -> None:
        """For ever: writes what waits, in a thread."""
        while True:
            await asyncio.sleep(every_s)
            if self.waiting or self._is_time_to_prune():
                await asyncio.to_thread(self.flush)

    @property
    def waiting(self) -> int:
        """Entries that were not written yet."""
        return len(self._fresh) + self._held

    def flush(self) -> bool:
        """Write what waits; whether all of it is written. What is not waits on.

        So does what comes meanwhile, unless it is a batch: to write a few costs as much as to write a hundred, and
        under load a few always come.
        """
        with self._one_at_a_time:
            self._take()
            while self._queue or self._batch is not None:
                if not self._write_some():
                    return False
                if len(self._fresh) >= BATCH:
                    self._take()
            self._tell_of_losses()
            self._prune()
            return True

    def close(self) -> None:
        """Write what still waits; what cannot be written is lost."""
        while self.flush():
            if not self.waiting:
                return
        self.lost += self.waiting
        self._tell_of_losses()

    def _take(self) -> None:
        """Entries become rows, with their wall time; who counts them is told, also of those that wait for long."""
        take = self._fresh.popleft
        entries = [take() for _ in range(len(self._fresh))]
        if entries:
            zero = micros(self._clock.now()) - tick() * 1e6
            self._queue.extend([row_of(entry, zero) for entry in entries])
            self.told(entries)
        self._count_held()
        self._tell_of_losses()

    def _write_some(self) -> bool:
        """Whether what was tried need not be tried again."""
        if self._batch is None:
            rows = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
            self._batch = _Batch(secrets.token_hex(12), rows)
        mark, rows = self._batch
        try:
            with self._database.write_activity() as connection:
                writing.add(connection, mark, rows, micros(self._clock.now()))
        except LineupError as error:
            log().warning("usage not written yet", waiting=self.waiting, error=error.code)
            return False
        except Exception as error:  # what the database will never take must not keep out all that comes after it
            self.lost += len(rows)
            log().error("usage cannot be written", entries=len(rows), error=type(error).__name__)
        self._batch = None
        self._count_held()
        return True

    def _count_held(self) -> None:
        self._held = len(self._queue) + (len(self._batch.rows) if self._batch is not None else 0)

    def _tell_of_losses(self) -> None:
        if self.lost > self._lost_before:
            log().error("usage lost", entries=self.lost - self._lost_before, ever=self.lost)
            self.told_losses(self.lost - self._lost_before)
            self._lost_before = self.lost

    def _is_time_to_prune(self) -> bool:
        return self._clock.tick() - self._pruned_at >= PRUNED_EVERY_S

    def _prune(self) -> None:
        if not self._is_time_to_prune():
            return
        now = self._clock.now()
        try:
            with self._database.write_activity() as connection:
                more = writing.prune(
                    connection,
                    entries_before=micros(now - self._kept.entries),
                    days_before=micros(now - self._kept.sums) // DAY,
                    batches_before=micros(now - _MARKS_KEPT),
                )
        except LineupError as error:
            log().warning("old usage not dropped yet", error=error.code)
            return
        if not more:  # else it goes on with the next batch
            self._pruned_at = self._clock.tick()
