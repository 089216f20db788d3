"""Entries of model lists, whatever the kind: what is no entry refuses its page. Pure."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from model_lineup.upstream.contract import MalformedError

LONGEST_NAME = 200
LONGEST_DESCRIPTION = 4000
_LONGEST_ID = 512
_MOST: ContextVar[int | None] = ContextVar("the most entries that a page is looked at for", default=None)


class TooManyError(Exception):
    """A page has more entries than anybody wants to look at."""


@contextmanager
def at_most(entries: int) -> Iterator[None]:
    """Within this, a longer page is refused before any of its entries is made into a model: reading 600 000 of them,
    which 10 MiB can hold, would take ten seconds and 100 MiB only to be thrown away."""
    before = _MOST.set(entries)
    try:
        yield
    finally:
        _MOST.reset(before)


def object_of(entry: Any) -> dict[str, Any]:
    """The entry. Raises MalformedError when it is not an object."""
    if not isinstance(entry, dict):
        raise MalformedError("an entry of the model list is not an object")
    return entry


def id_of(value: Any) -> str:
    """The id that an entry gives, byte for byte. Raises MalformedError when no model can be called by it."""
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_ID or _has_control(value):
        raise MalformedError(f"an entry of the model list has no valid id (text of 1 to {_LONGEST_ID} characters)")
    return value


def list_of(value: Any) -> Iterator[Any]:
    """The entries of a page, taken out of it one after the other. Raises MalformedError when they are no list,
    TooManyError where there are more than `at_most` allows.

    100 000 entries that are given back all at once hold the interpreter, and the event loop with it, for 100 ms.
    """
    if not isinstance(value, list):
        raise MalformedError("the answer holds no list of models")
    most = _MOST.get()
    if most is not None and len(value) > most:
        raise TooManyError
    return _taken_out_of(value)


def _taken_out_of(entries: list[Any]) -> Iterator[Any]:
    entries.reverse()
    while entries:
        yield entries.pop()


def known(facts: dict[str, Any]) -> dict[str, Any]:
    """Without what the entry does not tell (`None`)."""
    return {field: value for field, value in facts.items() if value is not None}


def _has_control(text: str) -> bool:
    return any(character < " " or character == "\x7f" for character in text)
