"""A head that comes over and over: programs send the same one each time, but for the number of its length.

What a parser has found in it holds again, byte for byte, so it need not be read anew. Both sides use it: requests of
callers (`serving.known`), and answers of providers (`reader`).
"""

import re
from typing import NamedTuple

_LENGTH = re.compile(rb"\r\ncontent-length: ?([1-9][0-9]{0,6})\r\n", re.IGNORECASE)
_MOST_DIGITS = 7


class HeadAgain(NamedTuple):
    """`before`, `behind`: the bytes around the number of the length, up to the blank line."""

    before: bytes
    behind: bytes
    length: int

    def body_in(self, data: bytes) -> bytes | None:
        """The body of a message that has this head, if the data are exactly all of it."""
        before, behind, _ = self
        if not data.startswith(before):
            return None
        begin = len(before)
        end = data.find(b"\r", begin, begin + _MOST_DIGITS + 1)
        digits = data[begin:end]
        if end < 0 or not digits.isdigit() or digits[:1] == b"0" or not data.startswith(behind, end):
            return None
        at = end + len(behind)
        return data[at:] if len(data) - at == int(digits) else None


def head_again(data: bytes) -> HeadAgain | None:
    """The head of these data; None where they are not one message, whole and alone, whose body's length is told."""
    found = _LENGTH.search(data)
    end = data.find(b"\r\n\r\n") + 4
    if found is None or found.end() > end - 2 or len(data) != end + int(found[1]):
        return None
    return HeadAgain(data[: found.start(1)], data[found.end(1) : end], int(found[1]))


def with_length(headers: list[tuple[bytes, bytes]], length: int) -> list[tuple[bytes, bytes]]:
    """They, but with this length; names in small letters."""
    return [(name, b"%d" % length if name == b"content-length" else value) for name, value in headers]
