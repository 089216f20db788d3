"""A new alias, with a check while it is typed that is the rehearsal of making it."""

import contextlib
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.aliases import NewAliasBody
from model_lineup.api.bodies import said
from model_lineup.api.dependencies import There
from model_lineup.catalog.shapes import NewAlias
from model_lineup.errors import AliasShadowsModel, LineupError, NameWouldMove
from model_lineup.panel import render
from model_lineup.panel.aliases.entered import conflict, entered, fallbacks_of, model_of, pickers
from model_lineup.panel.forms import Form, said_of_fields, validated
from model_lineup.panel.models.picking import moved, settled
from model_lineup.panel.pages import pages
from model_lineup.panel.visitors import AsAdmin, By, Sent
from model_lineup.rooms import Rooms

router = pages("/aliases")
ASKED: dict[type[LineupError], str] = {AliasShadowsModel: "allow_shadow", NameWouldMove: "confirm"}
"""What is refused unless it is said to be meant, and the field that says so."""


@router.get("/new")
def new_page(request: Request, there: There, _: AsAdmin) -> Response:
    """`?model=` chooses where it leads."""
    return _page(request, there, Form({"model": [request.query_params.get("model", "")[:512]]}))


@router.post("/check")
def check(request: Request, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    """Whether this alias can be made, in one line."""
    wrong, model = "", None
    with contextlib.suppress(LineupError):  # still being searched for
        form = settled(there, form, "model")
    values = entered(form)
    if values["model"]:
        try:
            model = model_of(there, values["model"])
        except LineupError as error:
            wrong = error.detail
    if model is not None and values["alias"]:
        wrong = conflict(there, by, values["alias"], model)
    ready = model is not None and bool(values["alias"])
    return render.fragment(request, "aliases/_check.html", wrong=wrong, model=model, ready=ready)


@router.post("/new")
def make(request: Request, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    if form.text("up"):
        return _page(request, there, moved(form))
    try:
        form = settled(there, form, "model", "fallbacks")
        values = entered(form)
        model = model_of(there, values["model"])
        told: dict[str, Any] = {"alias": values["alias"], "description": values["description"] or None}
        told |= {"fallbacks": fallbacks_of(there, values["fallbacks"]), "allow_shadow": form.flag("allow_shadow")}
        told |= {"groups": form.wholes("groups")}
        new = NewAlias(**said(validated(NewAliasBody, told)))
        alias, receipt = there.aliases.create(model.id, new, by, confirm=form.flag("confirm"))
    except LineupError as error:
        if error.status >= 500:
            raise
        return _page(request, there, form, error)
    say = f"{alias.alias} leads to {alias.model.display_name[:100]}."
    return render.go(request, "/aliases", say=say, undo=receipt.change_id)


def _page(request: Request, there: Rooms, form: Form, error: LineupError | None = None) -> Response:
    return render.page(
        request,
        "aliases/new.html",
        status=200 if error is None else error.status,
        values=entered(form),
        pickers=pickers(there, form),
        all_groups=there.groups.names(),
        chosen=form.wholes("groups"),
        error=error,
        errors={} if error is None else said_of_fields(error),
        asks="" if error is None else ASKED.get(type(error), ""),
    )
