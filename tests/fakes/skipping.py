"""An event loop that does not wait: when nobody has anything to do, its time goes on to where somebody has.

Waits take no time and are exactly as long as they say, however busy the machine is. For tests of what reads the time
from its loop and talks to nobody outside of it.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class SkippingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        super().__init__()
        self._at_s = 0.0
        selector: Any = self._selector  # type: ignore[attr-defined]
        look = selector.select

        def skip(wait_s: float | None) -> Any:
            ready = look(None if wait_s is None else 0)
            if not ready and wait_s:
                self._at_s += wait_s
            return ready

        selector.select = skip

    def time(self) -> float:
        return self._at_s


def run(main: Coroutine[Any, Any, T]) -> T:
    """As `asyncio.run`, without the waiting."""
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        return runner.run(main)
