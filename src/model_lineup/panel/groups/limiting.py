"""Who may use a model or an alias: the groups that it is limited to, or everybody."""

from typing import Annotated, NamedTuple
from urllib.parse import urlencode

from fastapi import Query
from msgspec import UnsetType
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.bodies import MOST_INTEGER, Line
from model_lineup.api.dependencies import PathId, There
from model_lineup.catalog.shapes import AliasChanges, ModelChanges
from model_lineup.errors import LineupError, NotFound
from model_lineup.journal.shapes import Impact
from model_lineup.panel.pages import pages
from model_lineup.panel.render import go, page
from model_lineup.panel.visitors import AsAdmin, By, Sent
from model_lineup.rooms import Rooms

router = pages("")
REFUSED = (412, 422)
AliasName = Annotated[Line, Query(alias="alias", max_length=128)]
ModelRow = Annotated[int, Query(alias="model", ge=1, le=MOST_INTEGER)]


class Looked(NamedTuple):
    """What was ticked, and what that would do."""

    chosen: list[int]
    impact: Impact | UnsetType


@router.get("/models/{row_id:row}/groups")
def of_model(request: Request, row_id: PathId, there: There, _: AsAdmin) -> Response:
    return _of_model(request, there, row_id)


@router.post("/models/{row_id:row}/groups")
def limit_model(request: Request, row_id: PathId, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    try:
        wanted, only_look = form.wholes("groups"), form.flag("preview")
        changes = ModelChanges(groups=wanted)
        model, receipt = there.models.change(row_id, changes, by, if_match=form.whole("version"), dry_run=only_look)
        if only_look:
            return _of_model(request, there, row_id, looked=Looked(wanted, receipt.impact))
    except LineupError as error:
        if error.status not in REFUSED:
            raise
        return _of_model(request, there, row_id, error)
    whom = f"for {len(model.groups)} group(s)" if model.groups else "for everybody"
    say = f"{model.display_name[:100]} is {whom}: this holds on the next request."
    return go(request, f"/models/{row_id}", say=say, undo=receipt.change_id)


@router.get("/aliases/groups")
def of_alias(request: Request, there: There, _: AsAdmin, alias: AliasName, model: ModelRow) -> Response:
    return _of_alias(request, there, alias, model)


@router.post("/aliases/groups")
def limit_alias(
    request: Request, form: Sent, there: There, _: AsAdmin, by: By, alias: AliasName, model: ModelRow
) -> Response:
    try:
        wanted, only_look = form.wholes("groups"), form.flag("preview")
        changes = AliasChanges(groups=wanted)
        changed, receipt = there.aliases.change(model, alias, changes, by, dry_run=only_look)
        if only_look:
            return _of_alias(request, there, alias, model, looked=Looked(wanted, receipt.impact))
    except LineupError as error:
        if error.status not in REFUSED:
            raise
        return _of_alias(request, there, alias, model, error)
    whom = f"for {len(changed.groups)} group(s)" if changed.groups else "for everybody"
    return go(request, "/aliases", say=f"{alias} is {whom}: this holds on the next request.", undo=receipt.change_id)


def _of_model(
    request: Request, there: Rooms, row_id: int, error: LineupError | None = None, looked: Looked | None = None
) -> Response:
    model = there.models.get(row_id)
    at, more = f"/models/{row_id}", {"version": model.version}
    return _page(request, there, model.display_name, model.groups, f"{at}/groups", at, error, looked, **more)


def _of_alias(
    request: Request,
    there: Rooms,
    alias: str,
    row: int,
    error: LineupError | None = None,
    looked: Looked | None = None,
) -> Response:
    found = next((one for one in there.aliases.of_model(row) if one.alias == alias), None)
    if found is None:
        raise NotFound(f"Model {row} has no alias {alias!r}.", alias=alias)
    at = urlencode({"alias": alias, "model": row})
    return _page(request, there, alias, found.groups, f"/aliases/groups?{at}", f"/aliases/one?{at}", error, looked)


def _page(
    request: Request,
    there: Rooms,
    what: str,
    groups: list[int],
    action: str,
    back: str,
    error: LineupError | None,
    looked: Looked | None,
    version: int | None = None,
) -> Response:
    return page(
        request,
        "groups/limit.html",
        status=200 if error is None else error.status,
        what=what,
        chosen=groups if looked is None else looked.chosen,
        impact=None if looked is None else looked.impact,
        all_groups=there.groups.names(),
        action=action,
        back=back,
        version=version,
        error=error,
    )
