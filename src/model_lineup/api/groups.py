"""Groups of people and keys: `/api/admin/groups`."""

from typing import Annotated, Any

from pydantic import Field
from starlette.responses import Response

from model_lineup.access.groups.groups import MEMBERS_AT_ONCE
from model_lineup.access.groups.shapes import (
    Group,
    GroupChanges,
    GroupPage,
    MemberPage,
    MembersChanged,
    NewGroup,
    Who,
)
from model_lineup.access.shapes import Limits
from model_lineup.api.answers import answer, documented, done, etag, receipt_headers, rehearsed, written
from model_lineup.api.bodies import Body, Description, Line, Patch, RowId, said
from model_lineup.api.dependencies import (
    AsAdmin,
    AsViewer,
    By,
    DryRun,
    IfMatch,
    Limit,
    Offset,
    PathId,
    There,
    version_wanted,
)
from model_lineup.api.keys import LimitsBody
from model_lineup.api.strict import noun
from model_lineup.journal.shapes import Receipt

router = noun("Groups", "/api/admin/groups", follows_configuration=True)
GroupName = Annotated[Line, Field(min_length=1, max_length=100)]
Members = Annotated[list[RowId], Field(max_length=MEMBERS_AT_ONCE)]


class NewGroupBody(Body):
    """`limits` are shared by all who belong to the group: what one uses is gone for the others."""

    name: GroupName
    description: Description | None = None
    limits: LimitsBody = LimitsBody()


class GroupPatch(Patch):
    """Only what is said changes; null takes the description or the limits away. Limits replace all of them."""

    name: GroupName = ""
    description: Description | None = None
    limits: LimitsBody | None = None


class MembersBody(Body):
    """Ids of people, and of user and agent keys."""

    people: Members = Field(default_factory=list)
    keys: Members = Field(default_factory=list)


@router.get("", responses=documented(GroupPage))
def list_groups(there: There, _: AsViewer, limit: Limit = 100, offset: Offset = 0) -> Response:
    """All groups by name, with how many belong to each and how much is limited to it."""
    return answer(there.groups.page(limit=limit, offset=offset))


@router.post("", status_code=201, responses=documented(Group, status=201, with_receipt=True))
def create_group(body: NewGroupBody, there: There, _: AsAdmin, by: By) -> Response:
    """An empty group. Nothing is limited to it until a model or an alias says so."""
    group, receipt = there.groups.create(NewGroup(**_fields(body)), by)
    headers = {"location": f"/api/admin/groups/{group.id}", **etag(group.id, group.version)}
    return written(group, receipt, status=201, headers=headers)


@router.get("/{group_id:row}", responses=documented(Group))
def get_group(group_id: PathId, there: There, _: AsViewer) -> Response:
    group = there.groups.get(group_id)
    return answer(group, headers=etag(group.id, group.version))


@router.put("/{group_id:row}", responses=documented(Group, with_receipt=True))
def change_group(
    group_id: PathId,
    body: GroupPatch,
    there: There,
    _: AsAdmin,
    by: By,
    if_match: IfMatch = None,
    dry_run: DryRun = False,
) -> Response:
    """Its name, description and limits. Models that are limited to it stay so under a new name."""
    changes, wanted = GroupChanges(**_fields(body)), version_wanted(group_id, if_match)
    group, receipt = there.groups.change(group_id, changes, by, if_match=wanted, dry_run=dry_run)
    return written(group, receipt, headers=etag(group.id, group.version))


@router.delete("/{group_id:row}", status_code=204, responses=rehearsed())
def delete_group(
    group_id: PathId, there: There, _: AsAdmin, by: By, if_match: IfMatch = None, dry_run: DryRun = False
) -> Response:
    """Refused with 409 while models or aliases are limited to it."""
    return done(there.groups.delete(group_id, by, if_match=version_wanted(group_id, if_match), dry_run=dry_run))


@router.get("/{group_id:row}/members", responses=documented(MemberPage))
def list_members(group_id: PathId, there: There, _: AsViewer, limit: Limit = 100, offset: Offset = 0) -> Response:
    """Who belongs to it: people, and keys that were put into it themselves. Keys of these people belong to it too."""
    return answer(there.groups.members(group_id, limit=limit, offset=offset))


@router.post("/{group_id:row}/members", responses=documented(MembersChanged))
def add_members(
    group_id: PathId, body: MembersBody, there: There, _: AsAdmin, by: By, dry_run: DryRun = False
) -> Response:
    """These people and keys belong to it too; all of them or none."""
    result = there.groups.add_members(group_id, Who(people=body.people, keys=body.keys), by, dry_run=dry_run)
    return answer(result, headers=_headers(result))


@router.post("/{group_id:row}/members/remove", responses=documented(MembersChanged))
def remove_members(
    group_id: PathId, body: MembersBody, there: There, _: AsAdmin, by: By, dry_run: DryRun = False
) -> Response:
    """These people and keys do not belong to it any more; all of them or none. It holds on the next request."""
    result = there.groups.remove_members(group_id, Who(people=body.people, keys=body.keys), by, dry_run=dry_run)
    return answer(result, headers=_headers(result))


def _fields(body: NewGroupBody | GroupPatch) -> dict[str, Any]:
    values = said(body)
    if values.get("limits") is not None:
        values["limits"] = Limits(**values["limits"].model_dump())
    return values


def _headers(result: MembersChanged) -> dict[str, str]:
    return receipt_headers(Receipt(result.revision, result.change_id))
