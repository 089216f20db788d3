"""Who looks at a page, and whether a form was ours: the symbols that the panel's routes depend on."""

import hmac
import secrets
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from model_lineup.access.actor import Actor, Role
from model_lineup.api.dependencies import From, Needs, There, open_to_all, rooms
from model_lineup.errors import NotAllowed, NotSignedIn
from model_lineup.journal.record import Author
from model_lineup.panel import cookies
from model_lineup.panel.forms import Form, form_of

SAFE = frozenset({"GET", "HEAD"})
MASK = 32


def visitor(request: Request, there: There) -> Actor | None:
    """The signed-in person behind the session cookie; None for a stranger."""
    token = cookies.read(request, cookies.SESSION)
    actor = there.browsers.actor(token) if token else None
    request.state.visitor = actor
    return actor


Visitor = Annotated[Actor | None, Depends(visitor)]


class Shows(Needs):
    """A dependency that lets only this role and those above it see a page."""

    async def __call__(self, actor: Visitor) -> Actor:
        if actor is None:
            raise NotSignedIn("Sign in first.")
        actor.must_reach(self.role)
        return actor


AsUser = Annotated[Actor, Depends(Shows(Role.USER))]
AsViewer = Annotated[Actor, Depends(Shows(Role.VIEWER))]
AsAdmin = Annotated[Actor, Depends(Shows(Role.ADMIN))]


async def author(here: From, actor: AsUser) -> Author:
    """The visitor as the journal names him, with the request that he came by."""
    return Author(actor.label, here.request_id, here.address, here.user_agent)


By = Annotated[Author, Depends(author)]


async def own_form(request: Request, _: Visitor) -> Form:
    """What the form sent; empty for a page that is only read. Raises NotAllowed for a form that is none of ours.

    A browser says where a request comes from (`Sec-Fetch-Site`, `Origin`), and every form of ours holds a token that
    only pages made for this session can know; it travels in the form, or in `X-Form-Token`. The token of a page whose
    session has ended says no more; where only who is signed in may go, its form is kept in `request.state`, and
    NotSignedIn is raised.
    """
    if request.method in SAFE:
        return Form({})
    refuse_other_sites(request)
    form = await form_of(request)
    given = request.headers.get("x-form-token") or form.text("form_token")
    if request.state.visitor is None and not _is_open(request) and _is_of_this_site(request):
        request.state.form = form
        raise NotSignedIn("Sign in first.")
    if not _is_ours(request, given):
        raise NotAllowed("This form is from before you signed in, or not from here. Load the page again and repeat.")
    return form


Sent = Annotated[Form, Depends(own_form)]


def refuse_other_sites(request: Request) -> None:
    """Raises NotAllowed for a request that another site made the browser send."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None and site not in ("same-origin", "none"):
        raise NotAllowed("This request came from another site.")
    if origin is not None and origin.lower() not in cookies.own_origins(request):
        raise NotAllowed(f"This request came from {origin[:200]!r}; the panel takes forms of its own pages alone.")


def _is_open(request: Request) -> bool:
    """Whether strangers may send something here."""
    return any(one.call is open_to_all for one in request.scope["route"].dependant.dependencies)


def _is_of_this_site(request: Request) -> bool:
    """Whether the browser says so itself; `refuse_other_sites` has asked before whether it says otherwise."""
    return request.headers.get("sec-fetch-site") == "same-origin" or "origin" in request.headers


def form_token(request: Request, nonce: str) -> str:
    """The token for the forms of one page; masked anew in each, so that compression cannot give it away."""
    mask, secret = secrets.token_bytes(MASK), _secret(request, nonce)
    return (mask + _mixed(mask, secret)).hex()


def _is_ours(request: Request, token: str) -> bool:
    try:
        raw = bytes.fromhex(token)
    except ValueError:
        return False
    nonce = cookies.read(request, cookies.NONCE)
    signed_in = getattr(request.state, "visitor", None) is not None
    if len(raw) != 2 * MASK or not (signed_in or nonce):
        return False
    return hmac.compare_digest(_mixed(raw[:MASK], raw[MASK:]), _secret(request, nonce))


def _secret(request: Request, nonce: str) -> bytes:
    """Bound to the session; to a cookie of its own for a stranger, who has none."""
    signed_in = getattr(request.state, "visitor", None) is not None
    cookie = cookies.read(request, cookies.SESSION) if signed_in else f"stranger {nonce}"
    return rooms(request).browsers.form_secret(cookie)


def _mixed(mask: bytes, secret: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(mask, secret, strict=True))


def still_signed_in(request: Request) -> Callable[[], bool]:
    """For answers that go on for long: whether the visitor still is who he was when they began."""
    there, token, began = rooms(request), cookies.read(request, cookies.SESSION), request.state.visitor
    return lambda: there.browsers.actor(token) == began
