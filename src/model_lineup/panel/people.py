"""People: who may sign in, in which role."""

from typing import Annotated, Any

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.access.actor import Role
from model_lineup.access.shapes import NewPerson, Person, PersonChanges
from model_lineup.api.bodies import MOST_INTEGER, said
from model_lineup.api.dependencies import PathId, There
from model_lineup.api.people import NewPersonBody, PersonPatch
from model_lineup.errors import LineupError, PreconditionFailed
from model_lineup.panel.forms import Form, said_of_fields, validated
from model_lineup.panel.pages import pages
from model_lineup.panel.render import go, page
from model_lineup.panel.visitors import AsAdmin, AsViewer, By, Sent
from model_lineup.rooms import Rooms

router = pages("/people")
AT_ONCE = 50
FirstRow = Annotated[int, Query(alias="offset", ge=0, le=MOST_INTEGER)]
ROLES = (
    ("user", "user: own keys, and which models there are"),
    ("viewer", "viewer: sees everything, changes nothing"),
    ("admin", "admin: sees and changes everything"),
)
WAYS = {
    "none": "nothing yet",
    "password": "a password",  # nosec B105 - no password
    "single_sign_on": "single sign-on",
    "both": "a password, or single sign-on",
}
REFUSED = (409, 412, 422)


@router.get("")
def listing(request: Request, there: There, _: AsViewer, first: FirstRow = 0) -> Response:
    found, total = there.people.page(limit=AT_ONCE, offset=first)
    return page(request, "people/list.html", people=found, ways=WAYS, total=total, offset=first, limit=AT_ONCE)


@router.get("/new")
def new(request: Request, there: There, _: AsAdmin) -> Response:
    return _form(request, there, {"role": "user"}, groups=[])


@router.post("/new")
def add(request: Request, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    values = {"email": form.text("email"), "role": form.text("role")}
    try:
        body = validated(NewPersonBody, {**values, "password": form.raw("password") or None})
        groups = form.wholes("groups")
        new = NewPerson(email=body.email, role=Role(body.role), password=body.password, groups=groups)
        person, _receipt = there.people.create(new, by)
    except LineupError as error:
        return _form(request, there, values, error, groups=chosen_groups(form))
    return go(request, "/people", say=f"{person.email} may sign in." if body.password else f"{person.email} is added.")


@router.get("/{person_id:row}")
def show(request: Request, person_id: PathId, there: There, _: AsViewer) -> Response:
    person = there.people.get(person_id)
    values = {"email": person.email, "role": person.role.value}
    return _form(request, there, values, person=person, groups=person.groups)


@router.post("/{person_id:row}")
def change(request: Request, person_id: PathId, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    """Address and role; the password only where one was typed."""
    values: dict[str, Any] = {"email": form.text("email"), "role": form.text("role")}
    try:
        password = {"password": form.raw("password")} if form.raw("password") else {}
        asked = said(validated(PersonPatch, {**values, **password, "disabled": not form.flag("active")}))
        groups = {"groups": form.wholes("groups")} if "groups_shown" in form else {}
        asked["forget_sign_on"] = form.flag("forget_sign_on")
        changes = PersonChanges(**{**asked, **groups, "role": Role(asked["role"])})
        person, _receipt = there.people.change(person_id, changes, by, if_match=_version(form))
    except LineupError as error:
        return _form(request, there, values, error, there.people.get(person_id), groups=chosen_groups(form))
    return go(request, "/people", say=f"{person.email} is changed.")


@router.get("/{person_id:row}/delete")
def ask_about_deletion(request: Request, person_id: PathId, there: There, _: AsAdmin) -> Response:
    person = there.people.get(person_id)
    keys = there.keys.page(limit=1, offset=0, owner_id=person_id)[1]
    return page(request, "people/delete.html", person=person, keys=keys, error=None)


@router.post("/{person_id:row}/delete")
def delete(request: Request, person_id: PathId, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    person = there.people.get(person_id)
    try:
        there.people.delete(person_id, by)
    except LineupError as error:
        if error.status not in REFUSED:
            raise
        return page(request, "people/delete.html", status=error.status, person=person, keys=0, error=error)
    return go(request, "/people", say=f"{person.email} is deleted, and signed out everywhere.")


def _version(form: Form) -> int:
    return form.whole("version_now") or form.whole("version") or 0


def chosen_groups(form: Form) -> list[int]:
    """Those that are ticked, for a form that is shown again."""
    return [int(one) for one in form.many("groups") if one.isascii() and one.isdigit() and len(one) < 17]


def _claimed(there: Rooms, person: Person | None) -> str:
    """What single sign-on decides about this person at each sign-in, in words; empty for nothing."""
    rules = there.sign_on.rules
    if rules is None or person is None or person.sign_in not in ("single_sign_on", "both"):
        return ""
    names = there.groups.names().values()
    owned = [name for name in names if rules.welcome.owned is None or name.casefold() in rules.welcome.owned]
    groups = f"the groups {', '.join(owned)}" if owned and rules.groups_claim is not None else ""
    return " and ".join(one for one in ("the role" if rules.role_claim is not None else "", groups) if one)


def _form(
    request: Request,
    there: Rooms,
    values: dict[str, str],
    error: LineupError | None = None,
    person: Person | None = None,
    *,
    groups: list[int],
) -> Response:
    """Raises the error again where no form can help."""
    if error is not None and error.status not in REFUSED:
        raise error
    if isinstance(error, PreconditionFailed) and person is not None:
        state = "may not sign in" if person.disabled else "may sign in"
        now = f"It is now: {person.email}, {person.role.value}, {state}."
        error = PreconditionFailed(f"{now} What you entered is still here: saving again puts it over that.")
    errors = {} if error is None else said_of_fields(error)
    more: dict[str, Any] = {"values": values, "error": error, "errors": errors, "person": person, "roles": ROLES}
    more |= {"chosen": groups, "all_groups": there.groups.names(), "ways": WAYS}
    more |= {"claimed": _claimed(there, person)}
    return page(request, "people/form.html", status=200 if error is None else error.status, **more)
