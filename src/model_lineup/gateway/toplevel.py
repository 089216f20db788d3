"""The top level of a JSON object, with the place of each value, so that one can be changed and the rest stay as it is.

Nothing below the top level is decoded. Doubled keys are found, because two readers may each believe another one.
"""

import re
from typing import NamedTuple

import msgspec

_KEY = re.compile(rb'[ \t\r\n,]*"((?:[^"\\]|\\.)*)"[ \t\r\n]*:[ \t\r\n]*')
_END = re.compile(rb"[ \t\r\n]*}[ \t\r\n]*\Z")
_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode
NOT_AN_OBJECT = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Span(NamedTuple):
    """Where a value stands: `body[start:end]`."""

    start: int
    end: int


class DoubledKeyError(ValueError):
    """A key stands twice at the top level."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class TopLevel:
    """`values`: as they stand in the body, by their keys, none of which stands twice."""

    __slots__ = ("_body", "_found", "values")

    def __init__(self, body: bytes) -> None:
        """Raises one of `NOT_AN_OBJECT` when it is no JSON object, DoubledKeyError."""
        self._body = body
        self.values = _decode(body)
        # Most programs write no spaces at the top level: then what is encoded anew is the same, and no key stands
        # twice, which is known in a tenth of the time that a walk takes.
        self._found = None if _encode(self.values) == body else _walked(body, self.values)

    def place(self, key: str) -> Span | None:
        """Where the value of this key stands."""
        if self._found is None:
            value = self.values.get(key)
            if value is None:
                return None
            written = b'"%b":' % key.encode()
            at = self._body.find(written)
            if at > 0 and self._body.find(written, at + 1) < 0:  # else one of them may stand further down
                start = at + len(written)
                return Span(start, start + len(memoryview(value)))
            self._found = _walked(self._body, self.values)
        return self._found.get(key)


def spans(body: bytes) -> dict[str, Span]:
    """Where each value stands. Raises as `TopLevel` does."""
    top = TopLevel(body)
    return {key: place for key in top.values if (place := top.place(key)) is not None}


def _walked(body: bytes, values: dict[str, msgspec.Raw]) -> dict[str, Span]:
    """Raises DoubledKeyError."""
    found: dict[str, Span] = {}
    position, key = body.index(b"{") + 1, ""
    while (match := _KEY.match(body, position)) is not None:
        key = _key(match[1])
        value = bytes(values[key])
        position = match.end()
        if key in found or not body.startswith(value, position):  # the decoder keeps the last of two
            raise DoubledKeyError(key)
        found[key] = Span(position, position + len(value))
        position += len(value)
    if _END.match(body, position) is None:
        raise DoubledKeyError(key)
    return found


def _key(quoted: bytes) -> str:
    return msgspec.json.decode(b'"%s"' % quoted, type=str) if b"\\" in quoted else quoted.decode()


def replaced(body: bytes, changes: list[tuple[Span, bytes]]) -> bytes:
    """The body with these values instead; spans must not overlap."""
    if len(changes) == 1:
        [(span, value)] = changes
        return body[: span.start] + value + body[span.end :]
    parts, position = [], 0
    for span, value in sorted(changes):
        parts += [body[position : span.start], value]
        position = span.end
    parts.append(body[position:])
    return b"".join(parts)
