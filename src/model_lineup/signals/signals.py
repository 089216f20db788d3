"""Saying and hearing."""

from typing import Any, NamedTuple

import msgspec

from model_lineup.clock import Clock
from model_lineup.database.engines import Database
from model_lineup.database.metadata import dump, micros
from model_lineup.signals import store

_LOOKED_BACK = 64
"""Ids are given when a transaction begins, and seen when it ends: a lower one may come after a higher."""


class Signal(NamedTuple):
    """`subject`: what it is about, as plain JSON."""

    kind: str
    subject: dict[str, Any]


class Signals:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def send(self, signal: Signal) -> None:
        """Every process that hears, this one too, hears it once. Raises Unavailable."""
        with self._database.write_activity() as connection:
            store.add(connection, signal.kind, dump(signal.subject), micros(self._clock.now()))


class Ear:
    """One process's. What was said before its first hearing is not for it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._heard: set[int] | None = None

    def hear(self) -> list[Signal]:
        """What is new, oldest first; for a thread. Raises Unavailable."""
        heard = self._heard
        with self._database.read() as connection:
            rows = store.newest(connection, max(heard, default=0) - _LOOKED_BACK if heard else 0)
        ids = {row.id for row in rows}
        if heard is None:
            self._heard = ids
            return []
        self._heard = ids or heard
        return [Signal(row.kind, msgspec.json.decode(row.subject)) for row in rows if row.id not in heard]
