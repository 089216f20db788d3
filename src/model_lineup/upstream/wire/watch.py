"""One timer per connection instead of one per wait: deadlines move with every byte, timers are moved when they ring."""

import asyncio
from collections.abc import Callable

from model_lineup.clock import tick

EARLY_S = 0.001
"""uvloop counts whole milliseconds, so that a timer may ring this much too soon."""


class Watch:
    """Calls `on_due` once when the moment given last has come."""

    __slots__ = ("_due", "_handle", "_loop", "_on_due", "_rings_at")

    def __init__(self, loop: asyncio.AbstractEventLoop, on_due: Callable[[], None]) -> None:
        self._loop = loop
        self._on_due = on_due
        self._due: float | None = None
        self._handle: asyncio.TimerHandle | None = None
        self._rings_at = 0.0

    def set(self, due: float) -> None:
        """`due`: a moment of `clock.tick()`. Putting it off costs nothing, which is the usual case."""
        self._due = due
        if self._handle is None:
            self._arm(due)
        elif due < self._rings_at:
            self._handle.cancel()
            self._arm(due)

    def lift(self) -> None:
        """Nothing is due for now; the timer may ring in vain, which is cheaper than to take it back and set it anew."""
        self._due = None

    def clear(self) -> None:
        """Nothing is due any more."""
        self._due = None
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def end(self) -> None:
        """Nothing will be due any more, and who would be called is let go."""
        self.clear()
        self._on_due = _nobody

    def _arm(self, due: float) -> None:
        self._rings_at = due
        self._handle = self._loop.call_later(max(0.0, due - tick()), self._ring)

    def _ring(self) -> None:
        self._handle = None
        if self._due is None:
            return
        if self._due - tick() > EARLY_S:
            self._arm(self._due)
            return
        self._due = None
        self._on_due()


def _nobody() -> None:
    """Is called by none."""
