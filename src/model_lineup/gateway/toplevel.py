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


def spans(body: bytes) -> dict[str, Span]:
    """Raises one of `NOT_AN_OBJECT` when it is no JSON object, DoubledKeyError."""
    values = _decode(body)
    return _in_shortest_form(body, values) or _walked(body, values)


def _in_shortest_form(body: bytes, values: dict[str, msgspec.Raw]) -> dict[str, Span] | None:
    """The places, if the body is written without spaces at its top level, as most programs write it, and no key stands
    twice: then what is encoded anew is the same, which is known in a tenth of the time that a walk takes."""
    if _encode(values) != body:
        return None
    found, position = {}, 1
    for key, value in values.items():
        start = position + len(key) + 3  # two quotes and a colon
        position = start + len(memoryview(value))
        found[key] = Span(start, position)
        position += 1  # a comma, or the end
    return found if position == len(body) else None  # else a key has characters of several bytes


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
