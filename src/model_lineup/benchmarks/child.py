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
from collections.abc import Callable
from contextlib import suppress

import msgspec

from model_lineup.benchmarks.driver import Driver
from model_lineup.benchmarks.environment import Environment
from model_lineup.benchmarks.measurer import SelfWatch
from model_lineup.benchmarks.plan import MAX_SEED, Plan
from model_lineup.benchmarks.protocol import ChildEvent, Finished, Order, Started, decode_order, encode
from model_lineup.benchmarks.report import Report, report_of
from model_lineup.benchmarks.statistics import percentile
from model_lineup.upstream import registry
from model_lineup.upstream.contract import Ask, Exchange, Quirks
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
    own_listeners = order.target.endpoint.bounds.own_listeners
    client = Client(receipts=receipts, forbidden_origins=lambda: own_listeners)
    quirks, watch = Quirks(), SelfWatch(receipts)

    async def ask(what: Ask) -> Exchange:
        return await converse(client, order.target, what, total_s=plan.time_limit_s, quirks=quirks)

    async def get_ready(connections: int) -> None:
        await open_ahead(client, order.target.endpoint, connections)
        watch.begin()

    async def ask_cold(what: Ask) -> Exchange:
        fresh = Client(receipts=receipts, forbidden_origins=lambda: own_listeners)
        try:
            return await converse(fresh, order.target, what, total_s=plan.time_limit_s, quirks=quirks)
        finally:
            await fresh.close()

    driver = Driver(plan, ask, outbox.put, get_ready, ask_cold)
    _on_next_line(lines, asyncio.get_running_loop(), lambda: driver.stop("cancelled"))
    environment = Environment.here(order.target, new_event_loop.__module__.partition(".")[0])
    outbox.put(Started(plan, environment))
    async with asyncio.TaskGroup() as group:
        background = [group.create_task(outbox.flush_forever()), group.create_task(watch.run())]
        await driver.run()
        for task in background:
            task.cancel()
    await client.close()
    outbox.put(Finished(_report(driver, order, watch, environment)))
    outbox.flush()


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

    def put(self, event: ChildEvent) -> None:
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
