"""Groups: who belongs to them, what they share, and what they see."""

from typing import Annotated, Any

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.access.groups.shapes import Group, GroupChanges, NewGroup, Who
from model_lineup.access.shapes import Limits
from model_lineup.api.bodies import MOST_INTEGER, said
from model_lineup.api.dependencies import PathId, There
from model_lineup.api.groups import GroupPatch, NewGroupBody
from model_lineup.errors import LineupError
from model_lineup.panel.forms import Form, said_of_fields, validated
from model_lineup.panel.keys import LIMITS, limits_of
from model_lineup.panel.pages import pages
from model_lineup.panel.render import go, page
from model_lineup.panel.visitors import AsAdmin, AsViewer, By, Sent
from model_lineup.rooms import Rooms

router = pages("/groups")
AT_ONCE = 50
FirstRow = Annotated[int, Query(alias="offset", ge=0, le=MOST_INTEGER)]
REFUSED = (404, 409, 412, 422)


@router.get("")
def listing(request: Request, there: There, _: AsViewer, first: FirstRow = 0) -> Response:
    found = there.groups.page(limit=AT_ONCE, offset=first)
    return page(request, "groups/list.html", groups=found.groups, total=found.total, offset=first, limit=AT_ONCE)


@router.get("/new")
def new(request: Request, _: AsAdmin) -> Response:
    return _form(request, {})


@router.post("/new")
def add(request: Request, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    values = _entered(form)
    try:
        body = validated(NewGroupBody, _said(form, values))
        limits = Limits(**body.limits.model_dump())
        group, receipt = there.groups.create(NewGroup(name=body.name, description=body.description, limits=limits), by)
    except LineupError as error:
        return _form(request, values, error)
    return go(
        request, f"/groups/{group.id}", say=f"{group.name} is there. Add who belongs to it.", undo=receipt.change_id
    )


@router.get("/{group_id:row}")
def show(request: Request, group_id: PathId, there: There, _: AsViewer, first: FirstRow = 0) -> Response:
    return _page(request, there, there.groups.get(group_id), first=first)


@router.post("/{group_id:row}")
def change(request: Request, group_id: PathId, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    values = _entered(form)
    try:
        asked = said(validated(GroupPatch, _said(form, values)))
        asked["limits"] = Limits(**asked["limits"].model_dump())
        group, receipt = there.groups.change(group_id, GroupChanges(**asked), by, if_match=form.whole("version") or 0)
    except LineupError as error:
        if error.status not in REFUSED:
            raise
        return _page(request, there, there.groups.get(group_id), values=values, error=error)
    done = "is changed: this holds on the next request" if receipt.change_id else "was like that already"
    return go(request, f"/groups/{group_id}", say=f"{group.name} {done}.", undo=receipt.change_id)


@router.post("/{group_id:row}/members")
def add_member(request: Request, group_id: PathId, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    """A person by address, or a key by name or id."""
    whom = form.text("whom")
    try:
        result = there.groups.add_members(group_id, there.groups.whom(whom), by)
    except LineupError as error:
        if error.status not in REFUSED:
            raise
        return _page(request, there, there.groups.get(group_id), whom=whom, error=error)
    done = "belongs to it: this holds on the next request" if result.changed else "belonged to it already"
    return go(request, f"/groups/{group_id}", say=f"{whom[:100]} {done}.", undo=result.change_id)


@router.post("/{group_id:row}/members/remove")
def remove_member(request: Request, group_id: PathId, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    """At once where nobody loses sight of anything by it; else a page first says who would."""
    who = Who(people=form.wholes("person"), keys=form.wholes("key"))
    if not form.flag("confirm"):
        losing = there.groups.remove_members(group_id, who, by, dry_run=True).impact
        if losing and losing.losing and (losing.losing.people or losing.losing.keys):
            group = there.groups.get(group_id)
            return page(request, "groups/remove.html", group=group, who=who, impact=losing)
    result = there.groups.remove_members(group_id, who, by)
    say = "One member less: this holds on the next request."
    return go(request, f"/groups/{group_id}", say=say, undo=result.change_id)


@router.get("/{group_id:row}/delete")
def ask_about_deletion(request: Request, group_id: PathId, there: There, _: AsAdmin) -> Response:
    return page(request, "groups/delete.html", group=there.groups.get(group_id), error=None)


@router.post("/{group_id:row}/delete")
def delete(request: Request, group_id: PathId, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    group = there.groups.get(group_id)
    try:
        receipt = there.groups.delete(group_id, by)
    except LineupError as error:
        if error.status not in REFUSED:
            raise
        return page(request, "groups/delete.html", status=error.status, group=group, error=error)
    return go(request, "/groups", say=f"{group.name} is deleted.", undo=receipt.change_id)


def _entered(form: Form) -> dict[str, str]:
    return {field: form.text(field) for field in ("name", "description", *dict(LIMITS))}


def _said(form: Form, values: dict[str, str]) -> dict[str, Any]:
    """As the API's bodies have it. Raises InvalidInput."""
    return {"name": values["name"], "description": values["description"] or None, "limits": limits_of(form)}


def _texts(group: Group) -> dict[str, str]:
    limits = {name: getattr(group.limits, name) for name, _ in LIMITS}
    numbers = {name: "" if value is None else f"{value:.15g}" for name, value in limits.items()}
    return {"name": group.name, "description": group.description or "", **numbers}


def _form(request: Request, values: dict[str, str], error: LineupError | None = None) -> Response:
    """Raises the error again where no form can help."""
    if error is not None and error.status not in REFUSED:
        raise error
    errors = {} if error is None else said_of_fields(error)
    status = 200 if error is None else error.status
    return page(request, "groups/new.html", status=status, values=values, limits=LIMITS, error=error, errors=errors)


def _page(
    request: Request,
    there: Rooms,
    group: Group,
    *,
    first: int = 0,
    values: dict[str, str] | None = None,
    whom: str = "",
    error: LineupError | None = None,
) -> Response:
    return page(
        request,
        "groups/one.html",
        status=200 if error is None else error.status,
        group=group,
        members=there.groups.members(group.id, limit=AT_ONCE, offset=first),
        values=values or _texts(group),
        limits=LIMITS,
        whom=whom,
        error=error,
        errors={} if error is None or whom else said_of_fields(error),
    )
