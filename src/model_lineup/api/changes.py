"""The journal: who changed what, and when; and taking changes back."""

from typing import Annotated

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from model_lineup.api.answers import answer, documented, receipt_headers
from model_lineup.api.bodies import Body, RowId
from model_lineup.api.dependencies import AsAdmin, AsViewer, By, Confirm, DryRun, Limit, Offset, PathId, There
from model_lineup.api.strict import noun
from model_lineup.changes.undo.undo import AT_ONCE, Undone
from model_lineup.errors import NotFound
from model_lineup.journal import store
from model_lineup.journal.shapes import ChangePage, ChangeSet, Receipt, Verification
from model_lineup.journal.verify import verify

router = noun("Changes", "/api/admin/changes", follows_configuration=True)


@router.get("", responses=documented(ChangePage))
def list_changes(there: There, _: AsViewer, limit: Limit = 100, offset: Offset = 0) -> Response:
    """Change sets, newest first, without their entries."""
    with there.database.read() as connection:
        return answer(store.page(connection, limit=limit, offset=offset))


class UndoBody(Body):
    change_ids: Annotated[
        list[RowId],
        Field(min_length=1, max_length=AT_ONCE, description="Change sets that are taken back together, as if one."),
    ]


@router.post("/undo", responses=documented(Undone))
def undo_changes(
    body: UndoBody, there: There, _: AsAdmin, by: By, confirm: Confirm = False, dry_run: DryRun = False
) -> Response:
    """Take several change sets back, as one new change set; all of them or none."""
    return _undone(there.undo.undo(body.change_ids, by, dry_run=dry_run, confirm=confirm))


@router.get("/verify", responses=documented(Verification))
def verify_changes(
    there: There,
    _: AsViewer,
    digest: Annotated[
        str | None,
        Query(pattern="^[0-9a-f]{64}$", description="A digest that you kept, of a head or from the logs."),
    ] = None,
) -> Response:
    """Whether the journal is as it was written: every digest done again, and where the chain breaks.

    It reads the whole journal. With `digest`, that digest must be in the chain too: this is how a journal that somebody
    wrote anew from the start shows.
    """
    return answer(verify(there.database, kept=digest))


@router.get("/{change_id:row}", responses=documented(ChangeSet))
def get_change(change_id: PathId, there: There, _: AsViewer) -> Response:
    """One change set with every row that it touched, before and after."""
    with there.database.read() as connection:
        found = store.one(connection, change_id)
    if found is None:
        raise NotFound(f"There is no change set {change_id}.", id=change_id)
    return answer(found)


@router.post("/{change_id:row}/undo", responses=documented(Undone))
def undo_change(
    change_id: PathId, there: There, _: AsAdmin, by: By, confirm: Confirm = False, dry_run: DryRun = False
) -> Response:
    """Take a change set back, as a new change set: rows and fields are as they were before it.

    Refused with `undo_conflict` where a later change touched the same fields (what was taken back does not count), with
    `not_undoable` for people, keys and their revocation, what is about the instance itself, and a model's end that has
    come. A provider's key that was replaced or wiped is left out. What took others back can be taken back too.
    """
    return _undone(there.undo.undo([change_id], by, dry_run=dry_run, confirm=confirm))


def _undone(found: Undone) -> Response:
    return answer(found, headers=receipt_headers(Receipt(found.revision, found.change_id)))
