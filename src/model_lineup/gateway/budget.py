"""How much more than the callers' own requests may go out: fallbacks are for when something fails, not a second load.

When a provider fails for everybody, asking another for each request doubles the traffic there. So fallbacks after a
failure are a share of the requests of some seconds, with a few for free, that a lone request may use its own. Going on
past a provider to which nothing was sent costs nothing here. Of one worker (docs/decisions/0031-the-exchange.md).
"""

from collections.abc import Callable
from typing import NamedTuple

from model_lineup.clock import tick


class BudgetRules(NamedTuple):
    """`percent` of the requests of the last `window_s`; `floor` is always allowed."""

    percent: int = 20
    floor: int = 10
    window_s: float = 10.0


class RetryBudget:
    """Two windows beside each other: of the one before counts the part that is not yet a whole window ago."""

    def __init__(
        self,
        rules: BudgetRules,
        *,
        now: Callable[[], float] = tick,
        note: Callable[[str], None] = lambda result: None,
    ) -> None:
        """`note` hears `made` or `refused`."""
        self._rules = rules
        self._now = now
        self._note = note
        self._ends_at = 0.0
        self._requests = self._requests_before = 0
        self._retries = self._retries_before = 0

    def count(self) -> None:
        """A caller's request."""
        if self._now() >= self._ends_at:
            self._turn()
        self._requests += 1

    def take(self) -> bool:
        """Whether one more may go out for a request that has gone out already."""
        now = self._now()
        if now >= self._ends_at:
            self._turn()
        before = max(0.0, self._ends_at - now) / self._rules.window_s
        requests = self._requests + before * self._requests_before
        retries = self._retries + before * self._retries_before
        if retries + 1 > max(self._rules.floor, requests * self._rules.percent / 100):
            self._note("refused")
            return False
        self._retries += 1
        self._note("made")
        return True

    def _turn(self) -> None:
        now = self._now()
        follows = now < self._ends_at + self._rules.window_s
        self._requests_before = self._requests if follows else 0
        self._retries_before = self._retries if follows else 0
        self._requests = self._retries = 0
        self._ends_at = now + self._rules.window_s
