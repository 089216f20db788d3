"""The page behind the single-use link of the first start: it makes the first administrator, and signs him in."""

import asyncio
from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.dependencies import Anybody, From, There
from model_lineup.api.setup import use_link
from model_lineup.errors import DuplicatePerson, InvalidInput, LineupError, PasswordsBusy, SetupDone, SignInThrottled
from model_lineup.panel import cookies
from model_lineup.panel.forms import said_of_fields
from model_lineup.panel.pages import pages
from model_lineup.panel.render import go, page
from model_lineup.panel.visitors import Sent

router = pages()
Token = Annotated[str, Query(max_length=200)]


@router.get("/setup")
def setup_page(request: Request, there: There, _: Anybody, token: Token = "") -> Response:  # nosec B107 - a link
    """The form, while the link is valid."""
    if not there.people.setup_link_is_valid(token):
        return page(request, "setup/used.html", status=403)
    return page(request, "setup/page.html", token=token, email="", error=None, errors={})


@router.post("/setup")
async def set_up(
    request: Request,
    form: Sent,
    there: There,
    here: From,
    _: Anybody,
    token: Token = "",  # nosec B107 - a link
) -> Response:
    """Make the administrator. What is refused is asked again, with what was entered but the password."""
    email = form.text("email")[:254]
    try:
        person = await asyncio.to_thread(use_link, there, token, email, form.raw("password")[:1_000], here)
    except (InvalidInput, SetupDone, DuplicatePerson, SignInThrottled, PasswordsBusy) as error:
        return _again(request, token, email, error)
    if not cookies.may_sign_in(request):
        return go(request, "/sign-in")
    response = go(request, "/start", say="You are the administrator of this Lineup.")
    cookies.put(request, response, cookies.SESSION, await asyncio.to_thread(there.browsers.open_for, person.id, here))
    return response


def _again(request: Request, token: str, email: str, error: LineupError) -> Response:
    more = {"token": token, "email": email, "error": error, "errors": said_of_fields(error)}
    return page(request, "setup/page.html", status=error.status, **more)
