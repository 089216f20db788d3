"""Puts the caller's name for a model into an answer that passes through, and takes out the usage that Lineup asked for.

Everything else stays byte for byte. Works on whole lines, because the network may cut anywhere; in a line of JSON the
bytes `"model":"…"` cannot stand inside a text, where the quotes would be escaped.
"""

import re

import msgspec

from model_lineup.gateway.toplevel import NOT_AN_OBJECT, DoubledKeyError, TopLevel, replaced
from model_lineup.upstream.contract import MalformedError, Surface
from model_lineup.upstream.sse import MAX_LINE, EventTooLargeError

_KEY = b'"model"'
_MODEL = re.compile(rb'"model"[ \t]*:[ \t]*("(?:[^"\\]|\\.)*")')
_USAGE_ONLY = re.compile(
    rb'(?=.*"usage"[ \t]*:[ \t]*\{).*"choices"[ \t]*:[ \t]*\[[ \t]*'
    rb'(?:\{(?:(?!"finish_reason"[ \t]*:[ \t]*")[^{}\[\]])*"delta"[ \t]*:[ \t]*\{[ \t]*\}'
    rb'(?:(?!"finish_reason"[ \t]*:[ \t]*")[^{}\[\]])*\}[ \t]*)?\]'
)
"""Usage, and no choices; or, as LiteLLM writes it (1.106, seen 2026-11-23), one choice in which nothing stands."""


def named(body: bytes, name: bytes, *, there: bytes | None = None) -> bytes:
    """A plain answer with `name` (JSON text) at its top-level `model`. `there`: what stands there, if that is known.

    Raises MalformedError when it is no object.
    """
    if there is not None and body.count(_KEY) == 1:
        if there == name:
            return body
        at = body.find(b"%b:%b" % (_KEY, there))
        if at > 0:
            at += len(_KEY) + 1
            return b"%b%b%b" % (body[:at], name, body[at + len(there) :])
    try:
        place = TopLevel(body).place("model")
    except DoubledKeyError:
        raise MalformedError("the answer says something twice") from None
    except NOT_AN_OBJECT:
        raise MalformedError("the answer is not a JSON object") from None
    return body if place is None else replaced(body, [(place, name)])


class StreamSplicer:
    """One stream. `drop_usage`: the chunk that only counts tokens was Lineup's wish, and is not passed on."""

    def __init__(self, surface: Surface, name: str, *, drop_usage: bool) -> None:
        self._surface = surface
        self._name = msgspec.json.encode(name)
        self._drop_usage = drop_usage
        self._partial = b""
        self._skip_blank = False
        self._ends_in_crlf = False
        self._last: tuple[bytes, bytes] | None = None  # the model as it stood in a line, and as it is to stand

    def feed(self, piece: bytes) -> bytes:
        """The caller's bytes for the lines that are whole now. Raises EventTooLargeError."""
        block = self._partial + piece if self._partial else piece
        end = _after_last_line_end(block)
        self._partial = block[end:]
        if len(self._partial) > MAX_LINE:
            raise EventTooLargeError("a line of the stream is too long")
        whole = block[:end]
        if whole:
            self._ends_in_crlf = whole.endswith(b"\r\n")
        if not self._skip_blank and not (self._drop_usage and b'"usage"' in whole):
            if self._last is not None and _is_one_line_with(self._last[0], whole):
                return whole.replace(*self._last)
            if b'"model"' not in whole:
                return whole
        return b"".join(map(self._line, whole.splitlines(keepends=True)))

    def rest(self) -> bytes:
        """What stands after the last line end, at the stream's orderly end. A CR waits in vain for its LF where reading
        ended with the closing mark, which is known at the CR."""
        if self._partial == b"\r" and self._ends_in_crlf:
            self._partial = b"\r\n"
        return self._line(self._partial) if self._partial else b""

    def _line(self, line: bytes) -> bytes:
        if self._skip_blank:
            self._skip_blank = False
            if not line.strip():
                return b""
        if not line.startswith(b"data:"):
            return line
        if self._drop_usage and _is_usage_only(line):
            self._skip_blank = True
            return b""
        return self._renamed(line)

    def _renamed(self, line: bytes) -> bytes:
        if b'"model"' not in line or (self._surface == "messages" and b'"message_start"' not in line):
            return line
        if self._last is not None and line.count(_KEY) == 1 and self._last[0] in line:
            return line.replace(*self._last)
        found = _MODEL.findall(line)
        if len(found) == 1 or self._surface in ("messages", "responses"):
            changed = _MODEL.sub(self._put, line, count=1)
            if len(found) > 1 or self._surface != "chat":
                self._last = None
            return changed
        return self._renamed_at_top(line) if found else line

    def _put(self, found: "re.Match[bytes]") -> bytes:
        put = found[0].replace(found[1], self._name)
        self._last = found[0], put
        return put

    def _renamed_at_top(self, line: bytes) -> bytes:
        """Several keys of this name: the one at the top level is meant."""
        data = line[5:]
        try:
            return b"data:" + named(data, self._name)
        except MalformedError:
            return line


def _after_last_line_end(block: bytes) -> int:
    """A lone CR at the end may be half of a CRLF, and waits for the other half."""
    return max(block.rfind(b"\n"), block.rfind(b"\r", 0, -1)) + 1


def _is_one_line_with(model: bytes, block: bytes) -> bool:
    """Whether it begins with a line of data that holds this model, and no other: most blocks of a stream do."""
    at = block.find(model)
    return (
        at > 0
        and block.startswith(b"data:")
        and block.find(b"\n") > at
        and block.count(b'"model"') == 1
        and b"\r" not in block
    )


def _is_usage_only(line: bytes) -> bool:
    return b'"usage"' in line and _USAGE_ONLY.search(line) is not None
