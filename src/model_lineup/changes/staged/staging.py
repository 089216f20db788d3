"""Staging a change, looking at what is staged, cancelling it, and carrying it out: each in one transaction."""

from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Row

from model_lineup.catalog.store import models as model_store
from model_lineup.changes.staged.operations import Operations, rows_of, takes_away
from model_lineup.changes.staged.refusing import refusal_of
from model_lineup.changes.staged.shapes import Announcement, NewStaged, StagedChange, StagedPage, State
from model_lineup.changes.staged.shown import late, shown
from model_lineup.changes.store import staged as store
from model_lineup.database.engines import Database
from model_lineup.database.metadata import dump, micros
from model_lineup.errors import InvalidInput, LineupError, NotFound, StagedOver, Unavailable
from model_lineup.journal.record import Author, Change, Journal
from model_lineup.journal.shapes import Receipt

ENTITY = "staged_change"


class Staging:
    """`ahead`: how far ahead a moment may be; `waiting`: how many may wait; `kept`: how many stay once they ended."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        operations: Operations,
        *,
        ahead: timedelta,
        waiting: int,
        kept: int,
    ) -> None:
        self._database = database
        self._journal = journal
        self._operations = operations
        self._ahead = ahead
        self._waiting = waiting
        self._kept = kept

    def stage(
        self, new: NewStaged, author: Author, *, confirm: bool = False, dry_run: bool = False
    ) -> tuple[StagedChange, Receipt]:
        """Keep a change for its moment. It is tried now and taken back, so that what would be refused is refused at
        once. Raises InvalidInput, and whatever the operation raises."""
        with self._journal.change(author, "staged.stage", dry_run=dry_run) as change:
            connection = change.connection
            self._check(change, new)
            operation, stored, title = self._operations.settled(connection, new.wanted)
            if new.announce is not None and not takes_away(stored):
                raise InvalidInput.at("/announce", "goes with what ends: there is nothing to tell callers of this")
            announced = _announced(connection, new.announce, change.now)
            with self._journal.rehearsal(change, operation) as trial:
                self._operations.carry_out(trial, operation, stored, author, confirm=confirm)
            values = {
                "operation": operation,
                "wanted": dump(stored),
                "title": title,
                "due_at": micros(new.at),
                **announced,
                "confirmed": int(confirm),
                "impact": dump(trial.receipt.impact),
                "state": "waiting",
                "made_at": change.now,
                "made_by": author.label,
                "made_at_revision": change.revision,
                "changed_at_revision": change.revision,
            }
            staged_id = store.add(connection, values)
            store.forget(connection, kept=self._kept)
            told: dict[str, Any] = {"operation": operation, "state": "waiting", "at": new.at, "wanted": stored}
            if new.announce is not None:
                told["announce"] = new.announce
            change.touched(ENTITY, staged_id, title, before={}, after=msgspec.to_builtins(told))
            found = shown(connection, [_known(connection, staged_id)])[0]
        receipt = change.receipt
        if dry_run:  # whom the change would meet, and not the staging of it
            receipt = msgspec.structs.replace(receipt, impact=trial.receipt.impact)
        return found, receipt

    def get(self, staged_id: int) -> StagedChange:
        """Raises NotFound."""
        with self._database.read() as connection:
            return shown(connection, [_known(connection, staged_id)])[0]

    def page(self, *, limit: int, offset: int, state: State | None = None) -> StagedPage:
        """Waiting ones first, soonest first; then those that ended, newest first."""
        with self._database.read() as connection:
            rows, total = store.page(connection, limit=limit, offset=offset, state=state)
            return StagedPage(shown(connection, rows), total, limit, offset)

    def cancel(self, staged_id: int, author: Author, *, dry_run: bool = False) -> tuple[StagedChange, Receipt]:
        """Callers are told no more, and nothing is done at its moment. Raises NotFound, StagedOver."""
        with self._journal.change(author, "staged.cancel", dry_run=dry_run) as change:
            row = _known(change.connection, staged_id)
            if row.state != "waiting":
                raise StagedOver(f"Staged change {staged_id} is {row.state} already.", id=staged_id, state=row.state)
            end(change, row, "cancelled", author.label)
            found = shown(change.connection, [_known(change.connection, staged_id)])[0]
        return found, change.receipt

    def carry_out(self, staged_id: int) -> None:
        """Do it, if its moment has come and nobody has: the change and the mark that it is done are one transaction.

        Where it cannot be done any more it is refused, with what stands against it. Raises Unavailable.
        """
        with self._database.read() as connection:
            row = store.one(connection, staged_id)
        if row is None or row.state != "waiting":
            return  # seen without a write
        author = Author(f"staged change {staged_id} by {row.made_by}")
        try:
            with self._journal.change(author, "staged.carry_out") as change:
                due = _due(change, staged_id)
                if due is not None:
                    wanted = store.decoded(due.wanted)
                    confirmed = due.confirmed == 1
                    self._operations.carry_out(change, due.operation, wanted, author, confirm=confirmed)
                    end(change, due, "done", author.label)
        except Unavailable:
            raise
        except LineupError as error:
            self._refuse(staged_id, author, error)

    def _refuse(self, staged_id: int, author: Author, error: LineupError) -> None:
        with self._journal.change(author, "staged.refuse") as change:
            due = _due(change, staged_id)
            if due is not None:
                refusal = refusal_of(change.connection, due, rows_of(store.decoded(due.wanted)), error)
                end(change, due, "refused", author.label, {"refusal": dump(refusal)})

    def _check(self, change: Change, new: NewStaged) -> None:
        """Raises InvalidInput."""
        starts_at = None if new.announce is None else new.announce.starts_at
        for pointer, moment in (("/at", new.at), ("/announce/starts_at", starts_at)):
            if moment is not None and moment.tzinfo is None:
                raise InvalidInput.at(pointer, "needs a time zone: Z or an offset")
        due_at = micros(new.at)
        if due_at <= change.now:
            raise InvalidInput.at("/at", "must be a moment to come; make the change itself to have it now")
        if due_at > change.now + self._ahead // timedelta(microseconds=1):
            raise InvalidInput.at("/at", f"at most {self._ahead.days} days ahead (LINEUP_STAGED_AHEAD_DAYS)")
        if starts_at is not None and micros(starts_at) >= due_at:
            raise InvalidInput.at("/announce/starts_at", "must be before the change")
        if store.waiting(change.connection) >= self._waiting:
            raise InvalidInput.at("/at", f"{self._waiting} staged changes wait already (LINEUP_STAGED_WAITING)")


def end(change: Change, row: Row[Any], state: State, by: str, more: dict[str, Any] | None = None) -> None:
    """It waits no more."""
    values = {"state": state, "ended_at": change.now, "ended_by": by, "changed_at_revision": change.revision}
    store.change(change.connection, row.id, {**values, **(more or {})})
    after: dict[str, Any] = {"state": state}
    if state == "done" and (late_s := late(change.now, row.due_at)) is not None:
        after["late_s"] = late_s
    change.touched(ENTITY, row.id, row.title, before={"state": row.state}, after=after)


def _due(change: Change, staged_id: int) -> Row[Any] | None:
    """As this transaction, which holds the write lock, sees it: None where it was done or cancelled meanwhile."""
    row = store.one(change.connection, staged_id)
    return row if row is not None and row.state == "waiting" and row.due_at <= change.now else None


def _known(connection: Connection, staged_id: int) -> Row[Any]:
    row = store.one(connection, staged_id)
    if row is None:
        raise NotFound(f"There is no staged change {staged_id}. GET /api/admin/staged lists them.", id=staged_id)
    return row


def _announced(connection: Connection, announce: Announcement | None, now: int) -> dict[str, Any]:
    """Raises InvalidInput for a successor that there is not."""
    if announce is None:
        return {"announced_at": None, "message": None, "successor": None}
    successor = announce.successor_id
    if successor is not None and not model_store.living(connection, [successor]):
        raise InvalidInput.at("/announce/successor_id", f"no model has the id {successor}")
    starts = now if announce.starts_at is None else micros(announce.starts_at)
    return {"announced_at": starts, "message": announce.message, "successor": successor}
