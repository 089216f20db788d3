"""Taking turns over all processes of an instance."""

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection

from model_lineup.clock import Clock
from model_lineup.database.engines import Database
from model_lineup.database.metadata import dump, micros
from model_lineup.errors import LineupError, Unavailable
from model_lineup.telemetry import log
from model_lineup.turns import store
from model_lineup.turns.shapes import NotYetError, Turn, TurnKind, TurnState, Wanted, Work

LOOKS_EVERY_S, LOOKS_AGAIN_S = 1.0, 0.25
"""While nothing waits, and while something does."""
HOLD_FOR = timedelta(seconds=30)
HOLDS_EVERY_S = 2.0
WAITS_AT_MOST = timedelta(days=1)
TOLD_FOR = timedelta(hours=1)
"""How long a refusal is kept."""
MOST_SHOWN = 1_000
_PAUSES_S = (0.1, 0.5, 1.0, 2.0, 4.0)
_LOST = "The process that was at it ended without a word. What it found until then is kept; ask for it again."
_EARLY = "It waited for a day, and does not begin unasked now. Ask for it again."


class Added(NamedTuple):
    """`full`: those for which there was no room to wait."""

    waiting: list[Turn]
    full: list[Wanted]


class Turns:
    """Of one process and its event loop, which is one holder."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._holder = secrets.token_hex(8)
        self._works: dict[str, Work] = {}
        self._mine: dict[int, asyncio.Task[None]] = {}
        self._claimed: set[int] = set()
        self._writing: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._nudged = asyncio.Event()
        self._held_at = 0.0
        self._closing = False

    def serve(self, kind: TurnKind, work: Work) -> None:
        """This process carries out turns of this kind."""
        self._works[kind] = work

    def add(self, kind: TurnKind, wanted: Sequence[Wanted], asked: Any, actor: str, *, once: bool = False) -> Added:
        """Have it done with each of these in turn. `once`: not again where it waits or is under way already.

        Raises Unavailable.
        """
        now = micros(self._clock.now())
        rest: dict[str, Any] = {"kind": kind, "asked": dump(asked), "actor": actor, "state": "waiting", "reason": ""}
        rest |= {"asked_at": now, "due_at": now, "holder": "", "held_until": 0}
        with self._database.write_activity() as connection:
            known = store.open_of(connection, kind, [one.row for one in wanted]) if once else []
            there = {one.model for one in known if one.state != "refused"}
            store.take_away(connection, [one.id for one in known if one.state == "refused"])
            new = [one for one in wanted if one.row not in there]
            room = max(0, self._works[kind].most - store.waiting(connection, kind))
            rows = [{**rest, "model_row": one.row, "model_id": one.model_id} for one in new[:room]]
            ids = set(store.add(connection, rows))
            waiting = [one for one in store.of_kind(connection, kind, "waiting", limit=MOST_SHOWN) if one.id in ids]
        self.nudge()
        return Added(waiting, new[room:])

    def page(self, kind: TurnKind | None = None, state: TurnState | None = None) -> list[Turn]:
        """Those that begin next come first; refusals of the last hour among them."""
        early = micros(self._clock.now() - TOLD_FOR)
        with self._database.read() as connection:
            return store.of_kind(connection, kind, state, early=early, limit=MOST_SHOWN)

    def of_models(self, kind: TurnKind, model_rows: Collection[int]) -> dict[int, Turn]:
        """The newest turn of each of these that has one."""
        with self._database.read() as connection:
            return {one.model: one for one in store.open_of(connection, kind, model_rows)}

    def cancel(self, kind: TurnKind | None = None, turn_id: int | None = None) -> int:
        """What waits shall not begin, and what is under way shall end, in whatever process; how many there were.

        Raises Unavailable.
        """
        with self._database.write_activity() as connection:
            count = store.cancel(connection, kind, turn_id)
        self.nudge()
        return count

    def nudge(self) -> None:
        """Look at once, in this process; from any thread."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._nudged.set)

    async def run(self) -> None:
        """For ever: begin what may begin, hold what is under way, tell what was lost."""
        self._loop = asyncio.get_running_loop()
        wait_s = 0.0
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):  # 3.11's `wait_for` swallows a cancellation that meets a nudge
                    await self._nudged.wait()
            self._nudged.clear()
            try:
                wait_s = LOOKS_AGAIN_S if await self.look() or self._mine else LOOKS_EVERY_S
            except Unavailable:  # the database is away; whoever asks it meets that, too
                wait_s = LOOKS_EVERY_S
            except Exception:  # whatever it is, the next look may do better
                log().exception("background round failed", what="turns")
                wait_s = LOOKS_EVERY_S

    async def look(self) -> int:
        """Begin what may begin here; how many wait after that. Raises Unavailable."""
        await self._hold()
        now = self._clock.now()
        standing = await asyncio.to_thread(self._standing)
        if any(one.lost or one.overdue for one in standing.values()):
            await asyncio.to_thread(self._give_up)
        waiting = 0
        for kind, work in self._works.items():
            due = standing[kind].due if kind in standing else 0
            while due and not self._closing and await asyncio.to_thread(work.has_place):
                turn = await asyncio.to_thread(self._claim, kind, work, micros(now))
                if turn is None:
                    break
                due -= 1
                task = asyncio.create_task(self._take(turn, work))
                self._mine[turn.id] = task
                self._claimed.add(turn.id)
                task.add_done_callback(lambda _, turn_id=turn.id: self._mine.pop(turn_id, None))  # type: ignore[misc]
            waiting += due
        return waiting

    async def close(self) -> None:
        """Before the process ends: what is under way ends and waits again, for another process or the next start."""
        self._closing = True
        await _end(self._mine.values())
        if self._writing:
            await asyncio.wait(list(self._writing))
        now = micros(self._clock.now())
        for turn_id in list(self._claimed):  # ended before they did anything at all
            await self._write(lambda connection, one=turn_id: store.put_back(connection, one, self._holder, due_at=now))  # type: ignore[misc]

    def _standing(self) -> Mapping[str, store.Standing]:
        now = self._clock.now()
        with self._database.read() as connection:
            return store.standing(connection, now=micros(now), early=micros(now - WAITS_AT_MOST))

    def _claim(self, kind: str, work: Work, now: int) -> Turn | None:
        until = micros(self._clock.now() + HOLD_FOR)
        with self._database.write_activity() as connection:
            store.forget_refused(connection, before=micros(self._clock.now() - TOLD_FOR))
            return store.claim(connection, kind, self._holder, at_once=work.at_once, now=now, until=until)

    def _give_up(self) -> None:
        now = self._clock.now()
        with self._database.write_activity() as connection:
            store.refuse_lost(connection, _LOST, now=micros(now))
            store.refuse_early(connection, _EARLY, early=micros(now - WAITS_AT_MOST), now=micros(now))

    async def _hold(self) -> None:
        """What somebody took away ends."""
        if not self._mine or self._clock.tick() - self._held_at < HOLDS_EVERY_S:
            return
        self._held_at = self._clock.tick()
        held = await asyncio.to_thread(self._renew, list(self._mine))
        for turn_id, task in list(self._mine.items()):
            if turn_id not in held:
                task.cancel()

    def _renew(self, ids: list[int]) -> set[int]:
        with self._database.write_activity() as connection:
            return store.hold(connection, ids, self._holder, until=micros(self._clock.now() + HOLD_FOR))

    async def _take(self, turn: Turn, work: Work) -> None:
        """However it ends, its row says so, also where it is ended while that is written."""
        outcome = await self._outcome(turn, work)
        self._claimed.discard(turn.id)
        writing = asyncio.create_task(self._write(outcome))
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)
        await asyncio.shield(writing)
        self.nudge()

    async def _outcome(self, turn: Turn, work: Work) -> Callable[[Connection], None]:
        """Carries it out; what is to be written then."""
        try:
            await work.do(turn)
        except (NotYetError, asyncio.CancelledError) as stop:
            again_in_s = (stop.again_in_s or 0) if isinstance(stop, NotYetError) else 0
            due_at = micros(self._clock.now() + timedelta(seconds=again_in_s))
            return lambda connection: store.put_back(connection, turn.id, self._holder, due_at=due_at)
        except LineupError as error:
            log().info("turn refused", model=turn.model, code=error.code)
            why = error.detail
        except Exception as error:
            log().exception("turn failed", model=turn.model)
            why = f"It failed in a way that nobody foresaw ({type(error).__name__})."
        else:
            return lambda connection: store.take_away(connection, [turn.id])
        now = micros(self._clock.now())
        return lambda connection: store.refuse(connection, turn.id, why, now=now)

    async def _write(self, what: Callable[[Connection], None]) -> None:
        """Where the database stays away, the row is told as lost after a while."""

        def write() -> None:
            with self._database.write_activity() as connection:
                what(connection)

        for pause_s in _PAUSES_S:
            try:
                await asyncio.to_thread(write)
                return
            except Unavailable:
                await asyncio.sleep(pause_s)


async def _end(tasks: Iterable[asyncio.Task[None]]) -> None:
    running = list(tasks)
    for task in running:
        task.cancel()
    if running:
        await asyncio.wait(running)
