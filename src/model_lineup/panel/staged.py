"""Staged changes: what waits for its moment, what became of the others; and cancelling."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.dependencies import Offset, PathId, There
from model_lineup.changes.staged.shapes import State
from model_lineup.errors import ModelNotFound
from model_lineup.panel.pages import pages
from model_lineup.panel.render import base, go, page
from model_lineup.panel.visitors import AsAdmin, AsViewer, By, Sent

HOME = "/activity/staged"
router = pages(HOME)
ROWS = 50
LOOKS: dict[State, str] = {"waiting": "new", "done": "ok", "cancelled": "retired", "refused": "failing"}


@router.get("")
def list_staged(
    request: Request,
    there: There,
    _: AsViewer,
    state: Annotated[str, Query(max_length=20)] = "",
    offset: Offset = 0,
) -> Response:
    known: State | None = next((one for one in LOOKS if one == state), None)
    found = there.staging.page(limit=ROWS, offset=offset, state=known)
    return page(
        request,
        "staged/page.html",
        found=found,
        state=known or "",
        looks=LOOKS,
        link=lambda to: f"{base(request)}{HOME}?{urlencode({'state': known or '', 'offset': to})}",
    )


@router.get("/{staged_id:row}")
def show(request: Request, staged_id: PathId, there: There, _: AsViewer) -> Response:
    staged = there.staging.get(staged_id)
    successor = None
    if staged.announce is not None and staged.announce.successor_id is not None:
        try:
            successor = there.models.get(staged.announce.successor_id)
        except ModelNotFound:  # deleted since
            successor = None
    return page(request, "staged/one.html", staged=staged, successor=successor, looks=LOOKS)


@router.post("/{staged_id:row}/cancel")
def cancel(request: Request, staged_id: PathId, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    staged, receipt = there.staging.cancel(staged_id, by)
    return go(request, HOME, say=f"{staged.title[:200]}: cancelled.", undo=receipt.change_id)
