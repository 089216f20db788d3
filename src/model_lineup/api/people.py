"""People: `/api/admin/people`."""

from typing import Any, Literal

import msgspec
from pydantic import Field
from starlette.responses import Response

from model_lineup.access.actor import Role
from model_lineup.access.shapes import NewPerson, Person, PersonChanges
from model_lineup.api.answers import answer, documented, done, etag, written
from model_lineup.api.bodies import Body, Email, GroupIds, NewPassword, Patch, said
from model_lineup.api.dependencies import AsAdmin, AsViewer, By, IfMatch, Limit, Offset, PathId, There, version_wanted
from model_lineup.api.strict import noun

router = noun("People", "/api/admin/people", follows_configuration=True)
RoleName = Literal["admin", "viewer", "user"]


class NewPersonBody(Body):
    email: Email
    role: RoleName
    password: NewPassword | None = None
    disabled: bool = False
    groups: GroupIds = Field(default_factory=list)


class PersonPatch(Patch):
    """Only what is said changes."""

    email: Email = ""
    role: RoleName = "user"
    password: NewPassword = ""
    disabled: bool = False
    groups: GroupIds = Field(default_factory=list)
    forget_sign_on: bool = Field(
        False,
        description="Unbind the account for single sign-on; sessions end, and it opens nothing any more.",
    )


class PersonPage(msgspec.Struct, frozen=True):
    people: list[Person]
    total: int
    limit: int
    offset: int


@router.get("", responses=documented(PersonPage))
def list_people(there: There, _: AsViewer, limit: Limit = 100, offset: Offset = 0) -> Response:
    """Everybody who may sign in."""
    found, total = there.people.page(limit=limit, offset=offset)
    return answer(PersonPage(found, total, limit, offset))


@router.post("", status_code=201, responses=documented(Person, status=201, with_receipt=True))
def create_person(body: NewPersonBody, there: There, _: AsAdmin, by: By) -> Response:
    """Without a password the person cannot sign in yet."""
    new = NewPerson(
        email=body.email,
        role=Role(body.role),
        password=body.password,
        disabled=body.disabled,
        groups=body.groups,
    )
    person, receipt = there.people.create(new, by)
    location = {"location": f"/api/admin/people/{person.id}", **etag(person.id, person.version)}
    return written(person, receipt, status=201, headers=location)


@router.get("/{person_id:row}", responses=documented(Person))
def get_person(person_id: PathId, there: There, _: AsViewer) -> Response:
    person = there.people.get(person_id)
    return answer(person, headers=etag(person.id, person.version))


@router.put("/{person_id:row}", responses=documented(Person, with_receipt=True))
def change_person(
    person_id: PathId, body: PersonPatch, there: There, _: AsAdmin, by: By, if_match: IfMatch = None
) -> Response:
    """Disabling ends the person's sessions and keys; a new password, and `forget_sign_on`, the sessions."""
    values: dict[str, Any] = said(body)
    if "role" in values:
        values["role"] = Role(values["role"])
    wanted = version_wanted(person_id, if_match)
    person, receipt = there.people.change(person_id, PersonChanges(**values), by, if_match=wanted)
    return written(person, receipt, headers=etag(person.id, person.version))


@router.delete("/{person_id:row}", status_code=204)
def delete_person(person_id: PathId, there: There, _: AsAdmin, by: By) -> Response:
    """Sessions and keys of the person stop working at once."""
    return done(there.people.delete(person_id, by))
