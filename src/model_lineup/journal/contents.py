"""The entries of a change set as they are stored: in parts of a thousand, each one JSON text.

    [[position, entity, entity_id, label, before, after], …]     `before`, `after`: JSON again, as text

A part is of one entity, so that whoever looks for what happened to one row reads only parts that can hold it.
"""

from collections.abc import Iterator, Sequence, Set
from typing import Any, NamedTuple

import msgspec

from model_lineup.database.metadata import dump
from model_lineup.journal.shapes import Entry

AT_ONCE = 1_000
"""Entries: encoding 100 000 in one call holds the interpreter for 50 ms, and the event loop with it."""


class Part(NamedTuple):
    """A row of `change_contents`, but for the change set that it belongs to."""

    part: int
    entity: str
    lowest: int
    highest: int
    entries: str


class Stored(NamedTuple):
    """One entry as it stands in a part."""

    position: int
    entity: str
    entity_id: int
    label: str
    before: str
    after: str


def parts_of(entries: Sequence[Entry]) -> Iterator[Part]:
    """All entries, in their order."""
    for part, (start, end) in enumerate(_runs([entry.entity for entry in entries])):
        here = entries[start:end]
        ids = [entry.entity_id for entry in here]
        before, after = _written([entry.before for entry in here]), _written([entry.after for entry in here])
        entity, labels = here[0].entity, [entry.label for entry in here]
        rows = list(zip(range(start, end), [entity] * len(here), ids, labels, before, after, strict=True))
        yield Part(part, entity, min(ids), max(ids), msgspec.json.encode(rows).decode())


def is_whole(part: Part, number: int, position: int, entries: Sequence[Stored]) -> bool:
    """Whether the columns of a part say what its entries do, of which the first has this position."""
    if not entries or {entry.entity for entry in entries} != {part.entity} or part.part != number:
        return False
    ids = [entry.entity_id for entry in entries]
    in_order = [entry.position for entry in entries] == list(range(position, position + len(entries)))
    return in_order and (part.lowest, part.highest) == (min(ids), max(ids))


def entries_of(part: str) -> list[Entry]:
    """What a part holds."""
    return [
        Entry(entry.entity, entry.entity_id, entry.label, _decode(entry.before), _decode(entry.after))
        for entry in read(part)
    ]


def entries_between(part: str, first: int, end: int) -> list[Entry]:
    """Those of a part whose positions in the change set are from `first` on, before `end`; only they are decoded."""
    return [
        Entry(entry.entity, entry.entity_id, entry.label, _decode(entry.before), _decode(entry.after))
        for entry in read(part)
        if first <= entry.position < end
    ]


def entries_about(part: str, rows: Set[int]) -> list[Entry]:
    """Those of a part that touched one of these rows; only they are decoded."""
    return [
        Entry(entry.entity, entry.entity_id, entry.label, _decode(entry.before), _decode(entry.after))
        for entry in read(part)
        if entry.entity_id in rows
    ]


def first_position(head: str) -> int:
    """The position of a part's first entry, from the part's first `HEAD` characters."""
    return int(head.lstrip("[ ").partition(",")[0])


HEAD = 16
read = msgspec.json.Decoder(list[Stored]).decode
"""What a part holds, `before` and `after` as they are stored. Raises msgspec.DecodeError for other JSON or none."""
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def _runs(entities: Sequence[str]) -> Iterator[tuple[int, int]]:
    """From where to where the same entity stands, by the thousand."""
    start = 0
    while start < len(entities):
        end = min(start + AT_ONCE, len(entities))
        if entities[start:end].count(entities[start]) < end - start:
            end = next(n for n in range(start, end) if entities[n] != entities[start])
        yield start, end
        start = end


def _written(each: Sequence[dict[str, Any]]) -> list[str]:
    """As JSON; fields that entries share with the one before are written out once."""
    texts: list[str] = []
    last, text = None, ""
    for fields in each:
        if fields is not last:
            last, text = fields, dump(fields)
        texts.append(text)
    return texts
