"""Deleting a model, after a look at whom it meets; and bringing it back."""

from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.dependencies import From, PathId, There
from model_lineup.api.terminating import end_running
from model_lineup.catalog.store import models as model_store
from model_lineup.errors import ModelNotFound, NameWouldMove
from model_lineup.journal.record import Author
from model_lineup.panel import render
from model_lineup.panel.pages import pages
from model_lineup.panel.visitors import AsAdmin, By, Sent
from model_lineup.rooms import Rooms

router = pages("/models")


@router.get("/{row_id:row}/delete")
def delete_page(request: Request, row_id: PathId, there: There, _: AsAdmin, by: By, here: From) -> Response:
    """Whom it meets, and which names would be answered by another model."""
    model = there.models.get(row_id)
    impact = there.impacts.of(row_id, here.request_id or "")
    return render.page(request, "models/delete.html", model=model, impact=impact, moves=_moves(there, row_id, by))


@router.post("/{row_id:row}/delete")
def delete(request: Request, row_id: PathId, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    receipt = there.models.delete(row_id, by, if_match=form.whole("version"), confirm=form.flag("confirm"))
    if form.flag("terminate"):
        end_running(there, receipt.revision, models=[row_id])
    say = "The model and its aliases were deleted."
    return render.go(request, f"/models/{row_id}/restore", say=say, undo=receipt.change_id)


@router.get("/{row_id:row}/restore")
def restore_page(request: Request, row_id: PathId, there: There, _: AsAdmin) -> Response:
    """What is left of a deleted model. Raises ModelNotFound for a row that never was."""
    with there.database.read() as connection:
        mark = model_store.deleted(connection, row_id)
        alive = model_store.one(connection, row_id)
    if mark is None and alive is None:
        raise ModelNotFound(f"No model has the number {row_id}.", id=row_id)
    if mark is None:
        return render.go(request, f"/models/{row_id}")
    return render.page(request, "models/deleted.html", row_id=row_id, mark=mark)


@router.post("/{row_id:row}/restore")
def restore(request: Request, row_id: PathId, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    """With those of its aliases whose names are still free."""
    back = there.models.restore(row_id, by, confirm=form.flag("confirm"))
    lost = f" These aliases are taken by now: {', '.join(back.aliases_lost[:10])}." if back.aliases_lost else ""
    return render.go(request, f"/models/{row_id}", say=f"{back.model.display_name[:100]} is back.{lost}")


def _moves(there: Rooms, row_id: int, by: Author) -> NameWouldMove | None:
    try:
        there.models.delete(row_id, by, dry_run=True)
    except NameWouldMove as moves:
        return moves
    return None
