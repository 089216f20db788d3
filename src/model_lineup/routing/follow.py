"""Keeps a snapshot as new as the configuration, whoever changes it.

On SQLite every look sees what any process has committed; it costs 3 µs while nothing was. On PostgreSQL a look in a
thread reads the revision, and a look on the event loop sees what this process has written at once, and what others
have written when `follow` reads it, a moment later. docs/decisions/0019-snapshots-follow-by-delta.md.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Connection

from model_lineup.clock import tick, wall_ns
from model_lineup.database.engines import Database
from model_lineup.database.listening import Listener, State
from model_lineup.database.watch import Watch
from model_lineup.errors import Unavailable
from model_lineup.routing import coming, retirement, store
from model_lineup.routing.delta import advance
from model_lineup.routing.snapshot import EMPTY, Snapshot

STALE_S = 10.0
"""How long the last snapshot serves while the database is out of reach."""
LOOK_EVERY_S = 0.1
POLL_EVERY_S = 0.25
"""On PostgreSQL, where looking is reading; sooner when the database tells that something was written."""
TOLD_EVERY_S = 0.025
"""At most so often, whatever it tells."""
GRACE_S = 1.0
"""How long a read is waited for when the snapshot is too old already: after a sleep of the machine it takes no longer.
"""


def _wall() -> float:
    return wall_ns() / 1e9


class Follower:
    """Give every event loop its own. `now` is a monotonic clock; `wall`: seconds since 1970.

    `_stored` is the snapshot of what is stored, `_snapshot` the same by the clock: what has come to its end by now is
    retired in it, and what is announced by now is told.
    """

    def __init__(
        self, database: Database, *, now: Callable[[], float] = tick, wall: Callable[[], float] = _wall
    ) -> None:
        self._database = database
        self._now = now
        self._wall = wall
        self._stored: Snapshot | None = None
        self._snapshot: Snapshot | None = None
        self._next_end: int | None = None
        self._board = coming.Board()
        self._mark: int | None = None
        self._read_at = 0.0
        self._lock = threading.Lock()
        self._in_threads, self._on_loop = Watch(database), Watch(database)
        self._loop_mark: int | None = None
        self._reader = ThreadPoolExecutor(1, "follower")
        self._reading: asyncio.Task[Snapshot] | None = None
        self._listener: Listener | None = None

    @property
    def listens(self) -> State | None:
        """Whether the database tells of changes (PostgreSQL alone); None where nobody listens."""
        return None if self._listener is None else self._listener.state

    @property
    def revision(self) -> int:
        """Of the snapshot that is here now; -1 before the first. It looks at nothing."""
        return -1 if self._snapshot is None else self._snapshot.revision

    def current(self) -> Snapshot:
        """A snapshot of the newest committed configuration, for threads: it may have to read.

        While the database is out of reach it is the last one, for 10 s. Raises Unavailable after that.
        """
        try:
            return self._look()
        except Unavailable:
            return self._last_good()

    def fresh(self) -> Snapshot | None:
        """The snapshot if nothing is known to have changed since; else None. For the event loop: it never waits."""
        mark = self._on_loop.mark()
        if self._snapshot is None or mark is None or mark != self._loop_mark:
            return None
        if self._next_end is not None and self._wall() >= self._next_end:
            return None
        if self._in_threads.sees_others:
            self._read_at = self._now()
        elif self._now() - self._read_at > STALE_S:
            return None
        return self._snapshot

    async def newest(self) -> Snapshot:
        """The snapshot of what was committed before this call, read off the loop where it is not here yet.

        Those who wait at the same time share one read. On PostgreSQL others' changes may be half a second late.
        Raises Unavailable.
        """
        found = self.fresh()
        if found is None and self._reading is not None:
            with contextlib.suppress(Unavailable):
                await self._in_time(self._reading)  # it may have begun before that change
            found = self.fresh()
        return found if found is not None else await self._in_time(self._read_on())

    async def follow(self) -> None:
        """Look every now and then, for ever, so that a process without requests follows too."""
        if self._in_threads.sees_others:
            while True:
                with contextlib.suppress(Unavailable):
                    await self.newest()
                await asyncio.sleep(LOOK_EVERY_S)
        with self._told() as told:
            while True:
                told.clear()
                with contextlib.suppress(Unavailable):
                    await asyncio.shield(self._read_on())
                await asyncio.sleep(TOLD_EVERY_S)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL_EVERY_S - TOLD_EVERY_S):
                        await told.wait()

    def due(self) -> list[int]:
        """Rows of models whose end has come, and which are not stored as retired yet. It looks at nothing."""
        return [] if self._stored is None else retirement.due(self._stored, self._wall())

    def staged_due(self) -> list[int]:
        """Staged changes whose moment has come, and which are not known as carried out. It looks at nothing."""
        return [] if self._stored is None else coming.due(self._stored, self._wall())

    def until_staged_s(self) -> float | None:
        """How long it is to the next moment of a staged change. It looks at nothing."""
        now_s = self._wall()
        next_s = None if self._stored is None else coming.next_due_s(self._stored, now_s)
        return None if next_s is None else next_s - now_s

    def close(self) -> None:
        if self._listener is not None:
            self._listener.close()
        self._reader.shutdown()
        for watch in (self._in_threads, self._on_loop):
            watch.close()

    @contextlib.contextmanager
    def _told(self) -> Iterator[asyncio.Event]:
        """Is set, on the loop, when the database tells that something was written."""
        told, loop = asyncio.Event(), asyncio.get_running_loop()

        def hint() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(told.set)

        self._listener = Listener(self._database, hint)
        self._listener.start()
        try:
            yield told
        finally:
            self._listener.close(wait_s=0)

    async def _in_time(self, reading: "asyncio.Task[Snapshot]") -> Snapshot:
        """What is read, or the last snapshot where that takes longer than it may serve. Raises Unavailable."""
        left_s = None if self._stored is None else max(STALE_S - (self._now() - self._read_at), GRACE_S)
        done, _ = await asyncio.wait({reading}, timeout=left_s)
        return reading.result() if done else self._last_good()

    def _read_on(self) -> "asyncio.Task[Snapshot]":
        """The read that is under way and not yet begun, else a new one."""
        if self._reading is None or self._reading.done():  # done: the loop has not told `_has_read` yet
            self._reading = asyncio.create_task(self._read())
            self._reading.add_done_callback(self._has_read)
        return self._reading

    def _has_read(self, task: "asyncio.Task[Snapshot]") -> None:
        if self._reading is task:
            self._reading = None
        if not task.cancelled():
            task.exception()  # whoever waits hears of it; nobody may be waiting

    async def _read(self) -> Snapshot:
        """Off the loop. The mark is taken before, so that what comes in between is found at the next look."""
        mark = self._on_loop.mark()
        try:
            snapshot = await asyncio.get_running_loop().run_in_executor(self._reader, self._look)
        except Unavailable:
            return self._last_good()
        self._loop_mark = mark
        return snapshot

    def _look(self) -> Snapshot:
        """Raises Unavailable."""
        with self._lock:
            began_at, mark = self._now(), self._in_threads.mark()
            if self._stored is None or mark is None or mark != self._mark or not self._in_threads.sees_others:
                seen = self._see(self._next())
            else:
                seen = self._see(self._stored)
            self._mark, self._read_at = mark, began_at  # a slow answer is as old as its question
            return seen

    def _see(self, stored: Snapshot) -> Snapshot:
        """It by the clock; the very same as before where neither it nor the clock has changed anything."""
        wall_s = self._wall()
        ended = self._next_end is not None and wall_s >= self._next_end
        if self._snapshot is None or stored is not self._stored or ended:
            self._snapshot = self._board.shown(retirement.by_the_clock(stored, wall_s), wall_s)
            turns = (retirement.next_end(stored, wall_s), coming.next_announcement(stored, wall_s))
            self._stored, self._next_end = stored, min((turn for turn in turns if turn is not None), default=None)
        return self._snapshot

    def _next(self) -> Snapshot:
        with self._database.read() as connection:
            old = self._stored
            if old is None:
                return advance(EMPTY, store.changed_since(connection, EMPTY.revision))
            revision, stamp = store.revision_and_stamp(connection)
            if (revision, stamp) == (old.revision, old.stamp):
                return old
            since = old if _continues(connection, old, revision) else EMPTY
            return advance(since, store.changed_since(connection, since.revision))

    def _last_good(self) -> Snapshot:
        """Raises Unavailable when there is none, or none that is young enough."""
        age_s = self._now() - self._read_at
        if self._stored is None or age_s > STALE_S:
            raise Unavailable("The database is out of reach. Try again in a second.", retry_after=1)
        return self._see(self._stored)


def _continues(connection: Connection, old: Snapshot, revision: int) -> bool:
    """Whether the history that `old` stands in goes on; it does not where a backup was restored."""
    return revision > old.revision and store.stamp(connection, old.revision) == old.stamp
