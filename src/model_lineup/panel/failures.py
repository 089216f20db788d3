"""What goes wrong under `/admin` as a page, or as a word beside the page that is open."""

import contextlib
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Scope

from model_lineup.api import problems
from model_lineup.errors import LineupError, NotFound, NotSignedIn, Unavailable, problem_headers
from model_lineup.panel import kept, render
from model_lineup.panel.visitors import SAFE

Handler = Callable[[Request, Any], Response | Awaitable[Response]]
ROOT = "/admin"


def install(app: FastAPI) -> None:
    """Errors under `/admin` become pages; all others stay what they were."""
    render.get_ready()
    for kind in (LineupError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _either(app.exception_handlers[kind]))


def _either(otherwise: Handler) -> Handler:
    async def handle(request: Request, error: Any) -> Response:
        if request.url.path != ROOT and not request.url.path.startswith(f"{ROOT}/"):
            answer = otherwise(request, error)
            return answer if isinstance(answer, Response) else await answer
        return _shown(request, problems.as_lineup_error(request, error))

    return handle


def _shown(request: Request, error: LineupError) -> Response:
    if isinstance(error, NotSignedIn):
        return _sign_in(request)
    if render.by_htmx(request):
        return _word(error)
    if isinstance(error, NotFound):
        error = NotFound(error.detail if error.facts else "There is no such page in the panel.", **error.facts)
    try:
        response = render.page(request, "problem.html", status=error.status, error=error, request_id=_id(request))
    except Unavailable as without:  # the page itself cannot be drawn
        return PlainTextResponse(without.detail, 503)
    response.headers.update(problem_headers(error))
    return response


def told(root_path: str) -> Callable[[Scope], Callable[[LineupError, str], tuple[bytes, bytes, dict[str, str]]]]:
    """How people are told of what is refused before a page is asked: a body that is too large, a server that nobody
    has set up, no room for more. As the shell has it: of a request's scope, of the error and the request's id."""

    def for_request(scope: Scope) -> Callable[[LineupError, str], tuple[bytes, bytes, dict[str, str]]]:
        by_htmx = any(name == b"hx-request" for name, _ in scope["headers"])
        return _word_of if by_htmx else _page_of

    def _page_of(error: LineupError, request_id: str) -> tuple[bytes, bytes, dict[str, str]]:
        with contextlib.suppress(Unavailable):  # the page itself cannot be drawn
            return render.bare(root_path, error=error, request_id=request_id), b"text/html; charset=utf-8", {}
        return error.detail.encode(), b"text/plain; charset=utf-8", {}

    return for_request


def _word_of(error: LineupError, request_id: str) -> tuple[bytes, bytes, dict[str, str]]:
    return b"", b"text/plain; charset=utf-8", _word_headers(error)


def _sign_in(request: Request) -> Response:
    """To the sign-in page, and from there back to where the visitor wanted to go."""
    sent = getattr(request.state, "form", None)
    if sent is not None:
        return kept.ask_to_sign_in(request, sent)
    wanted = request.url.path.removeprefix(ROOT) + (f"?{request.url.query}" if request.url.query else "")
    come_back = f"?next={quote(wanted, safe='')}" if request.method in SAFE and wanted not in ("", "/") else ""
    say = "" if request.method in SAFE else "Your session has ended: nothing was changed. Sign in and repeat it."
    return render.go(request, f"/sign-in{come_back}", say=say)


def _word(error: LineupError) -> Response:
    """Nothing is put in the page; `panel.js` shows the words."""
    return Response(status_code=error.status, headers={**problem_headers(error), **_word_headers(error)})


def _word_headers(error: LineupError) -> dict[str, str]:
    told = json.dumps({"lineup:failed": {"text": error.detail, "code": error.code}})
    return {"hx-trigger": told, "hx-reswap": "none"}


def _id(request: Request) -> str:
    return problems.request_id_of(request)
