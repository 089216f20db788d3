"""A request that a face answers at once: from what the server knows of it, without a task and without ASGI.

It is for small JSON bodies that came whole, with a head in which no name stands twice; all others go the long way.
"""

from collections.abc import Callable, Sequence

from starlette.types import Scope

from model_lineup.clock import tick
from model_lineup.shell.answer import answer_lines
from model_lineup.shell.receipt import is_json
from model_lineup.shell.requests import Underway, request_id_of

LARGEST_BODY = 64 * 1024
"""Bytes, and less than any limit of a face."""
Note = Callable[[str, str, str, int, float], None]
"""Hears of a request when it is over: its id, method and route, the status (0: none), the seconds that it took."""


class AtOnce:
    """What a face knows of the request. `headers`: names in small letters."""

    __slots__ = ("_note", "_underway", "began_at", "body", "headers", "path", "request_id")

    def __init__(self, underway: Underway, body: bytes, request_id: str, note: Note) -> None:
        self._underway = underway
        self._note = note
        self.path = underway.path
        self.headers: Sequence[tuple[bytes, bytes]] = underway.headers
        self.body = body
        self.request_id = request_id
        self.began_at = tick()

    def on_leave(self, callback: Callable[[], None]) -> None:
        self._underway.on_leave(callback)

    def answer(
        self, status: int, headers: tuple[tuple[bytes, bytes], ...], more: Sequence[tuple[bytes, bytes]], body: bytes
    ) -> None:
        """All of it, not to be kept by any cache. Without the headers that the shell and the server add; `headers` are
        those that many answers have in common, `more` those of this one."""
        self._underway.answer(status, headers, more, answer_lines(self.request_id), body)
        self._over(status)

    def left(self) -> None:
        """There is nobody to answer to."""
        self._over(0)

    def hand_over(self, extensions: dict[str, object]) -> None:
        """Go on the long way, with these among the extensions of its scope."""
        self._underway.hand_over(extensions, {"request_id": self.request_id, "began_at": self.began_at})

    def _over(self, status: int) -> None:
        self._note(self.request_id, "POST", "other", status, tick() - self.began_at)


def at_once(underway: Underway, note: Note) -> AtOnce | None:
    """None for a request that must go the long way."""
    body = underway.here(LARGEST_BODY)
    if not body or underway.method != "POST":
        return None
    fits, given_id = underway.once(_read)
    return AtOnce(underway, body, request_id_of(given_id), note) if fits else None


def _read(headers: Sequence[tuple[bytes, bytes]]) -> tuple[bool, bytes]:
    """Whether a head goes this way, and the request's id in it."""
    named = dict(headers)
    fits = len(named) == len(headers) and b"content-encoding" not in named
    return fits and is_json(named.get(b"content-type", b"")), named.get(b"x-request-id", b"")


def goes_on(scope: Scope) -> tuple[str | None, float | None]:
    """The id, and when it began (`clock.tick()`), of a request that was handed over; else nothing."""
    state = scope.get("state") or {}
    return state.get("request_id"), state.get("began_at")
