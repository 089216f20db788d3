"""What the shell reads of a request's head, for every face alike."""

import os
import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

from starlette.types import Scope

from model_lineup.clock import wall_ns

UNDERWAY = "lineup.underway"
"""Where among the extensions of its scope a request says more than ASGI has words for."""
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_by_chance: list[str] = []
os.register_at_fork(after_in_child=_by_chance.clear)
T = TypeVar("T")
_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")


class Underway(Protocol):
    """A request as the server that reads it knows it: what spares a task or a timer for each request.

    `path`: as it was sent. `headers`: names in small letters.
    """

    @property
    def method(self) -> str: ...

    @property
    def path(self) -> str: ...

    @property
    def headers(self) -> Sequence[tuple[bytes, bytes]]: ...

    def once(self, read: Callable[[list[tuple[bytes, bytes]]], T]) -> T:
        """What `read` finds in the headers; it is not asked again of a head that comes over and over on a connection,
        which may differ in its length alone."""

    def here(self, most: int) -> bytes | None:
        """The body, if all of it has come and it is not larger than that; it can still be received after this."""

    def whole(self) -> bytes | None:
        """The body, if all of it has come and none of it was read; else it is received piece by piece."""

    def on_leave(self, callback: Callable[[], None]) -> None:
        """`callback` is called once when the connection goes before the answer is finished."""

    def answer(
        self,
        status: int,
        headers: tuple[tuple[bytes, bytes], ...],
        more: Iterable[tuple[bytes, bytes]],
        lines: bytes,
        body: bytes,
    ) -> None:
        """All of an answer, in one write, for a request that was taken `at_once`. `headers`: those that many answers
        have in common, `more`: those of this one, `lines`: yet more, which are put there as they are."""

    def write(self, body: bytes) -> bool:
        """A piece of the body of an answer that has begun, without waiting; whether the caller keeps up with it."""

    async def drain(self) -> None:
        """Until he does."""

    def hand_over(self, extensions: dict[str, Any], state: dict[str, Any]) -> None:
        """Start the application in a task after all, with these in its scope."""


def underway(scope: Scope) -> Underway | None:
    """None where another server than ours runs us."""
    found: Underway | None = scope.get("extensions", {}).get(UNDERWAY)
    return found


def header(scope: Scope, name: bytes) -> bytes:
    """The first header of this name, which is written in small letters; empty when there is none."""
    for key, value in scope["headers"]:
        if key == name:
            found: bytes = value
            return found
    return b""


def request_id(scope: Scope) -> str:
    """The caller's own id where it can stand in a log and a header as it is, else a new one."""
    return request_id_of(header(scope, b"x-request-id"))


def request_id_of(given: bytes) -> str:
    return given.decode() if given and _REQUEST_ID.fullmatch(given) else new_request_id()


def new_request_id() -> str:
    """24 hexadecimal digits: 12 of the time in milliseconds, 12 of chance.

    Ids that are made at the same time stand beside each other in the ledger's index: writing them costs a third of
    what it costs to write them all over it. Random bytes are taken from the system for many at a time, and used once.
    """
    try:
        by_chance = _by_chance.pop()
    except IndexError:
        drawn = secrets.token_hex(6 * 256)
        _by_chance.extend(drawn[at : at + 12] for at in range(12, len(drawn), 12))
        by_chance = drawn[:12]
    return f"{wall_ns() // 1_000_000:012x}{by_chance}"


def method(scope: Scope) -> str:
    """The method as a metric's label: of the many that a caller may invent there is one, `OTHER`."""
    given = str(scope["method"])
    return given if given in _METHODS else "OTHER"


def first_segment(path: str) -> str:
    """`/api/admin/models` belongs to the face `api`."""
    return path.partition("/")[2].partition("/")[0]
