"""The panel's cookies: the session, a nonce for strangers' forms, what was just done, and how somebody likes the panel.

`__Host-` binds a cookie to this host over TLS. A browser takes such a cookie on https alone, so on plain http it is
only set for the machine itself; elsewhere there is no signing in, and the page says why.
"""

import base64
import contextlib
import json
from typing import Literal
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.dependencies import rooms
from model_lineup.api.visits import spoken_for_by_proxy

SESSION, NONCE, SAID, THEME = "lineup", "lineup-form", "lineup-said", "lineup-theme"
SIGN_ON = "lineup-sign-on"
"""What a sign-in elsewhere began with. It alone comes along when another site leads back here (`SameSite=Lax`)."""
COLUMNS = "lineup-columns"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
Theme = Literal["light", "dark", "system"]
SAME_SITE: dict[str, Literal["lax", "strict"]] = {SIGN_ON: "lax"}
SAID_FOR_S = 60
YEAR_S = 365 * 24 * 3600


def over_tls(request: Request) -> bool:
    """Whether the browser came by https, as far as this server or a trusted proxy in front of it can know."""
    settings = rooms(request).settings
    if request.url.scheme == "https" or spoken_for_by_proxy(request, settings.trusted_proxies) == "https":
        return True
    public = urlsplit(settings.public_url or "")
    return public.scheme == "https" and request.headers.get("host", "").lower() == public.netloc.lower()


def own_origins(request: Request) -> frozenset[str]:
    """What a browser calls the site that these pages come from: by the host that it asked, and as
    `LINEUP_PUBLIC_URL` has it, for proxies that put another host into the request."""
    host = request.headers.get("host", "").lower()
    schemes = ("https",) if over_tls(request) else ("http", "https")
    public = urlsplit(rooms(request).settings.public_url or "")
    known = {f"{scheme}://{host}" for scheme in schemes if host}
    return frozenset(known | ({f"{public.scheme}://{public.netloc}".lower()} if public.netloc else set()))


def may_sign_in(request: Request) -> bool:
    """Passwords and session cookies do not travel over a network in the clear."""
    return over_tls(request) or (request.url.hostname or "") in LOOPBACK


def read(request: Request, name: str) -> str:
    """The cookie's value; empty without one."""
    return request.cookies.get(_full(request, name), "")


def take(request: Request, name: str, value: str) -> None:
    """Go on as if the browser had sent it already."""
    request.cookies[_full(request, name)] = value


def put(request: Request, response: Response, name: str, value: str, *, max_age: int | None = None) -> None:
    """Until the browser closes, or for so many seconds."""
    secure, site = over_tls(request), SAME_SITE.get(name, "strict")
    response.set_cookie(_full(request, name), value, max_age, path="/", secure=secure, httponly=True, samesite=site)


def drop(request: Request, response: Response, name: str) -> None:
    put(request, response, name, "", max_age=0)


def say(request: Request, response: Response, text: str, undo: int | None = None) -> None:
    """Have the next page tell this, once; and offer to take the change set `undo` back."""
    packed = base64.urlsafe_b64encode(json.dumps([text[:1_000], undo]).encode()).decode()
    put(request, response, SAID, packed, max_age=SAID_FOR_S)


def said(request: Request) -> tuple[str, int | None]:
    with contextlib.suppress(ValueError, UnicodeError, TypeError):
        text, undo = json.loads(base64.urlsafe_b64decode(read(request, SAID)))
        if isinstance(text, str) and (undo is None or type(undo) is int):
            return text, undo
    return "", None


def theme(request: Request) -> Theme:
    chosen = read(request, THEME)
    return chosen if chosen in ("light", "dark") else "system"  # type: ignore[return-value]


def _full(request: Request, name: str) -> str:
    return f"__Host-{name}" if over_tls(request) else name
