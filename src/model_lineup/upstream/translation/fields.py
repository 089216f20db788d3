"""Reading a request field by field, so that none is overlooked: what was not taken is refused by name."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from model_lineup.upstream.translation.shapes import JsonObject, UntranslatableError

T = TypeVar("T")


class Fields:
    """The fields of one JSON object. `null` counts as absent. `at`: the path of the object, for messages."""

    def __init__(self, value: Any, at: str, left_out: list[str]) -> None:
        if not isinstance(value, dict):
            raise UntranslatableError(at or "body", "must be an object")
        self._left = {name: found for name, found in value.items() if found is not None}
        self._at = at
        self.left_out = left_out

    def path(self, name: str) -> str:
        return f"{self._at}.{name}" if self._at else name

    def refuse(self, name: str, message: str) -> UntranslatableError:
        return UntranslatableError(self.path(name), message)

    def any(self, name: str) -> Any:
        return self._left.pop(name, None)

    def text(self, name: str) -> str | None:
        return self._typed(name, str, "must be text")

    def flag(self, name: str) -> bool | None:
        return self._typed(name, bool, "must be true or false")

    def object(self, name: str) -> JsonObject | None:
        return self._typed(name, dict, "must be an object")

    def many(self, name: str) -> list[Any] | None:
        return self._typed(name, list, "must be a list")

    def number(self, name: str) -> float | None:
        value = self._left.pop(name, None)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise self.refuse(name, "must be a number")
        return value

    def whole(self, name: str) -> int | None:
        value = self._left.pop(name, None)
        if value is not None and type(value) is not int:
            raise self.refuse(name, "must be a whole number")
        return value

    def needed_text(self, name: str) -> str:
        value = self.text(name)
        if value is None:
            raise self.refuse(name, "is missing")
        return value

    def needed_object(self, name: str) -> JsonObject:
        value = self.object(name)
        if value is None:
            raise self.refuse(name, "is missing")
        return value

    def inner(self, name: str) -> "Fields | None":
        """The object in this field, to be read the same way."""
        value = self._left.pop(name, None)
        return None if value is None else Fields(value, self.path(name), self.left_out)

    def needed_inner(self, name: str) -> "Fields":
        found = self.inner(name)
        if found is None:
            raise self.refuse(name, "is missing")
        return found

    def each(self, name: str) -> Iterator["Fields"]:
        """The objects of a list in this field; none when it is absent."""
        for index, value in enumerate(self.many(name) or []):
            yield Fields(value, f"{self.path(name)}[{index}]", self.left_out)

    def only(self, name: str, *allowed: Any, why: str) -> None:
        """A field that may be absent or say what the provider does anyway."""
        value = self._left.pop(name, None)
        if value is not None and value not in allowed:
            raise self.refuse(name, why)

    def hint(self, *names: str) -> None:
        """Fields that cannot change what is answered: left out, and told."""
        for name in names:
            if self._left.pop(name, None) is not None:
                path = _general(self.path(name))
                if path not in self.left_out:
                    self.left_out.append(path)

    def end(self, format_name: str) -> None:
        """Raises UntranslatableError for the first field that nobody took."""
        for name in self._left:
            raise self.refuse(name, f"has no counterpart in {format_name}; leave it out for this model")

    def _typed(self, name: str, wanted: type[T], message: str) -> T | None:
        value = self._left.pop(name, None)
        if value is not None and not isinstance(value, wanted):
            raise self.refuse(name, message)
        return value


def _general(path: str) -> str:
    """`messages[3].content[0].cache_control` and its like are told once, as `messages.content.cache_control`."""
    out, inside = [], False
    for character in path:
        inside = (inside or character == "[") and character != "]"
        if not inside and character != "]":
            out.append(character)
    return "".join(out)


def encode(value: Any) -> bytes:
    return msgspec.json.encode(value)


def compact(value: Mapping[str, Any]) -> JsonObject:
    """Without the fields that are `None`."""
    return {name: found for name, found in value.items() if found is not None}
