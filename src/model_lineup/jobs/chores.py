"""Claiming work, and telling when it comes round again."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from model_lineup.clock import Clock
from model_lineup.database.engines import Database
from model_lineup.database.metadata import dump, micros, moment, moment_or_none
from model_lineup.jobs import store


class Chore(msgspec.Struct, frozen=True, kw_only=True):
    """How it stands with one: `failures` in a row, `outcome` of the last time."""

    due_at: datetime
    is_under_way: bool
    last_at: datetime | None
    failures: int
    outcome: dict[str, Any]


class Chores:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def claim(self, name: str, *, lease: timedelta, due_by: datetime | None = None, at_once: bool = False) -> bool:
        """Whether it is this process's to do now; nobody else gets it for as long as `lease`. A new one is due at once.

        `due_by`: the latest that it may be due, for one whose interval became shorter; `at_once`: due or not.
        """
        now = self._clock.now()
        by = None if due_by is None else micros(due_by)
        known = self.states([name]).get(name)
        if known is not None and not at_once:
            due_at = known.due_at if due_by is None else min(known.due_at, due_by)
            if known.is_under_way or due_at > now:
                return False  # seen without a write
        with self._database.write_activity() as connection:
            return store.claim_chore(
                connection, name, now=micros(now), until=micros(now + lease), due_by=by, is_due=at_once
            )

    def done(self, name: str, *, again_in: timedelta, failures: int = 0, outcome: dict[str, Any] | None = None) -> None:
        """It is over, well (no failures) or badly, and due again after `again_in`; what was missed is not repeated."""
        now = self._clock.now()
        values = {"last_at": micros(now), "due_at": micros(now + again_in), "failures": failures}
        with self._database.write_activity() as connection:
            store.end_chore(connection, name, {**values, "outcome": dump(outcome or {})})

    def states(self, names: Iterable[str]) -> dict[str, Chore]:
        """Of those that were ever claimed."""
        now = micros(self._clock.now())
        with self._database.read() as connection:
            found = store.chore_rows(connection, names)
        return {
            name: Chore(
                due_at=moment(row.due_at),
                is_under_way=row.claimed_until > now,
                last_at=moment_or_none(row.last_at),
                failures=row.failures,
                outcome=msgspec.json.decode(row.outcome) if row.outcome else {},
            )
            for name, row in found.items()
        }
