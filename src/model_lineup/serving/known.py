"""A head that was read before on the same connection: programs send the same one over and over but for the length.

What llhttp has found in it holds again, byte for byte; so it is not read anew, which takes a tenth of what Lineup does
for a small request. Only the number in `content-length` may be another one.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from model_lineup.serving.cycle import Cycle
from model_lineup.upstream.wire.again import HeadAgain, head_again, with_length

if TYPE_CHECKING:
    from model_lineup.serving.protocol import Connection

_MEANS_MORE = frozenset({b"transfer-encoding", b"expect", b"upgrade", b"connection", b"trailer"})
_STAYS = (b"connection", b"keep-alive")
T = TypeVar("T")


class KnownHead:
    """`found`: what the application has read in it, None before that."""

    __slots__ = ("_again", "_headers", "_method", "_url", "body_in", "found")

    def __init__(self, again: HeadAgain, cycle: Cycle) -> None:
        self._again = again
        self._method, self._url = cycle.method, cycle.url
        self._headers = cycle.headers
        self.body_in = again.body_in
        self.found: Any = None

    def again(self, connection: "Connection", length: int) -> Cycle:
        """A request with this head."""
        headers = self._headers if length == self._again.length else with_length(self._headers, length)
        cycle = Cycle(connection, self._method, self._url, "1.1", headers, keep_alive=True, expects_continue=False)
        cycle.known = self
        return cycle

    def once(self, read: Callable[[list[tuple[bytes, bytes]]], T]) -> T:
        """What `read` finds in its headers. There is one reader, and it does not look at the length."""
        if self.found is None:
            self.found = read(self._headers)
        found: T = self.found
        return found


def known_head(data: bytes, cycle: Cycle | None) -> KnownHead | None:
    """`cycle`: the last request that was read. None where the data are not it, whole and alone, or where its head means
    more than a length does."""
    again = head_again(data)
    if cycle is None or again is None or not cycle.keep_alive or cycle.version != "1.1":
        return None
    names = [name for name, value in cycle.headers if (name, value.lower()) != _STAYS]
    if not _MEANS_MORE.isdisjoint(names):
        return None
    if not data.startswith(b"%b %b HTTP/1.1\r\n" % (cycle.method.encode(), cycle.url)):
        return None
    return KnownHead(again, cycle)
