"""A head that was read before on the same connection: programs send the same one over and over but for the length.

What llhttp has found in it holds again, byte for byte; so it is not read anew, which takes a tenth of what Lineup does
for a small request. Only the number in `content-length` may be another one.
"""

import re
from typing import TYPE_CHECKING, NamedTuple

from model_lineup.serving.cycle import Cycle

if TYPE_CHECKING:
    from model_lineup.serving.protocol import Connection

_LENGTH = re.compile(rb"\r\ncontent-length: ?([1-9][0-9]{0,6})\r\n", re.IGNORECASE)
_MOST_DIGITS = 7
_MEANS_MORE = frozenset({b"transfer-encoding", b"expect", b"upgrade", b"connection", b"trailer"})
_STAYS = (b"connection", b"keep-alive")


class KnownHead(NamedTuple):
    """`before`, `behind`: the bytes around the number of the length. `place`: of that header among `headers`."""

    before: bytes
    behind: bytes
    length: int
    method: str
    url: bytes
    version: str
    headers: list[tuple[bytes, bytes]]
    place: int

    def body_in(self, data: bytes) -> bytes | None:
        """The body of a request that has this head, if the data are exactly all of it."""
        if not data.startswith(self.before):
            return None
        begin = len(self.before)
        end = data.find(b"\r", begin, begin + _MOST_DIGITS + 1)
        digits = data[begin:end]
        if end < 0 or not digits.isdigit() or digits[:1] == b"0" or not data.startswith(self.behind, end):
            return None
        at = end + len(self.behind)
        return data[at:] if len(data) - at == int(digits) else None

    def again(self, connection: "Connection", length: int) -> Cycle:
        """A request with this head."""
        headers = self.headers.copy()  # an application may put something into those that it is given
        if length != self.length:
            headers[self.place] = (headers[self.place][0], b"%d" % length)
        return Cycle(connection, self.method, self.url, self.version, headers, keep_alive=True, expects_continue=False)


def known_head(data: bytes, cycle: Cycle | None) -> KnownHead | None:
    """`cycle`: the last request that was read. None where the data are not it, whole and alone, or where its head means
    more than a length does."""
    found = _LENGTH.search(data)
    end = data.find(b"\r\n\r\n") + 4
    if cycle is None or found is None or found.end() > end - 2 or not cycle.keep_alive:
        return None
    names = [name for name, value in cycle.headers if (name, value.lower()) != _STAYS]
    length = int(found[1])
    if len(data) != end + length or cycle.version != "1.1" or not _MEANS_MORE.isdisjoint(names):
        return None
    if not data.startswith(b"%b %b HTTP/1.1\r\n" % (cycle.method.encode(), cycle.url)):
        return None
    place = [name for name, _ in cycle.headers].index(b"content-length")
    return KnownHead(
        data[: found.start(1)], data[found.end(1) : end], length, cycle.method, cycle.url, "1.1", cycle.headers, place
    )
