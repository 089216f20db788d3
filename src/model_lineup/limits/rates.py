"""Rates: how often something may happen in a second or a minute, counted by all workers together.

A sliding window of two counters: those of this window, and those of the one before for the part of it that is not yet
a whole window ago. No stretch of one window's length holds notably more than the limit.
"""

from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Any

from sqlalchemy import Row

from model_lineup.clock import Clock
from model_lineup.database.engines import Database
from model_lineup.database.metadata import micros
from model_lineup.limits import store
from model_lineup.vault import Vault

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class _Use:
    """What was used up in this window and the one before; `at` is how far this one has come, 0 to 1."""

    window: int
    at: float
    used: int
    before: int

    def allows_one(self, limit: int) -> bool:
        return self.before * (1 - self.at) + self.used + 1 <= limit

    def wait(self, limit: int) -> float:
        """In windows, until one more is allowed."""
        if self.used + 1 <= limit:
            return max(0.0, 1 - (limit - self.used - 1) / self.before - self.at) if self.before else 0.0
        return 1 - self.at + max(0.0, 1 - (limit - 1) / self.used)


class Rates:
    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    def take(self, *subject: object, limit: int, window: timedelta) -> int:
        """Use one of `limit` per `window`. 0 when there was one left; else whole seconds after which there will be."""
        name = self._vault.derive("rate", *subject).hex()
        width = window // _MICROSECOND
        with self._database.read() as connection:
            refused = self._refusal(store.use(connection, name), limit, width)
        if refused:  # without writing anything: a flood costs reads alone
            return refused
        with self._database.write_activity() as connection:
            row = store.use_to_change(connection, name)
            refused = self._refusal(row, limit, width)
            if not refused:
                now = self._now()
                use = _use(row, now, width)
                values = {"window": use.window, "used": use.used + 1, "used_before": use.before}
                store.put_use(connection, name, {**values, "forgotten_at": now + 2 * width})
                store.prune(connection, now)
        return refused

    def _refusal(self, row: Row[Any] | None, limit: int, width: int) -> int:
        use = _use(row, self._now(), width)
        return 0 if use.allows_one(limit) else max(1, ceil(use.wait(limit) * width / 1_000_000))

    def _now(self) -> int:
        return micros(self._clock.now())


def _use(row: Row[Any] | None, now: int, width: int) -> _Use:
    window, into = divmod(now, width)
    at = into / width
    if row is not None and row.window == window:
        return _Use(window, at, row.used, row.used_before)
    if row is not None and row.window == window - 1:
        return _Use(window, at, 0, row.used)
    return _Use(window, at, 0, 0)
