"""Limits of keys and groups on the way in and out: what is reserved for a request, who is told 429, what is settled.

A key without limits never comes here. One with limits is answered from what this worker holds of its allowance, or
waits for one transaction, which serves all that wait at that moment. docs/decisions/0029-limits-per-key.md.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from model_lineup.access.callers import Caller
from model_lineup.gateway.ask import Ask
from model_lineup.gateway.failures import Refused
from model_lineup.gateway.ratelimits import refusal, told, told_anthropic
from model_lineup.gateway.resolve import Route
from model_lineup.gateway.visit import Visit
from model_lineup.limits.keys import Booking, KeyLimits, Settlement, Wanted
from model_lineup.limits.purses import Purses
from model_lineup.limits.settlements import Settlements
from model_lineup.limits.spending import Allowance, Denial, Grant
from model_lineup.telemetry import log
from model_lineup.upstream.contract import Surface

SETTLE_EVERY_S = 0.25
_BYTES_PER_TOKEN = 4
_ANTHROPIC: tuple[Surface, ...] = ("messages", "count_tokens")
_BOUNDS = ("max_tokens", "max_completion_tokens", "max_output_tokens")


class Desk:
    """One per event loop. `unsaid`: tokens reserved for an answer of which the request does not say how long it may
    become."""

    def __init__(self, limits: KeyLimits, *, unsaid: int) -> None:
        self._limits = limits
        self._unsaid = unsaid
        self._purses = Purses()
        self._settlements = Settlements()
        self._waiting: list[tuple[Wanted, asyncio.Future[Grant | Denial]]] = []
        self._thread = ThreadPoolExecutor(1, "limits")
        self._booking: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def admit(self, visit: Visit, allowed: Allowance, ask: Ask, route: Route) -> Route:
        """The route as far as this key may go it. Raises Refused: 429, 403 for a model whose price is unknown."""
        if allowed.nanodollars_per_month is not None:
            route = _priced(route)
        tokens, nanodollars = self._reserved(allowed, ask, visit.surface, route)
        answer = await self._answer(visit.caller, allowed, tokens, nanodollars)
        self._tell(visit, answer, allowed)
        return route

    def admit_at_once(self, visit: Visit, allowed: Allowance, ask: Ask, route: Route) -> Route | None:
        """As `admit`, from what is held of the allowance; None where it must be booked. Raises Refused."""
        if allowed.nanodollars_per_month is not None:
            route = _priced(route)
        tokens, nanodollars = self._reserved(allowed, ask, visit.surface, route)
        answer = self._purses.answer(visit.caller.key_id, allowed, tokens, nanodollars, self._limits.now())
        if answer is None:
            return None
        self._tell(visit, answer, allowed)
        return route

    def _tell(self, visit: Visit, answer: Grant | Denial, allowed: Allowance) -> None:
        """Raises Refused."""
        visit.headers += told(answer.left, allowed)
        if visit.surface in _ANTHROPIC:
            visit.headers += told_anthropic(answer.left, allowed, self._limits.now())
        if isinstance(answer, Denial):
            raise refusal(answer)
        visit.grant = answer

    def note(self, visit: Visit) -> None:
        """Settle what the request used, however it ended."""
        grant = visit.grant
        if grant is None or not (grant.tokens or grant.nanodollars):
            return
        tokens, nanodollars = _used(visit, grant)
        self._settlements.used(grant, tokens, nanodollars)
        self._later()

    async def close(self) -> None:
        """Write what is not yet written."""
        if self._timer is not None:
            self._timer.cancel()
        while self._booking is not None:
            await asyncio.wait([self._booking])
        self._settlements.extend(self._purses.all())
        await self._book_all()
        self._thread.shutdown()

    async def _answer(self, caller: Caller, allowed: Allowance, tokens: int, nanodollars: int) -> Grant | Denial:
        """Raises Unavailable."""
        now = self._limits.now()
        answer = self._purses.answer(caller.key_id, allowed, tokens, nanodollars, now)
        if answer is not None:
            return answer
        future: asyncio.Future[Grant | Denial] = asyncio.get_running_loop().create_future()
        wanted = self._purses.wanted(caller.key_id, allowed, tokens, nanodollars, now, caller.payers)
        self._waiting.append((wanted, future))
        self._kick()
        return await future

    def _reserved(self, allowed: Allowance, ask: Ask, surface: Surface, route: Route) -> tuple[int, int]:
        """Tokens and billionths of a dollar that this request may use."""
        by_tokens = (allowed.tokens_per_minute, allowed.tokens_per_month)
        if surface == "count_tokens" or (by_tokens == (None, None) and allowed.nanodollars_per_month is None):
            return 0, 0
        prompt = len(ask.body) // _BYTES_PER_TOKEN + 1
        window = max([model.context_length or 0 for model in route.models])
        prompt = min(prompt, window) if window else prompt
        said = ask.largest(_BOUNDS) * max(1, ask.count("n"))
        answer = said or (0 if surface == "embeddings" else self._unsaid)
        tokens = prompt + answer
        prices = [model.price for model in route.models if model.price is not None]
        nanodollars = max([price.of(prompt, answer) for price in prices]) if prices else 0
        if not said:  # a guess must not make a request impossible
            tokens = max(prompt, min(limit for limit in (*by_tokens, tokens) if limit is not None))
            most = allowed.nanodollars_per_month
            least = max((price.of(prompt, 0) for price in prices), default=0)
            nanodollars = nanodollars if most is None else max(least, min(most, nanodollars))
        return tokens, nanodollars

    def _kick(self) -> None:
        if self._booking is None:
            self._booking = asyncio.create_task(self._book_all())
            self._booking.add_done_callback(self._booked)

    def _booked(self, _: object) -> None:
        self._booking = None
        if self._waiting:
            self._kick()

    async def _book_all(self) -> None:
        """What is here now, and whoever comes meanwhile and waits. What else is to be settled by then waits for the
        timer: under load there is always some, and a transaction for a few costs as much as one for all."""
        while True:
            waiting, self._waiting = self._waiting, []
            settled = self._settlements.take()
            wanted = [one for one, _ in waiting]
            try:
                bookings = await asyncio.get_running_loop().run_in_executor(
                    self._thread, self._limits.book, wanted, settled
                )
            except Exception as error:  # whoever waits must hear of it, whatever it is
                self._failed(waiting, settled, error)
                return
            self._hand_over(waiting, bookings)
            if not self._waiting:
                return

    def _hand_over(
        self, waiting: list[tuple[Wanted, "asyncio.Future[Grant | Denial]"]], bookings: list[Booking]
    ) -> None:
        now = self._limits.now()
        for (wanted, future), booking in zip(waiting, bookings, strict=True):
            answer = booking.answer
            if booking.ahead is not None:
                old = self._purses.put(wanted.allowed, booking.ahead, now)
                self._settlements.extend(() if old is None else (old,))
            if isinstance(answer, Denial):
                self._purses.deny(wanted, answer, now)
            if not future.done():
                future.set_result(answer)
            elif isinstance(answer, Grant):  # whoever waited has left
                self._settlements.add(Settlement(answer, 0, 0, 0))
        self._later()

    def _failed(
        self,
        waiting: list[tuple[Wanted, "asyncio.Future[Grant | Denial]"]],
        settled: list[Settlement],
        error: Exception,
    ) -> None:
        """What is not settled is tried again; whoever waited is told."""
        log().warning("limits not written", error=type(error).__name__)
        self._settlements.extend(settled)
        for _, future in waiting:
            if not future.done():
                future.set_exception(error)
        self._later()

    def _later(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SETTLE_EVERY_S, self._tidy)

    def _tidy(self) -> None:
        self._timer = None
        self._settlements.extend(self._purses.over(self._limits.now()))
        if self._settlements:
            self._kick()
        if self._purses:
            self._later()


def _priced(route: Route) -> Route:
    """Without the fallbacks that nobody knows the price of. Raises Refused where that is the model itself."""
    if route.models[0].price is None:
        message = (
            f"This key has a limit of cost, and what {route.name!r} costs is not known. "
            "Tell your administrator: a price can be set for the model."
        )
        raise Refused(403, "model_price_unknown", message, param="model")
    return route._replace(models=tuple(model for model in route.models if model.price is not None))


def _used(visit: Visit, grant: Grant) -> tuple[int, int]:
    """Tokens and billionths of a dollar. What was answered and not counted counts as what was reserved for it."""
    if visit.opened is None:
        return 0, 0
    usage = visit.meter.usage if visit.meter is not None else None
    if usage is None or usage.prompt_tokens is None:
        return grant.tokens, grant.nanodollars
    prompt, completion = usage.prompt_tokens, usage.completion_tokens or 0
    if visit.outcome != "completed":  # cut short: what the provider wrote may be more than what it has said so far
        completion = max(completion, grant.tokens - prompt)
    price = visit.opened.model.price
    return prompt + completion, 0 if price is None else price.of(prompt, completion, usage.cached_tokens or 0)
