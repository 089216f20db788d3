"""Taking a change back: first what that would do, or what stands against it, then the undoing itself."""

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.dependencies import PathId, There
from model_lineup.changes.undo.undo import Undone
from model_lineup.errors import NameWouldMove, NotUndoable, UndoConflict
from model_lineup.journal.record import Author
from model_lineup.panel.activity import fields_of
from model_lineup.panel.pages import pages
from model_lineup.panel.render import go, page
from model_lineup.panel.visitors import AsAdmin, By, Sent
from model_lineup.panel.wording import plural
from model_lineup.rooms import Rooms

router = pages("/activity")
_PATH = re.compile(r"/[\x21-\x7e]{0,2000}")


@router.get("/{change_id:row}/undo")
def preview(request: Request, there: There, _: AsAdmin, by: By, change_id: PathId) -> Response:
    """Rehearsed; nothing is changed. Raises NotFound."""
    return page(request, "activity/undo.html", **_rehearsed(there, by, change_id))


@router.post("/{change_id:row}/undo")
def undo(request: Request, form: Sent, there: There, _: AsAdmin, by: By, change_id: PathId) -> Response:
    """Where something stands against it, or has to be confirmed, the page says so."""
    try:
        done = there.undo.undo([change_id], by, confirm=form.flag("confirm"))
    except (NameWouldMove, NotUndoable, UndoConflict):
        return page(request, "activity/undo.html", status=409, **_rehearsed(there, by, change_id))
    back = form.text("back")
    to = back if _PATH.fullmatch(back) else f"/activity/{done.change_id or change_id}"
    return go(request, to, say=f"Taken back: {plural(done.touched, 'row')}.", undo=done.change_id)


def _rehearsed(there: Rooms, by: Author, change_id: int) -> dict[str, Any]:
    """What the page shows. Raises NotFound."""
    done: Undone | None = None
    moves: NameWouldMove | None = None
    refused: NotUndoable | UndoConflict | None = None
    try:
        done = there.undo.undo([change_id], by, dry_run=True)
    except NameWouldMove as error:
        moves = error
        done = there.undo.undo([change_id], by, dry_run=True, confirm=True)
    except (NotUndoable, UndoConflict) as error:
        refused = error
    entries = [(entry, fields_of(entry)) for entry in done.entries] if done else []
    return {"change_id": change_id, "done": done, "entries": entries, "moves": moves, "refused": refused}
