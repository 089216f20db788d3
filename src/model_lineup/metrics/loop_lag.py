"""How late an event loop is: the time that whoever needs it has to wait for others who do not let go of it."""

import asyncio
from collections.abc import Callable

from model_lineup.clock import tick
from model_lineup.metrics.figures import Metrics

EVERY_S = 0.05
KEPT_S = 60.0


async def watch_loop(
    metrics: Metrics, *, also: Callable[[], None] = lambda: None, now: Callable[[], float] = tick
) -> None:
    """Measure for ever; `also` is called each time. The longest delay is kept for one to two periods of `KEPT_S`."""
    longest_before, longest, began = 0.0, 0.0, now()
    while True:
        due = now() + EVERY_S
        await asyncio.sleep(EVERY_S)
        lag_s = max(0.0, now() - due)
        if now() - began > KEPT_S:
            longest_before, longest, began = longest, 0.0, now()
        longest = max(longest, lag_s)
        metrics.loop_lag.observe(lag_s)
        metrics.loop_lag_max.set(max(longest, longest_before))
        metrics.count_answered()
        also()
