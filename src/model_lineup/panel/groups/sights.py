"""What somebody sees: of a person, a key or a group every name there is, and why it may be used or not."""

from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.access.callers import CallerKind
from model_lineup.api.bodies import MOST_INTEGER, Line
from model_lineup.api.dependencies import PathId, There
from model_lineup.catalog.rollouts import of_caller
from model_lineup.panel.pages import pages
from model_lineup.panel.render import page
from model_lineup.panel.visitors import AsViewer
from model_lineup.routing.sights import SightPage

router = pages("")
AT_ONCE = 100
FirstRow = Annotated[int, Query(alias="offset", ge=0, le=MOST_INTEGER)]
Part = Annotated[Line, Query(max_length=100)]


@router.get("/people/{person_id:row}/sees")
def of_person(
    request: Request, person_id: PathId, there: There, _: AsViewer, q: Part = "", first: FirstRow = 0
) -> Response:
    person = there.people.get(person_id)
    seen = there.sights.of(
        "user", frozenset(person.groups), q=q, who=of_caller(0, person_id), limit=AT_ONCE, offset=first
    )
    return _page(request, seen, f"/people/{person_id}", person.email, q)


@router.get("/keys/{key_id:row}/sees")
def of_key(request: Request, key_id: PathId, there: There, _: AsViewer, q: Part = "", first: FirstRow = 0) -> Response:
    key = there.keys.get(key_id)
    groups = frozenset((*key.groups, *key.owners_groups))
    kind: CallerKind = "agent" if key.kind == "agent" else "user"
    who = of_caller(key.id, key.owner_id)
    seen = there.sights.of(kind, groups, q=q, who=who, limit=AT_ONCE, offset=first)
    return _page(request, seen, f"/keys/{key_id}", key.name, q)


@router.get("/groups/{group_id:row}/sees")
def of_group(
    request: Request, group_id: PathId, there: There, _: AsViewer, q: Part = "", first: FirstRow = 0
) -> Response:
    group = there.groups.get(group_id)
    seen = there.sights.of("user", frozenset({group.id}), q=q, limit=AT_ONCE, offset=first)
    return _page(request, seen, f"/groups/{group_id}", group.name, q)


def _page(request: Request, seen: SightPage, back: str, who: str, q: str) -> Response:
    return page(request, "groups/sees.html", seen=seen, back=back, who=who, q=q)
