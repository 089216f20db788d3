"""The first administrator, by the single-use token of the link that the first start prints."""

from typing import Annotated

from fastapi import Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.access.shapes import Person
from model_lineup.api.answers import answer, documented
from model_lineup.api.bodies import Body, Email, Line, NewPassword
from model_lineup.api.dependencies import Anybody, From, There, claim_of
from model_lineup.api.strict import noun
from model_lineup.rooms import Rooms
from model_lineup.security.visit import Visit
from model_lineup.settings import SETUP_LINK_FILE

router = noun("Set-up")
Token = Annotated[str, Query(max_length=200)]


class SetupBody(Body):
    token: Annotated[Line, Field(max_length=200)]
    email: Email
    password: NewPassword


@router.post("/api/setup", status_code=201, responses=documented(Person, status=201))
def set_up(body: SetupBody, request: Request, there: There, here: From, _: Anybody) -> Response:
    """Use the set-up link's token to create the first administrator."""
    return answer(use_link(there, body.token, body.email, body.password, here, claim_of(request)), status=201)


def use_link(there: Rooms, token: str, email: str, password: str, here: Visit, claim: str | None = None) -> Person:
    """Create the administrator; the file that held the link has served its purpose."""
    person = there.people.use_setup_link(token, email, password, here, claim)
    (there.settings.data_dir / SETUP_LINK_FILE).unlink(missing_ok=True)
    return person
