"""What a catalogue is made of, once it was read."""

from typing import Any, Literal

import msgspec

Format = Literal["models.dev", "litellm", "openrouter"]


class Entry(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What a catalogue says of one model of one service. `facts`: keys and values as in `catalog.facts`, all checked.

    `service`: one of `places.SERVICES`, or the catalogue's own word for a service that is not there.
    """

    service: str
    model_id: str
    facts: dict[str, Any]


class Skip(msgspec.Struct, frozen=True, gc=False):
    """An entry that was not taken."""

    entry: str
    reason: str


class Contents(msgspec.Struct, frozen=True):
    """A file that was read. `hosts`: host of an API → service, for services that only the file knows.

    `skips` holds the first hundred of the entries that were skipped; `dated` is the newest date that the file tells.
    """

    format: Format
    entries: list[Entry]
    hosts: dict[str, str]
    skipped: int
    skips: list[Skip]
    dated: str | None = None


class Word(msgspec.Struct, frozen=True, gc=False):
    """What one catalogue says of a model: `facts`, and whether that is only a guess."""

    facts: dict[str, Any]
    is_guess: bool
