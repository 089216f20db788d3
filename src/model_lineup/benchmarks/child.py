"""The process that measures: `python -m model_lineup.benchmarks.child`. Started by `runner`, never by hand.

Reads an order from stdin (never from arguments or the environment: it holds the credential), writes events to stdout as
JSON lines, and ends when its plan is done, when it is told to, or when stdin ends because its parent is gone. It is a
process of its own so that neither the server's event loop nor its garbage collector delays a stamp; the collector is
frozen here. Figures are computed after the measuring. Receipts are stamped by the kernel where it does that.
"""

import asyncio
import gc
import os
import random
import sys
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress

import msgspec

from model_lineup.benchmarks.driver import Driver
from model_lineup.benchmarks.environment import Environment
from model_lineup.benchmarks.measurer import SelfWatch
from model_lineup.benchmarks.plan import MAX_SEED, Plan
from model_lineup.benchmarks.protocol import ChildEvent, Finished, OfOther, Order, Started, decode_order, encode
from model_lineup.benchmarks.report import Report, report_of
from model_lineup.benchmarks.statistics import percentile
from model_lineup.benchmarks.tandem import Tandem
from model_lineup.upstream import registry
from model_lineup.upstream.contract import Ask, Exchange, Quirks, Target
from model_lineup.upstream.exchange import converse
from model_lineup.upstream.sending import open_ahead
from model_lineup.upstream.wire import Client, Receipts

try:
    from uvloop import new_event_loop
except ImportError:  # Windows
    new_event_loop = asyncio.new_event_loop  # type: ignore[assignment]

_FLUSH_EVERY_S = 0.1
_STDIN, _STDOUT = 0, 1
_READS_SOCKETS = sys.platform != "win32"
"""Whether the event loop tells when a socket can be read, so that we can read it ourselves."""


def main() -> None:
    lines = _Lines()
    order = decode_order(lines.next() or b"")
    registry.kinds()
    gc.collect()
    gc.freeze()
    gc.disable()
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(_measure(order, lines))


async def _measure(order: Order, lines: "_Lines") -> None:
    plan = _with_seed(order.plan)
    outbox = _Outbox()
    receipts = Receipts(kernel=order.kernel_stamps) if _READS_SOCKETS else None
    watch = SelfWatch(receipts)
    first = _Side(order.target, plan, receipts, outbox.put)
    others = [] if order.other is None else [_Side(order.other, plan, receipts, lambda e: outbox.put(OfOther(e)))]
    sides = [first, *others]

    async def get_ready(connections: int) -> None:
        for side in sides:
            await open_ahead(side.client, side.target.endpoint, connections)
        watch.begin()

    drivers = [side.driver(get_ready) for side in sides]
    work = Tandem(drivers[0], drivers[1], get_ready) if others else drivers[0]
    _on_next_line(lines, asyncio.get_running_loop(), lambda: work.stop("cancelled"))
    for side in sides:
        side.put(Started(plan, side.environment))
    async with asyncio.TaskGroup() as group:
        background = [group.create_task(outbox.flush_forever()), group.create_task(watch.run())]
        await work.run()
        for task in background:
            task.cancel()
    for side, driver in zip(sides, drivers, strict=True):
        await side.client.close()
        side.put(Finished(_report(driver, order, watch, side.environment)))
    outbox.flush()


class _Side:
    """One target with its client."""

    def __init__(
        self, target: Target, plan: Plan, receipts: Receipts | None, put: Callable[[ChildEvent], None]
    ) -> None:
        self.target = target
        self.put = put
        self.environment = Environment.here(target, new_event_loop.__module__.partition(".")[0])
        self._plan = plan
        self._receipts = receipts
        self._quirks = Quirks()
        self.client = self._fresh()

    def driver(self, get_ready: Callable[[int], Awaitable[None]]) -> Driver:
        return Driver(self._plan, self._ask, self.put, get_ready, self._ask_cold)

    async def _ask(self, what: Ask) -> Exchange:
        return await self._converse(self.client, what)

    async def _ask_cold(self, what: Ask) -> Exchange:
        fresh = self._fresh()
        try:
            return await self._converse(fresh, what)
        finally:
            await fresh.close()

    async def _converse(self, client: Client, what: Ask) -> Exchange:
        return await converse(client, self.target, what, total_s=self._plan.time_limit_s, quirks=self._quirks)

    def _fresh(self) -> Client:
        own = self.target.endpoint.bounds.own_listeners
        return Client(receipts=self._receipts, forbidden_origins=lambda: own)


def _with_seed(plan: Plan) -> Plan:
    """A plan without a seed gets one, which the report then tells."""
    if plan.seed is not None:
        return plan
    return msgspec.structs.replace(plan, seed=random.SystemRandom().randrange(MAX_SEED))


def _report(driver: Driver, order: Order, watch: SelfWatch, environment: Environment) -> Report:
    began_at = driver.first_sent_at
    late_ms = sorted(sample.late_ms for sample in driver.samples if sample.late_ms is not None and not sample.cold)
    measurer = watch.account(
        late_ms_p99=percentile(late_ms, 99) if late_ms else None,
        closed_loop=driver.plan.mode == "closed_loop",
        start_up_s=None if began_at is None or order.spawned_at is None else began_at - order.spawned_at,
    )
    environment = msgspec.structs.replace(
        environment, loop_lag_ms_p99=watch.timer_lag_ms_p99, stamps=measurer.stamps, measurer=measurer
    )
    return report_of(
        driver.plan, driver.samples, environment=environment, stopped=driver.stopped, saturated=measurer.saturated
    )


class _Outbox:
    """Events for the parent, written at most every 100 ms and off the loop, so that writing delays no stamp."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []
        self._one_writer = threading.Lock()

    def put(self, event: ChildEvent | OfOther) -> None:
        self._waiting.append(encode(event) + b"\n")

    async def flush_forever(self) -> None:
        while True:
            await asyncio.sleep(_FLUSH_EVERY_S)
            if self._waiting:
                await asyncio.to_thread(self.flush)

    def flush(self) -> None:
        """Writes what waits. A parent that no longer listens is noticed at stdin."""
        with self._one_writer, suppress(BrokenPipeError):
            waiting, self._waiting = b"".join(self._waiting), []
            while waiting:
                waiting = waiting[os.write(_STDOUT, waiting) :]


class _Lines:
    """Lines of stdin, read without Python's buffer, whose lock would not survive a thread blocked in it at exit."""

    def __init__(self) -> None:
        self._buffer = b""

    def next(self) -> bytes | None:
        """The next line, `None` at the end."""
        while b"\n" not in self._buffer:
            piece = os.read(_STDIN, 65536)
            if not piece:
                return None
            self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line


def _on_next_line(lines: _Lines, loop: asyncio.AbstractEventLoop, act: Callable[[], None]) -> None:
    """A second line, or the end of stdin, both mean: stop."""

    def wait() -> None:
        lines.next()
        if not loop.is_closed():
            loop.call_soon_threadsafe(act)

    threading.Thread(target=wait, daemon=True).start()


if __name__ == "__main__":
    main()
