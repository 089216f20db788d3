"""Opening the exchange: the model's provider is asked, then the declared fallbacks, until one begins to answer.

A fallback is tried only before the first byte, and only where the failure was the provider's: no connection, a timeout,
429 or 5xx; a provider that is left alone (`breaker`) is passed over at once, and what was asked in vain counts against
the budget of retries. A refusal that teaches something about a field that Lineup added is followed by one more try.
"""

from collections.abc import Callable
from typing import NamedTuple

import msgspec
from msgspec import Struct

from model_lineup.errors import LineupError
from model_lineup.gateway.ask import Ask
from model_lineup.gateway.breaker import Blocked, Breakers
from model_lineup.gateway.budget import RetryBudget
from model_lineup.gateway.failures import Refused, is_outage, of_failure, of_wire
from model_lineup.gateway.resolve import Route
from model_lineup.gateway.wording import Manners, Worded, word
from model_lineup.routing.snapshot import ModelState, ProviderState
from model_lineup.routing.targets import Endpoints
from model_lineup.upstream.contract import Endpoint, Surface, Target
from model_lineup.upstream.sending import (
    FailedError,
    Ready,
    begin_ready,
    finish_ready,
    ready,
    refusal_of,
    send_ready,
)
from model_lineup.upstream.wire import Client, Pending, Response

_MOST_READY = 4096
_Way = tuple[int, str, tuple[tuple[str, str], ...], bool]
"""A provider, path and query there, and whether the answer is a stream."""
NO_OUTAGES = (501, 508)
"""Answers of a server that is well: it cannot do that, or was asked in a circle."""


class Opened(Struct):
    """A provider that has begun to answer with 2xx. `place`: 0 for the model itself, else which fallback it was."""

    response: Response
    worded: Worded
    target: Target
    model: ModelState
    provider: ProviderState
    place: int


class StraightWay(NamedTuple):
    """To a model whose provider speaks the caller's format, as long as neither of them changes. `written`: the model's
    own id as JSON."""

    model: ModelState
    provider: ProviderState
    target: Target
    ready: Ready
    worded: Worded
    written: bytes


class Asked(Struct):
    """The model itself was asked, on a connection that was there, and its answer is awaited."""

    pending: Pending
    way: StraightWay


class Opener:
    """One per event loop."""

    def __init__(
        self, client: Callable[[], Client], endpoints: Endpoints, breakers: Breakers, budget: RetryBudget
    ) -> None:
        """`client`: the one of the running loop."""
        self._client = client
        self._endpoints = endpoints
        self._breakers = breakers
        self._budget = budget
        self._manners: dict[int, tuple[int, Manners]] = {}
        self._ready: dict[_Way, Ready] = {}
        self._straight: dict[tuple[int, Surface], StraightWay] = {}

    def ask_at_once(self, route: Route, ask: Ask, surface: Surface) -> Asked | None:
        """Asks the model itself for a plain answer where nothing has to be waited for and nothing is out of the
        ordinary: no translation, a connection that is there, nothing that fails. None: it was not asked.

        Raises Refused.
        """
        if not self._breakers.know_of_nothing or ask.said is not None:
            return None
        model = route.models[0]
        provider = route.snapshot.providers[model.provider_id]
        endpoint = self._endpoints.known(provider)
        if endpoint is None:
            return None
        way = self._straight.get((model.id, surface))
        if way is None or not (way.model is model and way.provider is provider and way.ready.endpoint is endpoint):
            way = self._straight_way(model, provider, endpoint, ask, surface)
        pending = None if way is None else begin_ready(self._client(), way.ready, ask.named(way.written))
        if way is None or pending is None:
            return None
        self._budget.count()
        return Asked(pending, way)

    def opened(self, asked: Asked) -> Opened:
        """It has answered, with 2xx and all of the answer."""
        way = asked.way
        self._breakers.answered(way.provider, way.model, probe=False)
        return Opened(asked.pending.response(), way.worded, way.target, way.model, way.provider, 0)

    def _straight_way(
        self, model: ModelState, provider: ProviderState, endpoint: Endpoint, ask: Ask, surface: Surface
    ) -> StraightWay | None:
        """Raises Refused."""
        target = Target(endpoint, model.model_id, "chat")
        worded = word(ask, surface, target, model, self._manners_of(provider))
        call = worded.call
        known = self._ready.get((provider.id, call.path, call.query, ask.stream))
        if worded.translation is not None or known is None or known.endpoint is not endpoint:
            return None
        if len(self._straight) >= _MOST_READY:
            self._straight.clear()
        written = msgspec.json.encode(model.model_id)
        of_all = worded._replace(call=msgspec.structs.replace(call, body=None))
        way = self._straight[model.id, surface] = StraightWay(model, provider, target, known, of_all, written)
        return way

    async def open(
        self, route: Route, ask: Ask, surface: Surface, hops: str = "", asked: Asked | None = None
    ) -> Opened:
        """`hops`: see `hops.Hops.before`. `asked`: what has gone out already, which counts as the first try.

        Raises Refused: what the last target that was asked said, or, where all are left alone, which of them can be
        asked again first.
        """
        if asked is None:
            self._budget.count()
        said: Refused | None = None
        try:
            for place, model in enumerate(route.models):
                try:
                    return await self._ask(route, place, model, ask, surface, hops, asked)
                except Refused as refused:
                    said = _more_telling(said, refused)
                    if not refused.another_may_do or place + 1 == len(route.models):
                        raise said from None
                    if not isinstance(refused, Blocked) and not self._budget.take():
                        raise
                    asked = None
            raise AssertionError("a route has at least one model")
        finally:
            del said  # it holds this frame, and the request with it, as long as this frame holds it

    async def _ask(
        self,
        route: Route,
        place: int,
        model: ModelState,
        ask: Ask,
        surface: Surface,
        hops: str,
        asked: Asked | None,
    ) -> Opened:
        provider = route.snapshot.providers[model.provider_id]
        try:
            endpoint = self._endpoints.known(provider) or await self._endpoints.of(provider)
        except LineupError as error:
            raise Refused(
                503, error.code, "This model's provider cannot be used now. Tell your administrator."
            ) from None
        target, manners = Target(endpoint, model.model_id, "chat"), self._manners_of(provider)
        while True:
            worded = asked.way.worded if asked is not None else word(ask, surface, target, model, manners)
            here = endpoint if ask.said is None or worded.translation is not None else ask.said.at(endpoint)
            response = await self._watched(worded, here, provider, model, hops, asked, stream=ask.stream)
            asked = None
            if 200 <= response.status < 300:
                return Opened(response, worded, target, model, provider, place)
            refusal = await refusal_of(response, endpoint, target.model_id)
            response.close()
            if not manners.learn(worded, refusal.said):
                if response.status == 429 and refusal.failure.retry_after_s:
                    self._breakers.cool(provider, refusal.failure.retry_after_s)
                raise of_failure(refusal.failure)

    async def _watched(
        self,
        worded: Worded,
        endpoint: Endpoint,
        provider: ProviderState,
        model: ModelState,
        hops: str,
        asked: Asked | None,
        *,
        stream: bool,
    ) -> Response:
        """Sends, where that is not left alone now, and tells how it went. Raises Refused."""
        probe = asked is None and self._breakers.admit(provider, model)
        try:
            if asked is not None:
                response = await finish_ready(self._client(), asked.way.ready, asked.pending)
            else:
                response = await self._send(worded, endpoint, provider, hops, stream=stream)
        except FailedError as error:
            self._failed(error, provider, model, probe=probe)
            raise (of_failure(error.failure) if error.cause is None else of_wire(error.cause)) from None
        except BaseException:
            if probe:
                self._breakers.left(provider, model)
            raise
        if response.status >= 500 and response.status not in NO_OUTAGES:
            self._breakers.failed(provider, model, probe=probe, connected=True)
        else:
            self._breakers.answered(provider, model, probe=probe)
        return response

    def _failed(self, error: FailedError, provider: ProviderState, model: ModelState, *, probe: bool) -> None:
        cause = error.cause
        if cause is not None and is_outage(cause):
            connected = cause.stage in ("timeout", "protocol") and getattr(cause, "which", "") != "connect"
            self._breakers.failed(provider, model, probe=probe, connected=connected)
        elif probe:
            self._breakers.left(provider, model)

    async def _send(
        self, worded: Worded, endpoint: Endpoint, provider: ProviderState, hops: str, *, stream: bool
    ) -> Response:
        """All but the body is made once for each way; an endpoint that was changed is another object. What came through
        other Lineups says so in its head, and is rare.

        Raises FailedError.
        """
        call = worded.call
        way = (provider.id, call.path, call.query, stream)
        known = None if hops else self._ready.get(way)
        if known is None or known.endpoint is not endpoint:
            known = ready(endpoint, call.path, call.query, stream=stream, hops=hops)
            if not hops:
                self._keep(way, known)
        return await send_ready(self._client(), known, call.body or b"")

    def _keep(self, way: _Way, known: Ready) -> None:
        if len(self._ready) >= _MOST_READY:  # some kinds have a path for each model
            self._ready.clear()
        self._ready[way] = known

    def _manners_of(self, provider: ProviderState) -> Manners:
        kept = self._manners.get(provider.id)
        if kept is None or kept[0] != provider.changed_at:
            kept = self._manners[provider.id] = (provider.changed_at, Manners())
        return kept[1]


def _more_telling(before: Refused | None, last: Refused) -> Refused:
    """Of two targets that were tried in this order."""
    if before is None or not isinstance(last, Blocked):
        return last
    if not isinstance(before, Blocked):
        return before
    return min(before, last, key=lambda one: one.retry_after_s or 0)
