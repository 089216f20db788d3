"""Who sees what: the names that a person, a key or a group may use, and who may use a name."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from model_lineup.api.answers import answer, documented
from model_lineup.api.bodies import Line
from model_lineup.api.dependencies import AsViewer, Limit, Offset, PathId, There
from model_lineup.api.strict import noun
from model_lineup.catalog.rollouts import of_caller
from model_lineup.routing.sights import SightPage, Viewers
from model_lineup.routing.standing import of_key

router = noun("Groups", "/api/admin", follows_configuration=True)
Seen = Annotated[bool | None, Query(description="Only names that it may use, or only those that it may not.")]
Part = Annotated[Line, Query(min_length=1, max_length=100, description="Part of a name.")]


@router.get("/people/{person_id:row}/models", responses=documented(SightPage))
def what_a_person_sees(
    person_id: PathId,
    there: There,
    _: AsViewer,
    seen: Seen = None,
    q: Part | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Response:
    """The names that lists show, whether a user's key of this person may use each, and why."""
    groups = frozenset(there.people.get(person_id).groups)
    who = of_caller(0, person_id)
    return answer(there.sights.of("user", groups, seen=seen, q=q or "", who=who, limit=limit, offset=offset))


@router.get("/keys/{key_id:row}/models", responses=documented(SightPage))
def what_a_key_sees(
    key_id: PathId,
    there: There,
    _: AsViewer,
    seen: Seen = None,
    q: Part | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Response:
    """The names that lists show, whether this key may use each, and why. Whether it is disabled is not asked."""
    kind, groups, who = of_key(there.keys.get(key_id))
    groups = groups or frozenset()
    return answer(there.sights.of(kind, groups, seen=seen, q=q or "", who=who, limit=limit, offset=offset))


@router.get("/groups/{group_id:row}/models", responses=documented(SightPage))
def what_a_group_sees(
    group_id: PathId,
    there: There,
    _: AsViewer,
    seen: Seen = None,
    q: Part | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Response:
    """The names that lists show, whether somebody of this group and no other may use each, and why."""
    groups = frozenset({there.groups.get(group_id).id})
    return answer(there.sights.of("user", groups, seen=seen, q=q or "", limit=limit, offset=offset))


@router.get("/who-sees", responses=documented(Viewers))
def who_sees(
    there: There,
    _: AsViewer,
    name: Annotated[Line, Query(min_length=1, max_length=1_024, description="What a caller puts into `model`.")],
) -> Response:
    """Which people and keys may use this name."""
    return answer(there.sights.who(name))
