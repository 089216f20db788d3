"""Leaves providers alone that fail again and again, or that asked for it; what works is not touched.

Two things fail apart from each other: the way to a provider (no connection), which all its models share, and one model
there (5xx, or no answer in time). After some failures in a row it is *open*: nothing is sent there for a while. Then
one request at a time goes as a probe: an answer closes it, a failure opens it for longer. A provider's 429 with a time
to wait is kept for its origin and key, which is the provider's row. All of it is in the memory of one worker and
forgotten when the row changes or an administrator's test passes (docs/decisions/0031-the-exchange.md).
"""

import math
import random
from collections.abc import Callable
from typing import NamedTuple

from model_lineup.clock import tick
from model_lineup.gateway.failures import Refused
from model_lineup.routing.snapshot import ModelState, ProviderState
from model_lineup.telemetry import log

_MOST_KEPT = 4096
_SPREAD = 0.1
"""Opened for up to a tenth longer, so that the workers' probes do not come together."""


class BreakerRules(NamedTuple):
    """`failures` in a row open for `open_s` times how often it has opened without an answer, `longest_s` at most.

    `longest_cooldown_s`: how long a provider may ask to be left alone.
    """

    failures: int = 5
    open_s: float = 30.0
    longest_s: float = 300.0
    longest_cooldown_s: float = 3600.0


class Blocked(Refused):
    """Nothing was sent."""


class _Trouble:
    """Of a provider's way, or of a model. `openings`: 0 while closed; `is_probed`: a request is finding out."""

    __slots__ = ("changed_at", "failures", "is_probed", "openings", "slug", "until")

    def __init__(self, provider: ProviderState) -> None:
        self.changed_at = provider.changed_at
        self.slug = provider.slug
        self.failures = 0
        self.openings = 0
        self.until = 0.0
        self.is_probed = False


class Breakers:
    """One per event loop. Knows only what fails: as long as nothing does, a request costs two looks at empty dicts."""

    def __init__(
        self,
        rules: BreakerRules,
        *,
        now: Callable[[], float] = tick,
        chance: Callable[[], float] = random.random,
        note: Callable[[str, int], None] = lambda slug, count: None,
    ) -> None:
        """`chance`: 0 to 1. `note` hears how many of a provider's are open, whenever that changes."""
        self._rules = rules
        self._now = now
        self._chance = chance
        self._note = note
        self._troubles: dict[int, _Trouble] = {}  # a model's row id, or a provider's negated
        self._cooling: dict[int, tuple[int, float]] = {}

    @property
    def know_of_nothing(self) -> bool:
        """That fails, or asked to be left alone."""
        return not (self._cooling or self._troubles)

    def admit(self, provider: ProviderState, model: ModelState) -> bool:
        """Whether this request is a probe, of which the outcome must be told. Raises Blocked."""
        if self._cooling:
            self._refuse_while_cooling(provider)
        if not self._troubles:
            return False
        open_now = [one for place in (-provider.id, model.id) if (one := self._open(place, provider)) is not None]
        for trouble in open_now:
            self._refuse_while_open(trouble)
        for trouble in open_now:
            trouble.is_probed = True
        return bool(open_now)

    def answered(self, provider: ProviderState, model: ModelState, *, probe: bool) -> None:
        """With whatever is no 5xx: it is alive."""
        if self._troubles:
            self._is_well(-provider.id, probe=probe)
            self._is_well(model.id, probe=probe)

    def failed(self, provider: ProviderState, model: ModelState, *, probe: bool, connected: bool) -> None:
        """No answer, or a 5xx. `connected`: the way there is good, and the model is to blame."""
        if connected:
            self._is_well(-provider.id, probe=probe)
            self._count(model.id, provider, model, probe=probe)
        else:
            self._release(model.id)
            self._count(-provider.id, provider, None, probe=probe)

    def left(self, provider: ProviderState, model: ModelState) -> None:
        """A probe ended before anything was found out: the next request is one."""
        self._release(-provider.id)
        self._release(model.id)

    def cool(self, provider: ProviderState, seconds: float) -> None:
        """The provider asked to be left alone."""
        until = self._now() + min(seconds, self._rules.longest_cooldown_s)
        if len(self._cooling) >= _MOST_KEPT:
            self._cooling.clear()
        self._cooling[provider.id] = (provider.changed_at, until)

    def forget(self, provider_id: int, model_row: int) -> None:
        """A test of this model has passed."""
        self._cooling.pop(provider_id, None)
        for place in (-provider_id, model_row):
            self._close(place)

    def _refuse_while_cooling(self, provider: ProviderState) -> None:
        kept = self._cooling.get(provider.id)
        if kept is None:
            return
        wait_s = kept[1] - self._now()
        if kept[0] != provider.changed_at or wait_s <= 0:
            del self._cooling[provider.id]
            return
        again_s = math.ceil(wait_s)
        message = f"The provider asked to be left alone for a while. Try again in {again_s} s."
        raise Blocked(429, "upstream_rate_limited", message, retry_after_s=again_s, another_may_do=True)

    def _open(self, place: int, provider: ProviderState) -> _Trouble | None:
        trouble = self._troubles.get(place)
        if trouble is None:
            return None
        if trouble.changed_at != provider.changed_at:
            self._close(place)
            return None
        return trouble if trouble.openings else None

    def _refuse_while_open(self, trouble: _Trouble) -> None:
        wait_s = trouble.until - self._now()
        if wait_s <= 0 and not trouble.is_probed:
            return
        again_s = max(1, math.ceil(wait_s))
        message = (
            "This model's provider failed several times in a row, and is left alone for a while. "
            f"Try again in {again_s} s."
        )
        raise Blocked(503, "upstream_unavailable", message, retry_after_s=again_s, another_may_do=True)

    def _count(self, place: int, provider: ProviderState, model: ModelState | None, *, probe: bool) -> None:
        """What began before it opened says nothing new; so only a probe counts then."""
        trouble = self._troubles.get(place)
        if trouble is not None and trouble.changed_at != provider.changed_at:
            self._close(place)
            trouble = None
        if trouble is None:
            if len(self._troubles) >= _MOST_KEPT:
                self._close(next(iter(self._troubles)))
            trouble = self._troubles[place] = _Trouble(provider)
        if trouble.openings:
            if probe and trouble.is_probed:
                self._open_again(trouble, provider, model)
            return
        trouble.failures += 1
        if trouble.failures >= self._rules.failures:
            self._open_again(trouble, provider, model)

    def _open_again(self, trouble: _Trouble, provider: ProviderState, model: ModelState | None) -> None:
        trouble.openings += 1
        trouble.is_probed = False
        longest_s = self._rules.longest_s / (1 + _SPREAD)
        base_s = min(self._rules.open_s * trouble.openings, longest_s)
        trouble.until = self._now() + base_s * (1 + _SPREAD * self._chance())
        self._tell(trouble)
        if trouble.openings == 1:
            row = None if model is None else model.id
            log().warning("upstream left alone", provider_id=provider.id, model_row=row, state="open")

    def _is_well(self, place: int, *, probe: bool) -> None:
        trouble = self._troubles.get(place)
        if trouble is not None and (not trouble.openings or (probe and trouble.is_probed)):
            self._close(place)

    def _release(self, place: int) -> None:
        trouble = self._troubles.get(place)
        if trouble is not None:
            trouble.is_probed = False

    def _close(self, place: int) -> None:
        trouble = self._troubles.pop(place, None)
        if trouble is not None and trouble.openings:
            self._tell(trouble)
            row = {"provider_id": -place} if place < 0 else {"model_row": place}
            log().info("upstream asked again", state="closed", **row)

    def _tell(self, trouble: _Trouble) -> None:
        count = sum(1 for one in self._troubles.values() if one.openings and one.slug == trouble.slug)
        self._note(trouble.slug, count)
