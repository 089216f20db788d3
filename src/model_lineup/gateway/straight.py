"""The straight way of a request: everything that it needs is here, so it is answered without a task, in two steps.

The first reads it, finds its model and asks; the second, when the whole answer has come, reads that and passes it on.
Whatever turns out to be out of the ordinary is handed over to the long way (`face`), which goes on from there: nothing
is decided here that is not decided there, by the same functions. docs/decisions/0035-a-straight-way.md.
"""

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace
from starlette.types import Scope

from model_lineup.gateway.ask import Ask
from model_lineup.gateway.opening import Asked, Opener
from model_lineup.gateway.relay import answer_of, meter_for, what_ran
from model_lineup.gateway.resolve import Route
from model_lineup.gateway.streams import Running
from model_lineup.gateway.visit import Headers, Visit

BEGUN = "lineup.begun"
"""Where among the extensions of its scope a request says how far it has come on the straight way."""


class Request(Protocol):
    """A whole request, as the shell hands it over. `body` is JSON, as far as its head tells."""

    @property
    def path(self) -> str: ...

    @property
    def headers(self) -> Headers: ...

    @property
    def body(self) -> bytes: ...

    @property
    def request_id(self) -> str: ...

    def on_leave(self, callback: Callable[[], None]) -> None:
        """`callback` is called when the caller leaves before the answer."""

    def answer(self, status: int, headers: tuple[tuple[bytes, bytes], ...], more: Headers, body: bytes) -> None:
        """The whole answer. `headers`: those that many answers have in common; `more`: those of this one."""

    def left(self) -> None:
        """There is nobody to answer to."""

    def hand_over(self, extensions: dict[str, object]) -> None:
        """Have it answered on the long way, with these in its scope."""


class Begun(Struct):
    """A request that may be answered, and is counted among those that run. `asked`: what has gone out already."""

    visit: Visit
    ask: Ask
    route: Route
    hops: str
    running: Running
    asked: Asked | None = None


def begun(scope: Scope) -> Begun | None:
    """How far it has come on the straight way, where it began there."""
    found: Begun | None = scope.get("extensions", {}).get(BEGUN)
    return found


class Straight:
    """One request. `over` is called once when it ended here."""

    __slots__ = ("_asked", "_begun", "_opener", "_over", "_request")

    def __init__(self, request: Request, begun: Begun, opener: Opener, over: Callable[[Begun], None]) -> None:
        self._request = request
        self._begun = begun
        self._opener = opener
        self._over = over
        self._asked: Asked | None = None

    def go(self) -> None:
        begun = self._begun
        try:
            asked = self._opener.ask_at_once(begun.route, begun.ask, begun.visit.surface)
        except Exception:  # whatever it is, the long way meets it again, and tells it
            asked = None
        if asked is None:
            self._hand_over()
            return
        self._asked = asked
        asked.pending.inbox.on_news = self._news
        begun.running.on_end(self._ended)
        self._request.on_leave(begun.running.leave)

    def _news(self) -> None:
        """Something came from the provider, or its end."""
        assert self._asked is not None  # nosec B101
        inbox = self._asked.pending.inbox
        head = inbox.head
        if inbox.error is not None or inbox.is_full or (head is not None and not 200 <= head.status < 300):
            self._hand_over()
        elif inbox.ended:
            self._answer(self._asked)

    def _answer(self, asked: Asked) -> None:
        begun, inbox = self._begun, asked.pending.inbox
        visit, route = begun.visit, begun.route
        try:
            visit.opened = opened = self._opener.opened(asked)
            visit.meter = meter = meter_for(opened)
            body = answer_of(opened, route.name, inbox.whole(), meter)
            headers = what_ran(opened, route, b"application/json")
        except Exception:  # as above
            self._hand_over()
            return
        self._let_go(asked)
        visit.completed()
        visit.status = opened.response.status
        self._request.answer(visit.status, headers, visit.headers, body)
        self._over(begun)

    def _ended(self) -> None:
        """By the caller, who left; or by Lineup, and the caller is to be told."""
        if self._begun.running.cut != "left" or self._asked is None:
            self._hand_over()
            return
        self._let_go(self._asked)
        self._asked.pending.inbox.close()
        self._begun.visit.left()
        self._request.left()
        self._over(self._begun)

    def _hand_over(self) -> None:
        self._let_go(self._asked)
        self._request.hand_over({BEGUN: replace(self._begun, asked=self._asked)})

    def _let_go(self, asked: Asked | None) -> None:
        """Nobody calls back any more; what is not held in a circle needs no collection of garbage."""
        self._begun.running.on_end(None)
        if asked is not None:
            asked.pending.inbox.on_news = None
