"""A row's switches. The row that answers stands where it stood, even where the filter would no longer show it."""

from typing import Annotated, Literal

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.dependencies import PathId, There
from model_lineup.catalog.shapes import ModelChanges
from model_lineup.errors import NameWouldMove
from model_lineup.panel import render
from model_lineup.panel.models.columns import shown
from model_lineup.panel.models.rows import row_of
from model_lineup.panel.models.view import back_to
from model_lineup.panel.pages import pages
from model_lineup.panel.visitors import AsAdmin, By, Sent

router = pages("/models")
Flag = Literal["visible", "agents_enabled"]
WORDS = {
    ("visible", True): "{name} is visible.",
    ("visible", False): "{name} is hidden: from its next request on, callers get 404.",
    ("agents_enabled", True): "Agents may use {name}.",
    ("agents_enabled", False): "Agents may no longer use {name}.",
}


@router.post("/{row_id:row}/switch")
def switch(
    request: Request,
    row_id: PathId,
    form: Sent,
    there: There,
    _: AsAdmin,
    by: By,
    flag: Annotated[Flag, Query()],
    to: Annotated[bool, Query()],
) -> Response:
    """Set one flag of one model. Where names in use would mean another model, that is asked on a page first."""
    try:
        model, receipt = there.models.change(row_id, _changes(flag, to), by, confirm=form.flag("confirm"))
    except NameWouldMove:
        return render.go(request, f"/models/{row_id}/confirm?flag={flag}&to={str(to).lower()}")
    said = WORDS[flag, to].format(name=model.display_name[:100])
    if not render.by_htmx(request):
        to_page = f"/models/{row_id}" if form.flag("one") else f"{back_to(form.text('back'))}#m{row_id}"
        return render.go(request, to_page, say=said, undo=receipt.change_id)
    row = row_of(model, there.clock.now())
    response = render.fragment(
        request, "models/_row.html", say=said, undo=receipt.change_id, row=row, columns=shown(request)
    )
    response.headers["hx-retarget"] = f"#m{row_id}"  # wherever it stands by now, if the table was sorted meanwhile
    return response


@router.get("/{row_id:row}/confirm")
def confirm(
    request: Request,
    row_id: PathId,
    there: There,
    _: AsAdmin,
    by: By,
    flag: Annotated[Flag, Query()],
    to: Annotated[bool, Query()],
) -> Response:
    """Which names in use would mean another model."""
    model = there.models.get(row_id)
    try:
        there.models.change(row_id, _changes(flag, to), by, dry_run=True)
        names = []
    except NameWouldMove as error:
        names = error.facts["names"]
    words = {"visible": ("hidden", "shown"), "agents_enabled": ("taken from agents", "given to agents")}[flag][to]
    return render.page(request, "models/confirm.html", model=model, names=names, words=words, flag=flag, to=to)


def _changes(flag: Flag, to: bool) -> ModelChanges:
    return ModelChanges(visible=to) if flag == "visible" else ModelChanges(agents_enabled=to)
