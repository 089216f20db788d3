"""What signed-in people may choose from: `/api/models`, the list of `/v1/models` with names for people."""

from typing import Annotated, Literal

from fastapi import Query
from starlette.responses import Response

from model_lineup.api.answers import answer, documented
from model_lineup.api.bodies import Line
from model_lineup.api.dependencies import AsUser, Limit, Offset, There
from model_lineup.api.strict import noun
from model_lineup.routing.route import Choice

router = noun("Choosing a model", follows_configuration=True)
As = Annotated[Literal["user", "agent"], Query(alias="as", description="Whose key is going to call.")]
Part = Annotated[Line, Query(min_length=1, max_length=100, description="Part of a name or a display name.")]


@router.get("/api/models", responses=documented(Choice))
def choose(
    there: There, actor: AsUser, as_: As = "user", q: Part | None = None, limit: Limit = 100, offset: Offset = 0
) -> Response:
    """The names that `/v1` answers to, for a selector: what is hidden, switched off or not listed is not in it.

    Nor what is limited to groups that the person does not belong to; an admin key of nobody gets the names of all."""
    groups = None if actor.person_id is None else there.groups.of_person(actor.person_id)
    return answer(there.routes.choice(as_, groups=groups, search=q or "", limit=limit, offset=offset))
