"""The first administrator: a single-use link that the first start prints, and the one page behind it."""

import asyncio
from html import escape
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from model_lineup.access.shapes import Person
from model_lineup.api.answers import answer, documented
from model_lineup.api.bodies import Body, Email, Line, NewPassword
from model_lineup.api.dependencies import Anybody, From, There, claim_of
from model_lineup.api.page import page
from model_lineup.api.strict import noun
from model_lineup.errors import (
    DuplicatePerson,
    InvalidInput,
    LineupError,
    NotAllowed,
    PasswordsBusy,
    SetupDone,
    SignInThrottled,
)
from model_lineup.rooms import Rooms
from model_lineup.security.visit import Visit
from model_lineup.settings import SETUP_LINK_FILE

router = noun("Set-up")
Token = Annotated[str, Query(max_length=200)]

_FORM = """<p>Create the first administrator. This link works once.</p>
{problem}
<form method="post" action="setup?token={token}">
<p><label>E-mail address<br>
<input name="email" type="email" required autocomplete="username" value="{email}"></label></p>
<p><label>Password (10 characters at least)<br>
<input name="password" type="password" required minlength="10" maxlength="256" autocomplete="new-password"></label></p>
<p><button>Create administrator</button></p>
</form>"""
_DONE = """<p>{email} is the administrator. Sign in with:</p>
<pre>curl -s {origin}/api/auth/login -H 'Content-Type: application/json' \\
  -d '{{"email": "{email}", "password": "…"}}'</pre>
<p>The API reference is at <a href="../api/docs">/api/docs</a>.</p>"""


class SetupBody(Body):
    token: Annotated[Line, Field(max_length=200)]
    email: Email
    password: NewPassword


@router.post("/api/setup", status_code=201, responses=documented(Person, status=201))
def set_up(body: SetupBody, request: Request, there: There, here: From, _: Anybody) -> Response:
    """Use the set-up link's token to create the first administrator."""
    return answer(_use(there, body.token, body.email, body.password, here, claim_of(request)), status=201)


@router.get("/admin/setup", include_in_schema=False)
def setup_page(there: There, _: Anybody, token: Token = "") -> Response:  # nosec B107 - no link is no password
    """The form, while the link is valid."""
    if not there.people.setup_link_is_valid(token):
        text = "This set-up link is used up or too old. Restart Lineup to get a new one."
        return _page(f"<p>{text}</p>", status=403)
    return _page(_FORM.format(token=escape(token), email="", problem=""))


@router.post("/admin/setup", include_in_schema=False)
async def setup_form(request: Request, there: There, here: From, _: Anybody, token: Token = "") -> Response:
    """What the form sends."""
    email, password = _fields(await request.body())
    try:
        person = await asyncio.to_thread(_use, there, token, email, password, here)
    except (InvalidInput, NotAllowed, SetupDone, DuplicatePerson, SignInThrottled, PasswordsBusy) as error:
        return _again(error, token, email)
    return _page(_DONE.format(email=escape(person.email), origin=escape(_origin(request))), status=201)


def _use(there: Rooms, token: str, email: str, password: str, here: Visit, claim: str | None = None) -> Person:
    """Create the administrator; the file that held the link has served its purpose."""
    person = there.people.use_setup_link(token, email, password, here, claim)
    (there.settings.data_dir / SETUP_LINK_FILE).unlink(missing_ok=True)
    return person


def _fields(body: bytes) -> tuple[str, str]:
    """E-mail address and password of the form; empty where they are missing or the form is none of ours."""
    try:
        fields = parse_qs(body.decode(), max_num_fields=8)
    except ValueError:
        return "", ""
    return fields.get("email", [""])[0], fields.get("password", [""])[0]


def _again(error: LineupError, token: str, email: str) -> Response:
    problem = f'<p role="alert"><strong>{escape(error.detail)}</strong></p>'
    return _page(_FORM.format(token=escape(token), email=escape(email), problem=problem), status=error.status)


def _page(content: str, status: int = 200) -> Response:
    return HTMLResponse(page("Set up Lineup", content, style="../api/page.css"), status, {"cache-control": "no-store"})


def _origin(request: Request) -> str:
    host, port = request.scope.get("server") or ("localhost", 8484)
    return f"http://{host}:{port}"
