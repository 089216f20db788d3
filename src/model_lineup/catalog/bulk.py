"""The same change to many models: all or nothing, in one transaction, with a dry run that is the change itself."""

from collections.abc import Set as AbstractSet

from msgspec import UNSET
from sqlalchemy import Connection

from model_lineup.access.groups import members
from model_lineup.catalog.deletion import mark_deleted
from model_lineup.catalog.limits_to_groups import stored
from model_lineup.catalog.moves import NameGuard
from model_lineup.catalog.shapes import BulkResult, GroupsEdit, Selection
from model_lineup.catalog.store import affected, limited, selecting
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

    def set_groups(self, chosen: Selection, edit: GroupsEdit, author: Author, *, dry_run: bool = False) -> BulkResult:
        """Limit them to groups, or open them. Raises ModelNotFound, InvalidInput."""
        with self._journal.change(author, "models.bulk.groups", dry_run=dry_run) as change:
            _check_groups(change, edit)
            ids = self._chosen(change.connection, chosen)
            rows = limited.of_models(change.connection, ids)
            _refuse_unknown(ids, {row_id for row_id, _, _ in rows})
            alike: dict[tuple[tuple[int, ...], tuple[int, ...]], list[tuple[int, str]]] = {}
            for row_id, model_id, before in rows:
                after = _edited(before, edit)
                if after != before:
                    alike.setdefault((before, after), []).append((row_id, model_id))
            for (before, after), of_these in alike.items():
                columns = {"group_ids": stored(after)}
                changing = [row_id for row_id, _ in of_these]
                store.change(change.connection, changing, columns, now=change.now, revision=change.revision)
                change.touched_alike("model", of_these, before={"groups": list(before)}, after={"groups": list(after)})
        return _result(change, matched=len(rows), changed=sum(map(len, alike.values())))

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
        return chosen_ids(connection, chosen, most=self._most)


def chosen_ids(connection: Connection, chosen: Selection, *, most: int) -> set[int]:
    """The ids that are meant; those that the caller has named need not be models. Raises InvalidInput."""
    if chosen.model_ids is not None:
        if len(chosen.model_ids) > most:
            raise InvalidInput.at(
                "/model_ids", f"{len(chosen.model_ids)} ids are too many for one change; {most} at most"
            )
        return set(chosen.model_ids)
    if chosen.filter is None:
        raise InvalidInput.at("/model_ids", "say which models: `model_ids`, or `filter` with an optional `exclude`")
    return set(connection.execute(selecting.matching(chosen.filter)).scalars()).difference(chosen.exclude)


def _check_groups(change: Change, edit: GroupsEdit) -> None:
    """Raises InvalidInput."""
    if edit.set is not UNSET and (edit.add or edit.remove):
        raise InvalidInput.at("/set", "goes without `add` and `remove`")
    if edit.set is UNSET and not (edit.add or edit.remove):
        raise InvalidInput.at("/add", "say which groups: `set`, or `add` and `remove`")
    if both := set(edit.add).intersection(edit.remove):
        raise InvalidInput.at("/remove", f"groups {sorted(both)} are in `add`, too")
    members.known(change, () if edit.set is UNSET else edit.set, "/set")
    members.known(change, edit.add, "/add")


def _edited(before: tuple[int, ...], edit: GroupsEdit) -> tuple[int, ...]:
    """Raises InvalidInput for too many."""
    after = {*before, *edit.add}.difference(edit.remove) if edit.set is UNSET else set(edit.set)
    if len(after) > members.MOST_GROUPS:
        raise InvalidInput.at("/add", f"a model would be limited to more than {members.MOST_GROUPS} groups")
    return tuple(sorted(after))


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
