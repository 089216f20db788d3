"""Where in a file something stands: the line of a pointer, for whoever wrote something wrong there."""

import json
import re
import tomllib
from collections.abc import Callable
from typing import Any

_PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
_KEY = re.compile(rf"^[ \t]*({_PART}(?:[ \t]*\.[ \t]*{_PART})*)[ \t]*=")
_MOST_LINES = 200_000


def finder(text: str) -> Callable[[str], int | None]:
    """A function from a JSON pointer to the line of what it names, or of the nearest table around it; None: unknown."""
    known = _json_lines(text) if text.lstrip()[:1] == "{" else _toml_lines(text)

    def line_of(pointer: str) -> int | None:
        path = tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])
        while path:
            if path in known:
                return known[path]
            path = path[:-1]
        return None

    return line_of


def said_by_the_reader(error: tomllib.TOMLDecodeError, text: str) -> str:
    """What the standard library says, which names line and column but for an end that came too early."""
    said = str(error)
    return said if "line" in said else f"{said} (line {text.count(chr(10)) + 1})"


def _toml_lines(text: str) -> dict[tuple[str, ...], int]:
    known: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.split("\n")[:_MOST_LINES], start=1):
        if line.lstrip().startswith("["):
            if (path := _path(line)) is not None:
                table = path
                known.setdefault(table, number)
        elif (found := _KEY.match(line)) and (path := _path(f"{found[1]} = 0")) is not None:
            known.setdefault((*table, *path), number)
    return known


def _path(line: str) -> tuple[str, ...] | None:
    """The parts of a header or key that stands alone on a line."""
    try:
        found: Any = tomllib.loads(line)
    except (ValueError, RecursionError):
        return None
    path = []
    while isinstance(found, dict) and len(found) == 1:
        name, found = next(iter(found.items()))
        path.append(name)
    return tuple(path) if path else None


def _json_lines(text: str) -> dict[tuple[str, ...], int]:
    """By indentation, as people and tools lay JSON out: a name on a line of its own belongs to the last one that is
    indented less."""
    known: dict[tuple[str, ...], int] = {}
    around: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n")[:_MOST_LINES], start=1):
        found = re.match(r'^([ \t]*)("(?:[^"\\]|\\.)*")[ \t]*:', line)
        if found is None:
            continue
        around = [one for one in around if one[0] < len(found[1])]
        try:
            around.append((len(found[1]), json.loads(found[2])))
        except ValueError:
            continue
        known.setdefault(tuple(name for _, name in around), number)
    return known
