"""The transaction of an administrative operation, and the record of what it did.

    with journal.change(actor, "models.update", dry_run=False) as change:
        store.update(change.connection, ..., revision=change.revision)
        change.touched("model", 7, "gpt-4o", before={"visible": False}, after={"visible": True})
    change.receipt

Nothing touched: nothing written, the revision stays. A dry run is the same operation, rolled back at its end.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

from msgspec import UNSET
from sqlalchemy import Connection, delete, insert, select, update

from model_lineup.clock import Clock
from model_lineup.database import listening
from model_lineup.database.engines import Database
from model_lineup.database.metadata import micros
from model_lineup.database.tables import instance
from model_lineup.errors import IdempotencyInProgress
from model_lineup.journal import chain, undone
from model_lineup.journal.contents import parts_of
from model_lineup.journal.shapes import Entry, Impact, Receipt
from model_lineup.journal.store import change_of_claim
from model_lineup.journal.tables import change_contents, change_sets, claimed_changes
from model_lineup.telemetry import log

MARKS_KEPT = 31 * 24 * 3600 * 1_000_000
"""Microseconds; longer than any claim lives."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who acts, as the journal keeps it: `admin@example.com`, `key 'ci' (3)`, `local command line`.

    Where they are (`address`, `user_agent`) is not kept here; the security log wants to know it. `claim` is of a
    request that can come twice: no two change sets are made under one.
    """

    label: str
    request_id: str | None = None
    address: str | None = None
    user_agent: str | None = None
    claim: str | None = None


@dataclass(slots=True)
class Change:
    """An operation under way. `revision` is the one that it will have if it touches anything; `undoes` are the change
    sets that it takes back."""

    connection: Connection
    revision: int
    now: int
    dry_run: bool
    entries: list[Entry] = field(default_factory=list)
    undoes: Sequence[int] = ()
    receipt: Receipt = field(init=False)

    def touched(
        self, entity: str, entity_id: int, label: str, *, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> None:
        """Note one row. `before` and `after` hold the fields that differ, as JSON values, and no secret."""
        self.entries.append(Entry(entity, entity_id, label, dict(before), dict(after)))

    def touched_alike(
        self, entity: str, rows: Iterable[tuple[int, str]], *, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> None:
        """Note rows, each as id and label, that all changed from and to the same."""
        ids_and_labels = list(zip(*rows, strict=True))
        if ids_and_labels:
            self.entries.extend(map(Entry, repeat(entity), *ids_and_labels, repeat(dict(before)), repeat(dict(after))))


class _RollBack(Exception):
    """Ends a dry run."""


Listener = Callable[[Author, str, Sequence[Entry]], None]
"""Is told of every effective change after its commit: author, operation, what was touched."""
Lock = Callable[[Connection, str, Sequence[Entry]], None]
"""Asked before a change is written whether it may be: its connection, operation, and what it touched."""
Weigher = Callable[[Connection, Sequence[Entry], int], Impact]
"""Says whom a dry run would meet, before it is taken back: its connection, what it touched, now in microseconds."""


class Journal:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        listener: Listener | None = None,
        weigh: Weigher | None = None,
        lock: Lock | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._listener = listener
        self._weigh = weigh
        self._lock = lock

    @contextlib.contextmanager
    def change(self, author: Author, operation: str, *, dry_run: bool = False) -> Iterator[Change]:
        """One transaction for one operation. What was touched is in `entries`, how it ended in `receipt`.

        Once it is committed, the new head of the chain is logged. Raises IdempotencyInProgress, committing nothing,
        when the author's claim has made a change set before.
        """
        head = None
        with contextlib.suppress(_RollBack), self._database.write() as connection:
            before = _lock_revision(connection)
            change = Change(connection, before + 1, micros(self._clock.now()), dry_run)
            yield change
            if self._lock is not None:
                self._lock(connection, operation, change.entries)
            change.receipt = Receipt(before, None)
            if dry_run:
                change.receipt = self._rehearsed(change, before)
                raise _RollBack
            if change.entries:
                head = _store(change, author, operation)
                _mark(change, author, head.change_id)
                undone.mark(connection, change.undoes, head.change_id)
                change.receipt = Receipt(change.revision, head.change_id)
        if head is None:
            return
        log().info("change", change_id=head.change_id, revision=change.revision, digest=head.digest)
        if self._listener is not None:
            self._listener(author, operation, change.entries)

    @contextlib.contextmanager
    def rehearsal(self, change: Change, operation: str) -> Iterator[Change]:
        """A part of a change that is tried and taken back, as a dry run within it: what it yields knows afterwards what
        it touched and, in its receipt, whom that would meet."""
        with change.connection.begin_nested() as tried:
            trial = Change(change.connection, change.revision, change.now, dry_run=True)
            yield trial
            if self._lock is not None:
                self._lock(change.connection, operation, trial.entries)
            trial.receipt = self._rehearsed(trial, change.revision - 1)
            tried.rollback()

    def _rehearsed(self, change: Change, before: int) -> Receipt:
        impact = UNSET if self._weigh is None else self._weigh(change.connection, change.entries, change.now)
        return Receipt(before, None, dry_run=True, impact=impact)


class Joined(Journal):
    """For operations that take part in a change that is under way: they have no transaction, change set or receipt of
    their own, and what they touch is that change's."""

    def __init__(self, change: Change) -> None:
        self._under_way = change

    @contextlib.contextmanager
    def change(self, author: Author, operation: str, *, dry_run: bool = False) -> Iterator[Change]:
        self._under_way.receipt = Receipt(self._under_way.revision - 1, None)
        yield self._under_way


def _lock_revision(connection: Connection) -> int:
    """The revision; on PostgreSQL this is where writers queue (SQLite's BEGIN IMMEDIATE has done it already)."""
    return int(connection.execute(select(instance.c.revision).with_for_update()).scalar_one())


def _store(change: Change, author: Author, operation: str) -> chain.Head:
    connection = change.connection
    connection.execute(update(instance).values(revision=change.revision))
    listening.tell(connection, change.revision)
    values = {
        "revision": change.revision,
        "at": change.now,
        "actor": author.label,
        "operation": operation,
        "request_id": author.request_id,
        "touched": len(change.entries),
    }
    change_id = int(connection.execute(insert(change_sets).values(values).returning(change_sets.c.id)).scalar_one())
    parts = list(parts_of(change.entries))
    connection.execute(insert(change_contents), [{"change_id": change_id, **part._asdict()} for part in parts])
    return chain.extend(connection, {"id": change_id, **values}, [part.entries for part in parts])


def _mark(change: Change, author: Author, change_id: int) -> None:
    """Note, in the same transaction, that this request has done its work. Writers queue, so looking first is enough."""
    if author.claim is None:
        return
    connection = change.connection
    if change_of_claim(connection, author.claim) is not None:
        raise IdempotencyInProgress("This very request was carried out a moment ago. Ask again.", retry_after=1)
    connection.execute(delete(claimed_changes).where(claimed_changes.c.at < change.now - MARKS_KEPT))
    connection.execute(insert(claimed_changes).values(claim=author.claim, change_id=change_id, at=change.now))


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields whose values differ, from both sides; for `touched`."""
    names = [name for name in after if name not in before or before[name] != after[name]]
    return {name: before[name] for name in names if name in before}, {name: after[name] for name in names}
