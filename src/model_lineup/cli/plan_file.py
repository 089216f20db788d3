"""A benchmark's plan in a file, TOML or JSON: its fields, and the line of each for who wrote something wrong.

What a plan may say is the API's affair; what it refuses is told here with the line of the file.
"""

import json
import math
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from model_lineup.cli.client import Refused
from model_lineup.cli.misused import Misused

MOST_BYTES = 1_000_000


class PlanFile:
    """`fields` are as they stand in the file. Raises Misused for one that cannot be read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._text = _text(path)
        self.fields = self._parsed()
        for pointer, value in _values(self.fields):
            if not isinstance(value, str | int | float | bool | None) or (
                isinstance(value, float) and not math.isfinite(value)
            ):
                raise Misused(f"{self._at(pointer)}: {_words(pointer)}: must be text or a finite number.")

    def explained(self, refused: Refused) -> Misused | None:
        """What the API refused, by line and field; None if that is not about a field of this file."""
        told = [
            f"{self._at(error['pointer'])}: {_words(error['pointer'])}: {error['message']}"
            for error in refused.problem.get("errors") or []
            if self._line(error["pointer"])
        ]
        return Misused("\n".join(told)) if told else None

    def _parsed(self) -> dict[str, Any]:
        try:
            found = json.loads(self._text) if self.path.suffix == ".json" else tomllib.loads(self._text)
        except json.JSONDecodeError as error:
            raise Misused(f"{self.path}:{error.lineno}: this is no JSON: {error.msg} (column {error.colno}).") from None
        except tomllib.TOMLDecodeError as error:
            line = re.search(r"line (\d+)", str(error))
            where = f":{line.group(1)}" if line else f":{len(self._text.splitlines())}"
            raise Misused(f"{self.path}{where}: this is no TOML: {error}.") from None
        except RecursionError:
            raise Misused(f"{self.path}: is nested too deeply.") from None
        if not isinstance(found, dict):
            raise Misused(f"{self.path}:1: a plan is an object with fields such as requests and concurrency.")
        return found

    def _at(self, pointer: str) -> str:
        return f"{self.path}:{self._line(pointer) or 1}"

    def _line(self, pointer: str) -> int | None:
        """Of the field, or of what holds it: the first line that names each part of the pointer, in order."""
        place, found = 0, None
        lines = self._text.splitlines()
        for part in pointer.strip("/").split("/"):
            named = re.compile(rf'(^|[{{,\s\[."])["\']?{re.escape(part)}["\']?\s*[=:\].]')
            at = next((number for number in range(place, len(lines)) if named.search(lines[number])), None)
            if at is None:
                break
            place, found = at, at + 1
        return found


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Misused(f"{path}: is larger than a plan may be ({MOST_BYTES} bytes).")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise Misused(f"{path}: cannot be read: {why}.") from None


def _values(value: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _values(inner, f"{pointer}/{name}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _values(inner, f"{pointer}/{number}")
    else:
        yield pointer, value


def _words(pointer: str) -> str:
    return pointer.strip("/").replace("/", ".")
