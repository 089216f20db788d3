"""Writing the security log down, and reading it.

An event that belongs to a transaction of the activity tables is written in it. Refusals can come in floods: those of
one sort, from one address, about one key or account, within one hour, are one row, to which each process adds what it
counted once in some seconds. Old rows go a few at a time, with the writing of new ones.
"""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from model_lineup.clock import Clock
from model_lineup.database.engines import Database
from model_lineup.database.metadata import dump, micros
from model_lineup.errors import Unavailable
from model_lineup.security import store
from model_lineup.security.shapes import SecurityEvent, SecurityPage
from model_lineup.security.visit import Visit
from model_lineup.telemetry import log

FOLDED_S = 3600
WRITTEN_EVERY_S = 10.0
MOST_FOLDS = 1_000
PRUNED_EVERY_S = 60.0


@dataclass(slots=True)
class _Waiting:
    """Refusals that were counted and not written yet; `written` on the monotonic clock."""

    values: dict[str, Any]
    count: int
    last_at: int
    written: float


class SecurityLog:
    def __init__(self, database: Database, clock: Clock, *, kept: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._kept = kept
        self._waiting: dict[str, _Waiting] = {}
        self._one_at_a_time = threading.Lock()
        self._pruned_at = float("-inf")

    def note(
        self, connection: Connection, event: SecurityEvent, visit: Visit, *, actor: str | None = None, **details: Any
    ) -> None:
        """Write an event in the caller's transaction of the activity tables. `details` hold no secret."""
        store.add(connection, self._row(event, visit, actor, details))
        _tell(event, visit, actor)
        self._prune(connection)

    def note_by_itself(self, event: SecurityEvent, visit: Visit, *, actor: str | None = None, **details: Any) -> None:
        """In a transaction of its own, after something that is done already: a busy database does not undo that."""
        with self._forgiving(event), self._database.write_activity() as connection:
            self.note(connection, event, visit, actor=actor, **details)

    def note_refusal(self, event: SecurityEvent, visit: Visit, *, actor: str | None = None, **details: Any) -> None:
        """Count one more of its sort in this hour. The first is written at once, the others within seconds."""
        row = self._row(event, visit, actor, details)
        fold = dump([event, visit.network, actor, details, row["at"] // (FOLDED_S * 1_000_000)])
        with self._one_at_a_time:
            if fold not in self._waiting:
                self._forget_written()
                if len(self._waiting) >= MOST_FOLDS:  # from very many addresses: counted together
                    row, fold = self._row(event, Visit(), None, {"others": True}), f"{event} of others"
            found = self._waiting.setdefault(fold, _Waiting({**row, "fold": fold}, 0, row["at"], float("-inf")))
            found.count += 1
            found.last_at = row["at"]
            due = self._clock.tick() - found.written >= WRITTEN_EVERY_S
        if due:
            self.flush(fold)

    def flush(self, *folds: str) -> None:
        """Write what was counted: of these sorts, or of all."""
        with self._one_at_a_time, self._forgiving(SecurityEvent.KEY_REFUSED):
            waiting = [self._waiting[fold] for fold in folds or self._waiting if self._waiting[fold].count]
            if not waiting:
                return
            with self._database.write_activity() as connection:
                for one in waiting:
                    store.add_to(connection, {**one.values, "count": one.count, "last_at": one.last_at})
                self._prune(connection)
            for one in waiting:
                if one.written == float("-inf"):
                    _tell(SecurityEvent(one.values["event"]), Visit(one.values["address"]), one.values["actor"])
                one.count, one.written = 0, self._clock.tick()

    def close(self) -> None:
        """Write what still waits."""
        self.flush()

    def page(
        self,
        *,
        limit: int,
        offset: int,
        event: SecurityEvent | None = None,
        actor: str | None = None,
        since: datetime | None = None,
    ) -> SecurityPage:
        """Newest first."""
        self.flush()
        moment = micros(since) if since is not None else None
        with self._database.read() as connection:
            found, total = store.page(connection, limit=limit, offset=offset, event=event, actor=actor, since=moment)
        return SecurityPage(found, total, limit, offset)

    def _row(self, event: SecurityEvent, visit: Visit, actor: str | None, details: dict[str, Any]) -> dict[str, Any]:
        at = micros(self._clock.now())
        return {
            "at": at,
            "last_at": at,
            "count": 1,
            "event": event.value,
            "actor": actor,
            "address": visit.address,
            "user_agent": visit.user_agent,
            "request_id": visit.request_id,
            "details": dump(details),
        }

    def _forget_written(self) -> None:
        """Sorts of which nothing waits and that were not seen for a while need no memory."""
        tick = self._clock.tick()
        for fold in [fold for fold, one in self._waiting.items() if not one.count and tick - one.written > FOLDED_S]:
            del self._waiting[fold]

    def _prune(self, connection: Connection) -> None:
        tick = self._clock.tick()
        if tick - self._pruned_at < PRUNED_EVERY_S:
            return
        gone = store.prune(connection, micros(self._clock.now() - self._kept))
        if gone < store.PRUNED_AT_ONCE:  # else there are more: go on with the next event
            self._pruned_at = tick

    @contextlib.contextmanager
    def _forgiving(self, event: SecurityEvent) -> Iterator[None]:
        try:
            yield
        except Unavailable as error:
            log().warning("security log not written", security_event=event.value, error=error.code)


def _tell(event: SecurityEvent, visit: Visit, actor: str | None) -> None:
    """The same in the structured log, for those who collect that."""
    log().info(
        "security",
        security_event=event.value,
        actor=actor,
        client_address=visit.address,
        request_id=visit.request_id,
    )
