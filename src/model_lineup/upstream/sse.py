"""Server-sent events from bytes, however the network cut them. Pure; knows nothing of what the events hold.

Works on bytes, because a code point may be split between two pieces, and because text splitters also break at U+2028,
U+0085 and others, which are legal inside a JSON string: only CR, LF and CRLF end a line here.
Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

from typing import NamedTuple

MAX_LINE = 1024 * 1024
MAX_EVENT = 4 * 1024 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class ServerSentEvent(NamedTuple):
    """`name`: its type, `message` unless it says otherwise. `data`: its data lines, joined by LF."""

    name: str
    data: bytes


class EventTooLargeError(ValueError):
    """A line over 1 MiB, or an event over 4 MiB."""


class EventParser:
    """Feed it pieces, take the events that they complete. What the stream's end leaves incomplete is no event."""

    def __init__(self) -> None:
        self._partial = bytearray()
        self._ended_in_cr = False
        self._first_line = True
        self._begin_event()

    def feed(self, piece: bytes) -> list[ServerSentEvent]:
        """Events that this piece completed, in order. Raises EventTooLargeError."""
        if self._may_be_plain(piece):
            if piece.find(b"\n") == len(piece) - 2:
                return [ServerSentEvent("message", piece[6:-2])]
            found = piece[6:-2].split(b"\n\ndata: ")
            if piece.count(b"\n") == 2 * len(found):
                return [ServerSentEvent("message", data) for data in found]
        *lines, rest = self._unify_line_ends(piece).split(b"\n")
        events = []
        for line in lines:
            event = self._line(bytes(self._partial) + line if self._partial else line)
            self._partial.clear()
            if event is not None:
                events.append(event)
        self._partial += rest
        if len(self._partial) > MAX_LINE:
            raise EventTooLargeError("a line of the event stream is too long")
        return events

    def _may_be_plain(self, piece: bytes) -> bool:
        """Whether the piece is `data: …` and a blank line, once or more, unless it has other lines too: most pieces are
        that, and need not be taken line by line."""
        return (
            piece.endswith(b"\n\n")
            and piece.startswith(b"data: ")
            and len(piece) <= MAX_LINE
            and b"\r" not in piece
            and not (self._partial or self._data or self._name or self._first_line or self._ended_in_cr)
        )

    def _unify_line_ends(self, piece: bytes) -> bytes:
        """The piece with LF as its only line end; a CRLF may be split between two pieces."""
        if self._ended_in_cr and piece:
            piece = piece.removeprefix(b"\n")
            self._ended_in_cr = False
        if b"\r" in piece:
            self._ended_in_cr = piece.endswith(b"\r")
            piece = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return piece

    def _line(self, line: bytes) -> ServerSentEvent | None:
        if self._first_line:
            self._first_line = False
            line = line.removeprefix(_BYTE_ORDER_MARK)
        if not line:
            return self._end_event()
        name, _, value = line.partition(b":")
        if name == b"data":
            self._add(value.removeprefix(b" "))
        elif name == b"event":
            self._name = value.removeprefix(b" ").decode("utf-8", "replace")
        return None

    def _add(self, value: bytes) -> None:
        self._data.append(value)
        self._size += len(value) + 1  # the line end counts: empty lines without end would fill the memory too
        if len(value) > MAX_LINE or self._size > MAX_EVENT:
            raise EventTooLargeError("an event of the stream is too large")

    def _end_event(self) -> ServerSentEvent | None:
        event = ServerSentEvent(self._name or "message", b"\n".join(self._data)) if self._data else None
        self._begin_event()
        return event

    def _begin_event(self) -> None:
        self._name = ""
        self._data: list[bytes] = []
        self._size = 0
