"""The security log: who came to the doors, and what was done to people and keys."""

from typing import Annotated

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from model_lineup.api.answers import answer, documented
from model_lineup.api.bodies import Line, Moment
from model_lineup.api.dependencies import AsViewer, Limit, Offset, There
from model_lineup.api.strict import noun
from model_lineup.errors import InvalidInput
from model_lineup.security.shapes import SecurityEvent, SecurityPage

router = noun("Security log", "/api/admin/security-log")


@router.get("", responses=documented(SecurityPage))
def list_security_events(
    there: There,
    _: AsViewer,
    limit: Limit = 100,
    offset: Offset = 0,
    event: Annotated[SecurityEvent | None, Query(description="Only this sort of event.")] = None,
    actor: Annotated[
        Annotated[Line, Field(min_length=1, max_length=300)] | None,
        Query(description="Exactly this person or key, as entries name it."),
    ] = None,
    since: Annotated[Moment | None, Query(description="Not older than this moment, like 2030-01-31T12:00:00Z.")] = None,
) -> Response:
    """Sign-ins, refusals, and what was done to people and keys, newest first; kept for `LINEUP_SECURITY_LOG_DAYS`."""
    if since is not None and since.tzinfo is None:
        raise InvalidInput.at("since", "a time needs its zone, like 2030-01-31T12:00:00Z")
    return answer(there.security.page(limit=limit, offset=offset, event=event, actor=actor, since=since))
