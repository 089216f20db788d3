"""Deleting models and bringing them back, each with the aliases that go along. Rows stay as marks."""

from collections.abc import Mapping

from model_lineup.catalog.store import aliases as alias_store
from model_lineup.catalog.store import models as store
from model_lineup.errors import Conflict, ModelNotFound
from model_lineup.journal.record import Change


def mark_deleted(change: Change, rows: Mapping[int, str]) -> None:
    """Delete these models (row id → model_id) and their aliases; the marks stay."""
    ids = list(rows)
    gone = alias_store.delete_of_models(change.connection, ids, now=change.now, revision=change.revision)
    store.change(change.connection, ids, {"deleted_at": change.now}, now=change.now, revision=change.revision)
    before, after = {"deleted": False}, {"deleted": True}
    change.touched_alike("model", rows.items(), before=before, after=after)
    change.touched_alike("alias", ((alias.id, alias.alias) for alias in gone), before=before, after=after)


def mark_of(change: Change, row_id: int) -> store.DeletedMark:
    """What is left of a deleted model that can be restored. Raises ModelNotFound, Conflict."""
    mark = store.deleted(change.connection, row_id)
    if mark is None and store.one(change.connection, row_id) is None:
        raise ModelNotFound(f"No model has the id {row_id}, and none had. GET /api/admin/models lists them.", id=row_id)
    if mark is None:
        raise Conflict(f"Model {row_id} is not deleted; there is nothing to restore.", id=row_id)
    if mark.provider_is_gone:
        raise Conflict(f"The provider of model {row_id} was deleted. Register the model at another one.", id=row_id)
    return mark


def restore_aliases(change: Change, row_id: int, deleted_in: int) -> tuple[list[str], list[str]]:
    """Names that came back, and names that another alias has taken in the meantime."""
    rows = alias_store.deleted_with(change.connection, row_id, deleted_in)
    taken = alias_store.by_folded(change.connection, [row.folded for row in rows])
    free = [row for row in rows if row.folded not in taken]
    for row in free:
        values = {"deleted_at": None, "deleted_with_model": 0}
        alias_store.change(change.connection, row.id, values, now=change.now, revision=change.revision)
        change.touched("alias", row.id, row.alias, before={"deleted": True}, after={"deleted": False})
    return [row.alias for row in free], [row.alias for row in rows if row.folded in taken]
