"""One request to `/v1` that had a valid key, from its admission to its end: what those hear who count and keep.

It is filled as the request goes on. When the request is over, however it ended, it is handed to each `Listener` of the
gateway, in the same step of the event loop: a caller who left takes no record with him.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Protocol

from model_lineup.access.callers import Caller
from model_lineup.clock import tick
from model_lineup.gateway.failures import Refused
from model_lineup.limits.spending import Grant
from model_lineup.upstream.contract import Surface

if TYPE_CHECKING:
    from model_lineup.gateway.meter import Meter
    from model_lineup.gateway.opening import Opened
    from model_lineup.gateway.resolve import Route

Outcome = Literal["completed", "client_closed", "upstream_failed", "refused"]
"""`upstream_failed`: a provider was asked, and did not answer, or broke off. `refused`: Lineup did not pass the request
on, or ended it itself (a revoked key, the end of the server)."""

Headers = Sequence[tuple[bytes, bytes]]


class Visit:
    """`head`: the request's headers. `name`: as the caller wrote it, None until the body was read. `began_at`:
    `clock.tick()` at the admission, when the whole body had arrived, s.

    `status`: of the answer, None while there was none. `code`: of the error that the caller was told, in an answer or
    at the end of a stream. `headers`: more of them for the answer, to be added before it starts. `on_behalf_of`: the
    user for whom a trusted front end asks. `grant`: what was reserved of the limits of its key, if that has any.
    """

    __slots__ = (
        *(
            "began_at",
            "caller",
            "code",
            "grant",
            "head",
            "headers",
            "meter",
            "name",
            "on_behalf_of",
            "opened",
            "outcome",
        ),
        *("request_id", "route", "status", "stream", "surface"),
    )

    def __init__(self, caller: Caller, surface: Surface, head: Headers, request_id: str) -> None:
        self.began_at = tick()
        self.caller = caller
        self.surface = surface
        self.head = head
        self.request_id = request_id
        self.name: str | None = None
        self.stream = False
        self.on_behalf_of: str | None = None
        self.grant: Grant | None = None
        self.route: Route | None = None
        self.opened: Opened | None = None
        self.meter: Meter | None = None
        self.headers: list[tuple[bytes, bytes]] = []
        self.status: int | None = None
        self.outcome: Outcome = "refused"  # what it stays where something fails that nobody foresaw
        self.code: str | None = "internal_error"

    def completed(self) -> None:
        self.outcome, self.code = "completed", None

    def left(self) -> None:
        self.outcome, self.code = "client_closed", None

    def ended(self, code: str) -> None:
        """By Lineup."""
        self.outcome, self.code = "refused", code

    def broke(self, code: str) -> None:
        """Upstream, after the answer had begun."""
        self.outcome, self.code = "upstream_failed", code

    def refused(self, refused: Refused) -> None:
        """With an error instead of an answer."""
        self.status, self.code = refused.status, refused.code
        self.outcome = "upstream_failed" if refused.code.startswith("upstream_") else "refused"


class Listener(Protocol):
    """Hears of each request when it is over."""

    def note(self, visit: Visit) -> None:
        """Called on the event loop, on the hot path: it must neither wait nor raise, and be done in microseconds."""
