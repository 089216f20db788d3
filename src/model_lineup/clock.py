"""The only reader of time. Everything else is handed a `Clock`, so that tests can set it."""

import time
from datetime import UTC, datetime
from typing import Protocol

tick = time.monotonic
"""Monotonic seconds, for durations. On Linux this is the clock that asyncio and uvloop use too."""

CLOCK_NAME = time.get_clock_info("monotonic").implementation
"""What the operating system calls the clock of `tick`."""

tick_ns = time.monotonic_ns
"""The same clock in whole nanoseconds."""

wall_ns = time.time_ns
"""Nanoseconds of the wall clock, which somebody may set; only for stamps that the kernel gives on that clock."""

cpu = time.process_time
"""Seconds of CPU that this process has used so far, in user mode and in the kernel."""


class Clock(Protocol):
    """Wall time for records, monotonic time for durations; never mixed."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""

    def tick(self) -> float:
        """Monotonic seconds with an arbitrary origin."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def tick(self) -> float:
        return tick()
