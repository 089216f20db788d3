"""`/admin/aliases/rollout`: giving a share of an alias's keys another model; who moves, stopping and finishing."""

from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.bodies import said
from model_lineup.api.dependencies import There
from model_lineup.api.rollouts import RolloutBody
from model_lineup.catalog.shapes import Alias
from model_lineup.changes.rollouts.shapes import NewRollout, RolloutState
from model_lineup.errors import InvalidInput, LineupError
from model_lineup.panel import render
from model_lineup.panel.aliases.entered import model_of
from model_lineup.panel.aliases.one import Name, Target, found
from model_lineup.panel.forms import Form, said_of_fields, validated
from model_lineup.panel.pages import pages
from model_lineup.panel.visitors import AsAdmin, AsViewer, By, Sent
from model_lineup.rooms import Rooms

router = pages("/aliases")
FIELDS = ("to", "share", "sticky")
SHOWN = 100
"""Keys that move, and keys that stay, that the page names."""


@router.get("/rollout")
def rollout_page(request: Request, there: There, _: AsViewer, name: Name, model: Target) -> Response:
    alias = found(there, name, model)
    rollout = alias.rollout
    if rollout is None:
        return _page(request, alias, Form({"share": ["10"]}))
    held: dict[str, list[str]] = {
        "to": [str(rollout.model.id)],
        "share": [f"{rollout.share:g}"],
        "sticky": [rollout.sticky],
    }
    return _page(request, alias, Form(held), there.rollouts.get(model, name, limit=SHOWN, offset=0))


@router.post("/rollout")
def roll_out(request: Request, form: Sent, there: There, _: AsAdmin, by: By, name: Name, model: Target) -> Response:
    """First whom it moves, then with `step` apply the rollout; `stop` and `finish` end it at once."""
    alias, step, version = found(there, name, model), form.text("step"), form.whole("version")
    try:
        if step in ("stop", "finish"):
            end = there.rollouts.stop if step == "stop" else there.rollouts.finish
            ended, receipt = end(model, name, by, if_match=version)
            say = f"{name} leads to {ended.model.display_name[:100]}, for everybody."
            return render.go(request, _path(ended), say=say, undo=receipt.change_id)
        new = _new(there, form)
        is_meant = step == "apply"
        options: dict[str, Any] = {"if_match": version, "dry_run": not is_meant}
        state, receipt = there.rollouts.set(model, name, new, by, **options)
    except LineupError as error:
        if error.status >= 500:
            raise
        return _page(request, alias, form, _standing(there, alias), error=error)
    if not is_meant:
        return _page(request, alias, form, state, is_preview=True)
    return render.go(request, _path(state.alias), say=f"{name}: rolled out.", undo=receipt.change_id)


def _new(there: Rooms, form: Form) -> NewRollout:
    """Raises InvalidInput, NotFound, Conflict."""
    try:
        share: Any = float(form.text("share").replace(",", "."))
    except ValueError:
        raise InvalidInput.at("share", "a number of percent, 0.01 to 100") from None
    target = model_of(there, form.text("to")[:512].strip(), "to").id
    told = {"id": target, "share": share, "sticky": form.text("sticky") or "key", "gate": form.flag("gate")}
    values = said(validated(RolloutBody, told))
    return NewRollout(target=values.pop("id"), **values)


def _standing(there: Rooms, alias: Alias) -> RolloutState | None:
    if alias.rollout is None:
        return None
    return there.rollouts.get(alias.model.id, alias.alias, limit=SHOWN, offset=0)


def _path(alias: Alias) -> str:
    return f"/aliases/one?{urlencode({'alias': alias.alias, 'model': alias.model.id})}"


def _page(
    request: Request,
    alias: Alias,
    form: Form,
    state: RolloutState | None = None,
    *,
    is_preview: bool = False,
    error: LineupError | None = None,
) -> Response:
    return render.page(
        request,
        "aliases/rollout.html",
        status=200 if error is None else error.status,
        alias=alias,
        values={field: form.text(field)[:512] for field in FIELDS} | {"gate": form.flag("gate")},
        state=state,
        is_preview=is_preview,
        error=error,
        errors={} if error is None else said_of_fields(error),
        query=urlencode({"alias": alias.alias, "model": alias.model.id}),
        path=_path(alias),
    )
