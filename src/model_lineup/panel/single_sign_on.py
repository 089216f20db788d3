"""The ways to the provider of single sign-on and back: signing in, connecting an account, signing out there.

Coming back is another site's doing, so the browser sends no session along, neither then nor where a redirect would
lead it: the way ends on a page of ours, which goes on by itself, without scripts.
"""

import asyncio
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from model_lineup.access.actor import Actor
from model_lineup.api.dependencies import Anybody, From, There
from model_lineup.errors import LineupError, NotAllowed, SignInThrottled
from model_lineup.panel import cookies, kept
from model_lineup.panel.addresses import base_url
from model_lineup.panel.pages import pages
from model_lineup.panel.render import go, page
from model_lineup.panel.visitors import AsUser, Visitor, refuse_other_sites
from model_lineup.rooms import Rooms
from model_lineup.security.visit import Visit
from model_lineup.signon.signon import FAILURES
from model_lineup.signon.states import LIFE

router = pages()
Next = Annotated[str, Query(max_length=2_000)]
CALLBACK = "/admin/sign-in/callback"


def comes_from_elsewhere(there: Rooms, person_id: int) -> bool:
    """Whether this person has an account at the provider, who may still know the browser after signing out here."""
    return there.sign_on.is_on and there.people.get(person_id).sign_in in ("single_sign_on", "both")


@router.get("/sign-in/single")
async def begin(request: Request, actor: Visitor, there: There, here: From, _: Anybody, next: Next = "") -> Response:
    """Off to the provider, who leads back to `next` here."""
    if actor is not None:
        return go(request, kept.inside(next))
    return await _to_the_provider(request, there, here, kept.inside(next))


@router.get("/account/connect")
async def connect(request: Request, there: There, here: From, actor: AsUser) -> Response:
    """Off to the provider, to bind the account there to who is signed in here."""
    refuse_other_sites(request)
    return await _to_the_provider(request, there, here, "/account", connects=actor)


@router.get("/sign-in/callback")
async def come_back(request: Request, there: There, here: From, _: Anybody) -> Response:
    """The provider has sent the browser back: with a code, or with what went wrong."""
    asked = request.query_params.multi_items()
    answer = dict(asked) if len(asked) == len({name for name, _ in asked}) else {}
    try:
        done = await there.sign_on.finish(answer, cookies.read(request, cookies.SIGN_ON), here)
    except (*FAILURES, SignInThrottled) as error:
        return _failed(request, there, error)
    response = page(request, "sign_on/done.html", to=kept.inside(done.wanted), connected=done.token is None)
    cookies.drop(request, response, cookies.SIGN_ON)
    if done.token is not None:
        cookies.put(request, response, cookies.SESSION, done.token)
    else:
        cookies.say(request, response, f"Your account is connected: {there.sign_on.name} signs you in from now on.")
    return response


@router.get("/signed-out")
async def signed_out(request: Request, actor: Visitor, there: There, _: Anybody) -> Response:
    """After signing out here: the provider may know the browser still."""
    if actor is not None or not there.sign_on.is_on:
        return go(request, "/")
    return page(request, "sign_on/signed_out.html", name=there.sign_on.name)


@router.get("/sign-out/provider")
async def sign_out_there(request: Request, there: There, _: Anybody) -> Response:
    """Off to where the provider ends its own session, if it has such a place."""
    refuse_other_sites(request)
    try:
        address = await there.sign_on.sign_out_address(f"{base_url(request)}/admin/sign-in")
    except FAILURES as error:
        return _failed(request, there, error)
    if address is None:
        return go(request, "/sign-in", say=f"{there.sign_on.name} offers no way to sign out from here.")
    return RedirectResponse(address, 303)


async def _to_the_provider(
    request: Request, there: Rooms, here: Visit, wanted: str, connects: Actor | None = None
) -> Response:
    base = base_url(request)
    if not cookies.may_sign_in(request) or not _leads_back(there, base):
        raise NotAllowed(
            "Signing in leads back to one address over https, or to this machine. Open the panel under its public "
            "address (LINEUP_PUBLIC_URL), or on the machine itself."
        )
    try:
        begun = await there.sign_on.begin(base + CALLBACK, wanted, here, connects)
    except FAILURES as error:
        return await asyncio.to_thread(_failed, request, there, error)
    response = RedirectResponse(begun.address, 303)
    cookies.put(request, response, cookies.SIGN_ON, begun.sealed, max_age=int(LIFE.total_seconds()))
    return response


def _leads_back(there: Rooms, base: str) -> bool:
    """Without a public address only the machine itself is one that nobody else can stand in for."""
    return there.settings.public_url is not None or (urlsplit(base).hostname or "") in cookies.LOOPBACK


def _failed(request: Request, there: Rooms, error: LineupError) -> Response:
    more = {"error": error, "name": there.sign_on.name, "passwords": there.settings.password_sign_in}
    response = page(request, "sign_on/failed.html", status=error.status, **more)
    cookies.drop(request, response, cookies.SIGN_ON)
    return response
