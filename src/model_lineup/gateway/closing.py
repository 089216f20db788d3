"""Where a stream is over: what a provider says after the closing mark was not meant for this caller, and is not passed
on. It may be the answer to somebody else's request, where the provider mixes them up."""

import re

_BLANK_LINE = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")
_LINE_ENDS = b"\r\n"


def end_of_mark(mark: bytes, piece: bytes, before: bytes) -> int:
    """How much of the piece belongs to a stream whose closing event was completed by it.

    `mark`: the data of that event. `before`: what of an unfinished event came in earlier pieces.
    """
    block = before + piece
    found = (_line(b"data: " + mark, block), _line(b"data:" + mark, block))
    at = min((end for end in found if end is not None), default=None)
    blank = None if at is None else _BLANK_LINE.search(block, at)
    return len(piece) if blank is None else max(0, blank.end() - len(before))


def unfinished(block: bytes) -> bytes:
    """What stands behind the last event of it: a little more, where line ends are mixed."""
    if block.endswith(b"\n\n"):
        return b""
    ends = (block.rfind(end) + len(end) for end in (b"\n\n", b"\r\n\r\n", b"\r\r") if end in block)
    return block[max(ends, default=0) :]


def _line(line: bytes, piece: bytes) -> int | None:
    """Where the line ends that is this one. Data of JSON holds no line ends."""
    at = piece.find(line)
    while at >= 0:
        end = at + len(line)
        if (at == 0 or piece[at - 1] in _LINE_ENDS) and (end == len(piece) or piece[end] in _LINE_ENDS):
            return end
        at = piece.find(line, end)
    return None
