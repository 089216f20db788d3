"""The same change to many models: all or nothing, in one transaction, with a dry run that is the change itself."""

from collections.abc import Set as AbstractSet

from sqlalchemy import Connection

from model_lineup.catalog.deletion import mark_deleted
from model_lineup.catalog.moves import NameGuard
from model_lineup.catalog.shapes import BulkResult, Selection
from model_lineup.catalog.store import affected, selecting
from model_lineup.catalog.store import models as store
from model_lineup.errors import InvalidInput, ModelNotFound
from model_lineup.journal.record import Author, Change, Journal


class Bulk:
    """Changes to a selection of models; `most` is the largest number of ids in one request."""

    def __init__(self, journal: Journal, *, most: int) -> None:
        self._journal = journal
        self._most = most

    def set_flag(
        self, chosen: Selection, flag: str, value: bool, author: Author, *, dry_run: bool = False, confirm: bool = False
    ) -> BulkResult:
        """`flag` is visible, listed or agents_enabled. Raises ModelNotFound, InvalidInput, NameWouldMove."""
        with self._journal.change(author, f"models.bulk.{flag}", dry_run=dry_run) as change:
            ids = self._chosen(change.connection, chosen)
            rows = store.flagged(change.connection, ids, flag)
            _refuse_unknown(ids, {row_id for row_id, _, _ in rows})
            differing = {row_id: model_id for row_id, model_id, stored in rows if stored != value}
            candidates = affected.by_availability(change.connection, differing) if flag == "visible" else ()
            guard = NameGuard(change.connection, candidates, confirmed=confirm)
            if differing:
                store.change(change.connection, differing, {flag: int(value)}, now=change.now, revision=change.revision)
                change.touched_alike("model", differing.items(), before={flag: not value}, after={flag: value})
            guard.check()
        return _result(change, matched=len(rows), changed=len(differing))

    def delete(self, chosen: Selection, author: Author, *, dry_run: bool = False, confirm: bool = False) -> BulkResult:
        """Mark the models deleted, and their aliases with them. Raises as `set_flag` does."""
        with self._journal.change(author, "models.bulk.delete", dry_run=dry_run) as change:
            ids = self._chosen(change.connection, chosen)
            rows = store.living(change.connection, ids)
            _refuse_unknown(ids, rows.keys())
            guard = NameGuard(change.connection, affected.by_existence(change.connection, rows), confirmed=confirm)
            if rows:
                mark_deleted(change, rows)
            guard.check()
        return _result(change, matched=len(rows), changed=len(rows))

    def _chosen(self, connection: Connection, chosen: Selection) -> set[int]:
        """The ids that are meant; those that the caller has named need not be models. Raises InvalidInput."""
        if chosen.model_ids is not None:
            if len(chosen.model_ids) > self._most:
                raise InvalidInput.at(
                    "/model_ids", f"{len(chosen.model_ids)} ids are too many for one change; {self._most} at most"
                )
            return set(chosen.model_ids)
        if chosen.filter is None:
            raise InvalidInput.at("/model_ids", "say which models: `model_ids`, or `filter` with an optional `exclude`")
        return set(connection.execute(selecting.matching(chosen.filter)).scalars()).difference(chosen.exclude)


def _refuse_unknown(ids: AbstractSet[int], known: AbstractSet[int]) -> None:
    """Raises ModelNotFound for ids that are no models."""
    unknown = sorted(ids - known)
    if unknown:
        raise ModelNotFound(
            f"{len(unknown)} of {len(ids)} ids are no models: {', '.join(map(str, unknown[:10]))}. "
            "Nothing was changed.",
            unknown_ids=unknown,
            unknown_total=len(unknown),
        )


def _result(change: Change, *, matched: int, changed: int) -> BulkResult:
    return BulkResult(
        matched=matched,
        changed=changed,
        unchanged=matched - changed,
        revision=change.receipt.revision,
        change_id=change.receipt.change_id,
        dry_run=change.dry_run,
        impact=change.receipt.impact,
    )
