"""Whether the journal is as it was written: every change set again, from the first to the newest."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from model_lineup.database.engines import Database
from model_lineup.journal import chain, contents, store
from model_lineup.journal.shapes import ChainHead, Verification

_Row = Mapping[Any, Any]
_OTHERS = "Its entries are not those that were written."
_SQLITE_CORRUPT = ("malformed", "decode to utf-8", "not a database")
_POSTGRES_CORRUPT = ("XX", "22021")  # internal error and data corrupted; not in the repertoire of the encoding


class _Broken(Exception):
    def __init__(self, at: int | None, reason: str) -> None:
        super().__init__(reason)
        self.at = at


def verify(database: Database, *, kept: str | None = None) -> Verification:
    """Read the whole journal, one change set in memory at a time; about a second for 150 000 entries.

    `kept` is a digest that was kept elsewhere, from the logs or from an earlier head: it must be in the chain.
    """
    walk = _Walk(kept)
    try:
        with database.read() as connection:
            walk.over(connection)
    except _Broken as broken:
        return walk.verdict(broken.at, str(broken))
    return walk.verdict()


class _Walk:
    """From change set to change set; `head` is the last one that was right."""

    def __init__(self, kept: str | None) -> None:
        self.head: ChainHead | None = None
        self.kept = kept
        self.change_sets = 0
        self.entries = 0

    def over(self, connection: Connection) -> None:
        try:
            compacted = store.compacted_through(connection)
            with store.everything(connection) as (headers, parts):
                waiting = _Contents(parts)
                for header in headers:
                    self.check(header, waiting.of(header["id"]), compacted)
                waiting.must_be_read()
        except DBAPIError as error:
            if not _is_corrupt(error):
                raise
            raise _Broken(None, f"What follows cannot be read: {str(error.orig).partition(chr(10))[0]}.") from None
        newest = self.head.revision if self.head else 0
        if store.revision(connection) != newest:
            raise _Broken(
                None, f"The configuration is at revision {store.revision(connection)}, the journal ends here."
            )
        if self.kept is not None:
            raise _Broken(None, "No change set has the digest that was kept: the journal was written anew, or cut.")

    def check(self, header: _Row, parts: list[_Row], compacted: int) -> None:
        at, before = header["id"], self.head
        if header["revision"] != (before.revision if before else 0) + 1:
            raise _Broken(at, "Its revision does not follow the one before it: a change set is missing or was added.")
        gone = not parts and at <= compacted
        entries = 0 if gone else _counted(at, parts)
        if not gone and header["touched"] != entries:
            raise _Broken(at, f"It touched {header['touched']} rows, and {entries} entries are there.")
        if not gone and header["contents"] != chain.contents_digest(part["entries"] for part in parts):
            raise _Broken(at, _OTHERS)
        if header["digest"] != chain.digest(before.digest if before else "", header, header["contents"]):
            raise _Broken(at, "It is not what was written, or does not follow the one before it.")
        self.head = ChainHead(at, header["revision"], header["digest"])
        self.change_sets += 1
        self.entries += entries
        if header["digest"] == self.kept:
            self.kept = None

    def verdict(self, at: int | None = None, reason: str | None = None) -> Verification:
        return Verification(
            holds=reason is None,
            change_sets=self.change_sets,
            entries=self.entries,
            head=self.head,
            broken_at=at,
            reason=reason,
        )


def _counted(at: int, parts: Iterable[_Row]) -> int:
    """How many entries the parts hold. The digest covers these alone: the columns beside them must say the same."""
    found = 0
    for number, row in enumerate(parts):
        part = contents.Part(row["part"], row["entity"], row["lowest"], row["highest"], row["entries"])
        try:
            entries = contents.read(part.entries)
        except msgspec.DecodeError:
            raise _Broken(at, _OTHERS) from None
        if not contents.is_whole(part, number, found, entries):
            raise _Broken(at, _OTHERS)
        found += len(entries)
    return found


class _Contents:
    """The contents of one change set after the other, read once."""

    def __init__(self, parts: Iterable[_Row]) -> None:
        self._groups = groupby(parts, key=lambda row: int(row["change_id"]))
        self._next: tuple[int, Iterator[_Row]] | None = next(self._groups, None)

    def of(self, change_id: int) -> list[_Row]:
        if self._next is None or self._next[0] > change_id:
            return []
        if self._next[0] < change_id:
            raise _Broken(self._next[0], "Its entries are there, and it is not.")
        rows = list(self._next[1])
        self._next = next(self._groups, None)
        return rows

    def must_be_read(self) -> None:
        if self._next is not None:
            raise _Broken(self._next[0], "Its entries are there, and it is not.")


def _is_corrupt(error: DBAPIError) -> bool:
    """Whether the stored bytes themselves cannot be read; not: the database is away or busy."""
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return str(state).startswith(_POSTGRES_CORRUPT)
    return any(word in str(error.orig).lower() for word in _SQLITE_CORRUPT)
