"""Where a stream is over: what a provider says after the closing mark was not meant for this caller, and is not passed
on. It may be the answer to somebody else's request, where the provider mixes them up."""

import re

_BLANK_LINE = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")
_LINE_ENDS = b"\r\n"


def end_of_mark(mark: bytes, piece: bytes, before: bytes) -> int:
    """How much of the piece belongs to a stream whose closing event was completed by it.

    `mark`: the data of that event. `before`: the last byte of the piece before, or nothing.
    """
    at = _line_of(mark, piece)
    if at is not None:
        found = _BLANK_LINE.search(piece, at)
        return len(piece) if found is None else found.end()
    found = _BLANK_LINE.search(before + piece)  # the piece begins inside of the closing event
    if found is None or b"data:" in piece[: found.start()]:
        return len(piece)
    return found.end() - len(before)


def _line_of(mark: bytes, piece: bytes) -> int | None:
    """Where the line ends that says it, if it begins in this piece. Data of JSON holds no line ends."""
    found = (_line(b"data: " + mark, piece), _line(b"data:" + mark, piece))
    return min((end for end in found if end is not None), default=None)


def _line(line: bytes, piece: bytes) -> int | None:
    at = piece.find(line)
    while at >= 0:
        end = at + len(line)
        if (at == 0 or piece[at - 1] in _LINE_ENDS) and (end == len(piece) or piece[end] in _LINE_ENDS):
            return end
        at = piece.find(line, end)
    return None
