"""The body of a form that sends a file along: `multipart/form-data` as browsers write it (RFC 7578)."""

import re
from typing import NamedTuple

from model_lineup.errors import BadRequest

KIND = "multipart/form-data"
MOST_PARTS = 1_000
_BOUNDARY = re.compile(r'boundary="?([^";,\s]{1,70})"?', re.IGNORECASE)
_NAMED = re.compile(rb'(?i)^content-disposition:[ \t]*form-data;(?:[^\r\n]*;)?[ \t]*name="([^"\r\n]*)"', re.MULTILINE)
_FILE = re.compile(rb'(?i);[ \t]*filename="([^"\r\n]*)"')


class Part(NamedTuple):
    """A field; `filename` is None for one that is no file."""

    name: str
    filename: str | None
    content: bytes


def parts(body: bytes, content_type: str) -> list[Part]:
    """In their order. Raises BadRequest."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise _unreadable("its boundary is not said")
    pieces = (b"\r\n" + body).split(b"\r\n--" + found[1].encode())
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise _unreadable("its end is missing")
    if len(pieces) > MOST_PARTS:
        raise _unreadable("it has too many fields")
    return [_part(piece) for piece in pieces[1:-1]]


def _part(piece: bytes) -> Part:
    head, blank, content = piece.partition(b"\r\n\r\n")
    name = _NAMED.search(head)
    if not blank or name is None:
        raise _unreadable("a field has no name")
    file = _FILE.search(head)
    return Part(_text(name[1]), None if file is None else _text(file[1]), content)


def _text(said: bytes) -> str:
    try:
        return said.decode()
    except UnicodeDecodeError:
        raise _unreadable("a name is not UTF-8") from None


def _unreadable(why: str) -> BadRequest:
    return BadRequest(f"The form cannot be read: {why}.")
