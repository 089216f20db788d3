"""From a template to a response: what every page is given, and how large answers are packed."""

import contextlib
import functools
import gzip
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import DictLoader, Environment, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from model_lineup import __version__
from model_lineup.access.actor import Actor, Role
from model_lineup.api.dependencies import rooms
from model_lineup.errors import LineupError, Unavailable
from model_lineup.panel import assets, cookies, wording
from model_lineup.panel.forms import told
from model_lineup.panel.navigation import sections
from model_lineup.panel.visitors import form_token

PACKED_FROM = 1_024
"""Bytes; below that, packing gains nothing."""
PACKING = 5


class Here(NamedTuple):
    """What every template knows of the request: `base` is the panel's address, `path` what stands after it, `static`
    the address of the browser files, `said` what was done before, and `undo` the change set that it was."""

    base: str
    static: str
    path: str
    query: str
    visitor: Actor | None
    form_token: str
    theme: str
    said: str
    undo: int | None
    now: datetime

    @property
    def may_change(self) -> bool:
        return self.visitor is not None and self.visitor.role is Role.ADMIN

    @property
    def may_read(self) -> bool:
        return self.visitor is not None and self.visitor.role.reaches(Role.VIEWER)


def page(request: Request, template: str, *, status: int = 200, **more: Any) -> Response:
    """A whole page."""
    nonce = cookies.read(request, cookies.NONCE) or secrets.token_hex(16)
    here = _here(request, nonce)
    html = environment().get_template(template).render({**more, "here": here, "sections": sections(here)})
    response = _packed(request, html, status)
    if here.visitor is None and not cookies.read(request, cookies.NONCE):
        cookies.put(request, response, cookies.NONCE, nonce)
    if here.said:
        cookies.drop(request, response, cookies.SAID)
    return response


def bare(root_path: str, *, error: LineupError, request_id: str) -> bytes:
    """The page of a refusal for a request that nobody looked into: without a visitor, a theme or a form. Raises
    Unavailable."""
    prefix = f"{root_path.rstrip('/')}/admin"
    static = f"{prefix}/static/{assets.load().version}/"
    here = Here(prefix, static, "/", "", None, "", "system", "", None, datetime.min.replace(tzinfo=UTC))
    template = environment().get_template("problem.html")
    return template.render(here=here, sections=[], error=error, request_id=request_id).encode()


def take_over(request: Request, template: str, piece: str, *, status: int = 200, **more: Any) -> Response:
    """A page; for htmx, which shows no refusals, its `piece` in the place of all that the page had to say."""
    if not by_htmx(request):
        return page(request, template, status=status, **more)
    response = page(request, piece, **more)
    response.headers.update({"hx-retarget": "#main", "hx-reswap": "innerHTML"})
    return response


def fragment(
    request: Request, template: str, *, status: int = 200, say: str = "", undo: int | None = None, **more: Any
) -> Response:
    """A piece of a page, for htmx to put in its place. `say`: what the page shall tell beside it, with an offer to take
    the change set `undo` back."""
    here = _here(request, cookies.read(request, cookies.NONCE))
    response = _packed(request, environment().get_template(template).render({**more, "here": here}), status)
    if say:
        response.headers["hx-trigger"] = json.dumps({"lineup:said": {"text": say, "undo": undo}})
    return response


def go(request: Request, path: str, *, say: str = "", undo: int | None = None) -> Response:
    """On to another page of the panel (`path` begins with a slash, below its base), after something was done, which the
    change set `undo` was."""
    to = base(request) + path
    response = Response(headers={"hx-redirect": to}) if by_htmx(request) else RedirectResponse(to, 303)
    if say:
        cookies.say(request, response, say, undo)
    return response


def by_htmx(request: Request) -> bool:
    """Whether a piece is asked for, not a page. A page that is gone back to is asked for whole."""
    return "hx-request" in request.headers and "hx-history-restore-request" not in request.headers


def base(request: Request) -> str:
    """The panel's address on this server."""
    return f"{rooms(request).settings.root_path.rstrip('/')}/admin"


@functools.cache
def environment() -> Environment:
    """Everything is escaped; a name that is not there is an error, never an empty text."""
    made = Environment(
        loader=DictLoader(_templates()),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    made.filters.update(wording.FILTERS, told=told)
    made.globals["version"] = __version__
    made.globals["ui"] = made.get_template("ui.html").module
    return made


def get_ready() -> None:
    """Read all files that pages are made of, so that nothing waits for a disk later."""
    environment()
    with contextlib.suppress(Unavailable):  # whoever opens the panel is told what is missing
        assets.load()


def _templates() -> dict[str, str]:
    """Their texts by name: `models/page.html`."""
    root = Path(str(files(__package__).joinpath("templates")))
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in root.rglob("*.html")}


def _here(request: Request, nonce: str) -> Here:
    there = rooms(request)
    prefix, path = base(request), request.url.path
    said, undo = cookies.said(request)
    return Here(
        base=prefix,
        static=f"{prefix}/static/{assets.load().version}/",
        path=path.removeprefix("/admin"),
        query=request.url.query,
        visitor=getattr(request.state, "visitor", None),
        form_token=form_token(request, nonce),
        theme=cookies.theme(request),
        said=said,
        undo=undo,
        now=there.clock.now(),
    )


def _packed(request: Request, html: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    body = html.encode()
    if len(body) < PACKED_FROM or "gzip" not in request.headers.get("accept-encoding", ""):
        return HTMLResponse(body, status, {"vary": "accept-encoding, hx-request", **(headers or {})})
    packed = gzip.compress(body, PACKING, mtime=0)
    told = {"content-encoding": "gzip", "vary": "accept-encoding, hx-request", **(headers or {})}
    return HTMLResponse(packed, status, told)
