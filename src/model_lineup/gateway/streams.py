"""The exchanges that are under way: how many, whose, and how to end them before they end by themselves."""

import asyncio
from collections.abc import Callable
from typing import Literal

from model_lineup.access.callers import Caller
from model_lineup.gateway.failures import Refused
from model_lineup.gateway.visit import Visit
from model_lineup.routing.snapshot import Snapshot

Cut = Literal["left", "revoked", "stopping", "withdrawn"]


class Running:
    """One exchange. `cut` says why it was ended, None while it was not."""

    __slots__ = ("_on_end", "_task", "caller", "cut", "visit")

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.caller: Caller = visit.caller
        self.cut: Cut | None = None
        self._task: asyncio.Task[None] | None = None
        self._on_end: Callable[[], None] | None = None

    def end(self, why: Cut) -> None:
        if self.cut is None:
            self.cut = why
            if self._task is not None:
                self._task.cancel()
            elif self._on_end is not None:
                self._on_end()

    def leave(self) -> None:
        """The caller did."""
        self.end("left")

    def on_end(self, callback: Callable[[], None] | None) -> None:
        """What ends it while it has no task."""
        self._on_end = callback

    def has_a_task(self) -> None:
        """The current one, which is cancelled when it is to end. Raises CancelledError where it was ended before."""
        if self.cut is not None:
            raise asyncio.CancelledError
        self._task = asyncio.current_task()

    def taken_back(self) -> None:
        """The cancellation was ours and is dealt with."""
        if self._task is not None:
            self._task.uncancel()


class Streams:
    """`most` exchanges at a time; one more is refused at once, because waiting would hide the load."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._running: set[Running] = set()

    def __len__(self) -> int:
        return len(self._running)

    @property
    def are_full(self) -> bool:
        return len(self._running) >= self._most

    def begin(self, visit: Visit) -> Running:
        """Raises Refused."""
        if self.are_full:
            message = f"Lineup is answering {self._most} requests already. Try again in a second."
            raise Refused(503, "overloaded", message, retry_after_s=1)
        running = Running(visit)
        self._running.add(running)
        return running

    def running(self) -> tuple[Running, ...]:
        return tuple(self._running)

    def over(self, running: Running) -> None:
        self._running.discard(running)

    def end_revoked(self, snapshot: Snapshot, now: int) -> None:
        """Those whose key may not call any more. `now`: microseconds since 1970. Calls without a key are not asked."""
        for running in tuple(self._running):
            if not running.caller.key_id:
                continue
            caller = snapshot.callers.get(running.caller.token_hash)
            if caller is None or (caller.expires_at is not None and caller.expires_at <= now):
                running.end("revoked")

    def end_all(self) -> None:
        for running in tuple(self._running):
            running.end("stopping")
