"""Signing in and out, and the theme."""

import asyncio
from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.dependencies import Anybody, From, There, rooms
from model_lineup.errors import LineupError, NotSignedIn, PasswordsBusy, PasswordSignInOff, SignInThrottled
from model_lineup.panel import cookies, kept
from model_lineup.panel.pages import pages
from model_lineup.panel.render import go, page
from model_lineup.panel.single_sign_on import comes_from_elsewhere
from model_lineup.panel.visitors import Sent, Visitor

router = pages()
Next = Annotated[str, Query(max_length=2_000)]


@router.get("/sign-in")
def sign_in_page(request: Request, actor: Visitor, _: Anybody, next: Next = "") -> Response:
    if actor is not None:
        return go(request, kept.inside(next))
    return _page(request, next)


@router.post("/sign-in")
async def sign_in(request: Request, form: Sent, there: There, here: From, _: Anybody) -> Response:
    wanted, email = form.text("next")[:2_000], form.text("email")[:254]
    held = kept.unpacked(form.text("kept"))
    if not cookies.may_sign_in(request):
        return _page(request, wanted, email, status=403)
    try:
        token = await asyncio.to_thread(there.browsers.sign_in, email, form.raw("password")[:1_000], here)
    except (NotSignedIn, SignInThrottled, PasswordsBusy, PasswordSignInOff) as error:
        if held is not None:
            return page(request, "session/ended.html", status=error.status, error=error, **kept.ended(request, held))
        return _page(request, wanted, email, error=error, status=error.status)
    if held is None:
        response = go(request, kept.inside(wanted))
    else:
        cookies.take(request, cookies.SESSION, token)
        request.state.visitor = await asyncio.to_thread(there.browsers.actor, token)
        response = kept.go_on(request, held)
    cookies.put(request, response, cookies.SESSION, token)
    return response


@router.post("/sign-out")
def sign_out(request: Request, actor: Visitor, form: Sent, there: There, here: From, _: Anybody) -> Response:
    elsewhere = False
    if actor is not None and actor.session is not None:
        there.sessions.sign_out(actor.session, here, actor.label)
        elsewhere = actor.person_id is not None and comes_from_elsewhere(there, actor.person_id)
    leads_to = "/signed-out" if elsewhere else "/sign-in"
    response = go(request, leads_to, say="" if elsewhere else "You are signed out.")
    cookies.drop(request, response, cookies.SESSION)
    return response


@router.post("/theme")
async def choose_theme(request: Request, form: Sent, _: Anybody) -> Response:
    """Light, dark, or as the system has it; kept in a cookie for a year."""
    response = go(request, kept.inside(form.text("next")))
    cookies.put(request, response, cookies.THEME, form.text("theme")[:10], max_age=cookies.YEAR_S)
    return response


def _page(
    request: Request, wanted: str, email: str = "", *, error: LineupError | None = None, status: int = 200
) -> Response:
    there = rooms(request)
    more = {"next": wanted, "email": email, "error": error, "may_sign_in": cookies.may_sign_in(request)}
    more |= {"elsewhere": there.sign_on.name if there.sign_on.is_on else None}
    more |= {"passwords": there.settings.password_sign_in}
    return page(request, "sign_in.html", status=status, **more)
