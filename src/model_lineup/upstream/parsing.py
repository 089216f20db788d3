"""JSON from strangers: whatever they send, there is a value or a MalformedError."""

from typing import Any

import msgspec

from model_lineup.upstream.contract import MalformedError

_LARGEST_COUNT = 2**53
_LARGE = 64 * 1024
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_entries = msgspec.json.Decoder(list[msgspec.Raw])
NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for text that is no JSON, bytes that are no UTF-8, and nesting without end."""


def json_of(body: bytes) -> Any:
    """NaN, lone surrogates and trailing bytes are refused, as the standard has it.

    A large list is read entry by entry: while 10 MiB are read in one go, in whatever thread, nothing else runs.
    """
    try:
        return _read(body, deeper=True)
    except NOT_JSON:
        raise MalformedError("the answer is not valid JSON") from None


def _read(text: bytes | msgspec.Raw, *, deeper: bool) -> Any:
    """`deeper`: an object's own lists are large enough to be looked for."""
    if len(memoryview(text)) < _LARGE:
        return msgspec.json.decode(text)
    begins = bytes(memoryview(text)[:64]).lstrip()[:1]
    if begins == b"[":
        return [msgspec.json.decode(entry) for entry in _entries.decode(text)]
    if begins == b"{" and deeper:
        return {name: _read(value, deeper=False) for name, value in _members.decode(text).items()}
    return msgspec.json.decode(text)


def object_of(body: bytes) -> dict[str, Any]:
    """A JSON object; any other value is malformed."""
    value = json_of(body)
    if not isinstance(value, dict):
        raise MalformedError("the answer is not a JSON object")
    return value


def object_or_empty(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def list_or_empty(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def text_or_none(value: Any, longest: int | None = None) -> str | None:
    """Text that is not empty, cut to `longest` characters."""
    return value[:longest] or None if isinstance(value, str) else None


def count_or_none(value: Any) -> int | None:
    """A number that can be one of tokens; text, a fraction, a negative or an absurd number is unknown, never 0."""
    return value if type(value) is int and 0 <= value < _LARGEST_COUNT else None
