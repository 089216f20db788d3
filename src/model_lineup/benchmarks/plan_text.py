"""A benchmark's plan as text, TOML or JSON: its fields, and the line of each for who wrote something wrong. Pure.

What a plan may say is the API's affair; what it refuses is told here with the line of the text.
"""

import json
import math
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

MOST_BYTES = 1_000_000


class UnreadablePlanError(ValueError):
    """Why a text is no plan, with the line: `plan.toml:3: this is no TOML: …`."""


class PlanText:
    """`fields` are as they stand in the text; `name` is what messages call it. Raises UnreadablePlanError."""

    def __init__(self, name: str, text: str, *, is_json: bool) -> None:
        self._name = name
        self._text = text
        self.fields = self._parsed(is_json=is_json)
        for pointer, value in _values(self.fields):
            if not isinstance(value, str | int | float | bool | None) or (
                isinstance(value, float) and not math.isfinite(value)
            ):
                raise UnreadablePlanError(f"{self._at(pointer)}: {_words(pointer)}: must be text or a finite number.")

    def explained(self, errors: Iterable[Mapping[str, str]]) -> list[str]:
        """What the API refused (`pointer`, `message`), by line and field; empty if that is about none of its fields."""
        return [
            f"{self._at(error['pointer'])}: {_words(error['pointer'])}: {error['message']}"
            for error in errors
            if self._line(error["pointer"])
        ]

    def _parsed(self, *, is_json: bool) -> dict[str, Any]:
        try:
            found = json.loads(self._text) if is_json else tomllib.loads(self._text)
        except json.JSONDecodeError as error:
            why = f"this is no JSON: {error.msg} (column {error.colno})."
            raise UnreadablePlanError(f"{self._name}:{error.lineno}: {why}") from None
        except tomllib.TOMLDecodeError as error:
            line = re.search(r"line (\d+)", str(error))
            where = f":{line.group(1)}" if line else f":{len(self._text.splitlines())}"
            raise UnreadablePlanError(f"{self._name}{where}: this is no TOML: {error}.") from None
        except (RecursionError, ValueError):  # or a number of thousands of digits
            raise UnreadablePlanError(
                f"{self._name}: is nested too deeply, or has a number that is too long."
            ) from None
        if not isinstance(found, dict):
            raise UnreadablePlanError(
                f"{self._name}:1: a plan is an object with fields such as requests and concurrency."
            )
        return found

    def _at(self, pointer: str) -> str:
        return f"{self._name}:{self._line(pointer) or 1}"

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
