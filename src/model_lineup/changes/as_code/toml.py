"""TOML as a person would lay it out: scalars first, short tables on one line, long texts as they read. Pure.

The standard library reads TOML and does not write it. Equal values are equal text.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

WIDEST = 100
"""Characters of a list or table that stands on one line."""
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SHORT = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f"}


class Table(NamedTuple):
    """`[path]` with its values, in their order. `comments`: what stands above a key, by key."""

    path: Sequence[str]
    values: Mapping[str, Any]
    comments: Mapping[str, str] = {}


def written(head: str, top: Mapping[str, Any], tables: Iterable[Table]) -> str:
    """A document: comment lines, values of its own, tables."""
    blocks = [[f"# {line}".rstrip() for line in head.splitlines()], [_pair(name, top[name]) for name in top]]
    for table in tables:
        blocks.extend(_blocks(table))
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _basic(name)


def value(said: Any) -> str:
    """One value on one line, but for lists and texts that are too long for it."""
    if isinstance(said, bool):
        return "true" if said else "false"
    if isinstance(said, float):
        return str(int(said)) if said.is_integer() and math.fabs(said) < 2**53 else repr(said)
    if isinstance(said, str):
        return _text(said)
    if isinstance(said, datetime):
        return said.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(said, Mapping):
        inner = ", ".join(_pair(name, one) for name, one in said.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(said, Sequence):
        return _list([value(one) for one in said])
    return str(said)


def _blocks(table: Table) -> list[list[str]]:
    """The table, and after it those of its values that are tables too long for a line."""
    lines, further = [f"[{'.'.join(key(part) for part in table.path)}]"], []
    for name, said in table.values.items():
        if isinstance(said, Mapping) and not _fits(_pair(name, said)):
            further.append(Table([*table.path, name], said))
            continue
        if name in table.comments:
            lines.append(f"# {table.comments[name]}")
        lines.append(_pair(name, said))
    return [lines, *(block for one in further for block in _blocks(one))]


def _pair(name: str, said: Any) -> str:
    return f"{key(name)} = {value(said)}"


def _list(items: Sequence[str]) -> str:
    one_line = f"[{', '.join(items)}]"
    if _fits(one_line):
        return one_line
    return "[\n" + "".join(f"    {item},\n" for item in items) + "]"


def _fits(text: str) -> bool:
    return len(text) <= WIDEST and "\n" not in text


def _text(said: str) -> str:
    """Several lines stand as they are where nothing in them has to be spelt out."""
    if "\n" in said and "'''" not in said and not said.endswith("'") and _is_plain(said):
        return f"'''\n{said}'''"
    return _basic(said)


def _is_plain(said: str) -> bool:
    return all(one.isprintable() or one in "\n\t" for one in said)


def _basic(said: str) -> str:
    """What cannot be seen, or turns text around, is spelt out: who reviews a file sees what it says."""
    return '"' + "".join(_SHORT.get(one) or (one if one.isprintable() else _spelt(one)) for one in said) + '"'


def _spelt(character: str) -> str:
    point = ord(character)
    return f"\\u{point:04X}" if point <= 0xFFFF else f"\\U{point:08X}"
