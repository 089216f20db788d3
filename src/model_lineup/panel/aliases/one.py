"""One alias: where it leads and who uses it; pointing it elsewhere or deleting it, each after a preview."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.bodies import MOST_INTEGER
from model_lineup.api.dependencies import There
from model_lineup.api.terminating import end_running
from model_lineup.catalog.shapes import Alias, AliasChanges
from model_lineup.errors import LineupError, NameWouldMove, NotFound
from model_lineup.panel import render
from model_lineup.panel.aliases.entered import entered, fallbacks_of, model_of, pickers
from model_lineup.panel.aliases.used import requests_of
from model_lineup.panel.forms import Form, said_of_fields
from model_lineup.panel.models.picking import moved, settled
from model_lineup.panel.pages import pages
from model_lineup.panel.visitors import AsAdmin, AsViewer, By, Sent
from model_lineup.rooms import Rooms

router = pages("/aliases")
Name = Annotated[str, Query(alias="alias", max_length=128)]
Target = Annotated[int, Query(alias="model", ge=1, le=MOST_INTEGER)]


@router.get("/one")
def alias_page(request: Request, there: There, _: AsViewer, name: Name, model: Target) -> Response:
    """`model`: the number of the model that it leads to."""
    alias = found(there, name, model)
    fallbacks = [str(one.id) for one in alias.fallbacks]
    said = {"model": [str(alias.model.id)], "description": [alias.description or ""], "fallbacks": fallbacks}
    return _page(request, there, alias, Form(said))


@router.post("/one")
def change(request: Request, form: Sent, there: There, _: AsAdmin, by: By, name: Name, model: Target) -> Response:
    """First the rehearsal, then with `apply` the change."""
    alias = found(there, name, model)
    if form.text("up"):
        return _page(request, there, alias, moved(form))
    try:
        form = settled(there, form, "model", "fallbacks")
        values = entered(form)
        changes = AliasChanges(
            target=model_of(there, values["model"]).id,
            description=values["description"] or None,
            fallbacks=fallbacks_of(there, values["fallbacks"]),
        )
        is_meant = form.flag("apply")
        confirm = form.flag("confirm")
        after, receipt = there.aliases.change(model, name, changes, by, confirm=confirm, dry_run=not is_meant)
    except LineupError as error:
        if error.status >= 500:
            raise
        return _page(request, there, alias, form, error)
    if not is_meant:
        more: dict[str, Any] = {
            "alias": alias,
            "after": after,
            "values": values,
            "impact": receipt.impact,
            "confirm": confirm,
        }
        return render.page(request, "aliases/preview.html", used=requests_of(there, name), **more)
    if form.flag("terminate"):
        end_running(there, receipt.revision, aliases=[name])
    say = f"{name} leads to {after.model.display_name[:100]}."
    return render.go(request, "/aliases", say=say, undo=receipt.change_id)


@router.post("/delete")
def delete(request: Request, form: Sent, there: There, _: AsAdmin, by: By, name: Name, model: Target) -> Response:
    """First whom it meets, then with `apply` the deletion."""
    alias, moves = found(there, name, model), None
    if form.flag("apply"):
        receipt = there.aliases.delete(model, name, by, confirm=form.flag("confirm"))
        if form.flag("terminate"):
            end_running(there, receipt.revision, aliases=[name])
        return render.go(request, "/aliases", say=f"{name} was deleted. The name is free.", undo=receipt.change_id)
    try:
        receipt = there.aliases.delete(model, name, by, dry_run=True)
    except NameWouldMove as error:
        moves = error
        receipt = there.aliases.delete(model, name, by, dry_run=True, confirm=True)
    shown: dict[str, Any] = {"alias": alias, "moves": moves, "impact": receipt.impact, "used": requests_of(there, name)}
    return render.page(request, "aliases/delete.html", **shown)


def found(there: Rooms, name: str, model: int) -> Alias:
    found = next((one for one in there.aliases.of_model(model) if one.alias == name), None)
    if found is None:
        raise NotFound(f"Model {model} has no alias {name!r} any more.", alias=name)
    return found


def _page(request: Request, there: Rooms, alias: Alias, form: Form, error: LineupError | None = None) -> Response:
    return render.page(
        request,
        "aliases/one.html",
        status=200 if error is None else error.status,
        alias=alias,
        values=entered(form),
        pickers=pickers(there, form),
        used=requests_of(there, alias.alias),
        error=error,
        asks=isinstance(error, NameWouldMove),
        errors={} if error is None else said_of_fields(error),
        group_names=there.groups.names() if alias.groups else {},
        query=urlencode({"alias": alias.alias, "model": alias.model.id}),
    )
