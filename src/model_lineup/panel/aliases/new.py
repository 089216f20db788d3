"""A new alias, with a check while it is typed that is the rehearsal of making it."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.aliases import NewAliasBody
from model_lineup.api.bodies import said
from model_lineup.api.dependencies import There
from model_lineup.catalog.shapes import NewAlias
from model_lineup.errors import AliasShadowsModel, LineupError, NameWouldMove
from model_lineup.panel import render
from model_lineup.panel.aliases.entered import FIELDS, conflict, entered, fallbacks_of, model_of
from model_lineup.panel.forms import said_of_fields, validated
from model_lineup.panel.pages import pages
from model_lineup.panel.visitors import AsAdmin, By, Sent

router = pages("/aliases")
ASKED: dict[type[LineupError], str] = {AliasShadowsModel: "allow_shadow", NameWouldMove: "confirm"}
"""What is refused unless it is said to be meant, and the field that says so."""


@router.get("/new")
def new_page(request: Request, there: There, _: AsAdmin) -> Response:
    """`?model=` chooses where it leads."""
    values = dict.fromkeys(FIELDS, "") | {"model": request.query_params.get("model", "")[:512]}
    return render.page(request, "aliases/new.html", values=values, error=None, errors={}, asks=False)


@router.post("/check")
def check(request: Request, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    """Whether this alias can be made, in one line."""
    values, wrong, model = entered(form), "", None
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
    values = entered(form)
    try:
        model = model_of(there, values["model"])
        told: dict[str, Any] = {"alias": values["alias"], "description": values["description"] or None}
        told |= {"fallbacks": fallbacks_of(there, values["fallbacks"]), "allow_shadow": form.flag("allow_shadow")}
        new = NewAlias(**said(validated(NewAliasBody, told)))
        alias, _receipt = there.aliases.create(model.id, new, by, confirm=form.flag("confirm"))
    except LineupError as error:
        if error.status >= 500:
            raise
        asks = ASKED.get(type(error), "")
        more: dict[str, Any] = {"values": values, "error": error, "errors": said_of_fields(error), "asks": asks}
        return render.page(request, "aliases/new.html", status=error.status, **more)
    return render.go(request, "/aliases", say=f"{alias.alias} leads to {alias.model.display_name[:100]}.")
