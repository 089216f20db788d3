"""Errors as `application/problem+json` (RFC 9457), for everything under `/api`."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from model_lineup.errors import (
    BadRequest,
    InvalidInput,
    LineupError,
    MethodNotAllowed,
    NotFound,
    problem_body,
    problem_headers,
)

MEDIA_TYPE = "application/problem+json"
_WORDS = {
    "extra_forbidden": "there is no such field; remove it, or correct its name",
    "missing": "is required",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "string_type": "must be a text",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_attributes_type": "must be a JSON object",
    "model_type": "must be a JSON object",
    "string_unicode": "must be valid Unicode text",
    "finite_number": "must be a finite number",
    "int_parsing_size": "is too large a number",
    "less_than_equal": "must be at most {le}",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt:g}",
    "string_too_short": "must have at least {min_length} character(s)",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length} characters or entries; there are {actual_length}",
    "too_long": "must have at most {max_length} characters or entries; there are {actual_length}",
    "string_pattern_mismatch": "must match {pattern}",
    "value_error": "{error}",
}
_FIXED = frozenset(
    {"id", "model_id", "provider_id", "provider", "slug", "type", "kind", "version", "created_at", "owner_id"}
)
"""Fields of an answer that a change cannot set."""


class Problem(msgspec.Struct, omit_defaults=True):
    """The body of every error under `/api`. `code` is stable; what else there is depends on it."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str = ""
    errors: list[dict[str, str]] = []


def problem(error: LineupError, request_id: str, root: str = "") -> Response:
    """The answer for an error, with its facts as members."""
    body = msgspec.json.encode(problem_body(error, request_id, root))
    return Response(body, error.status, problem_headers(error), MEDIA_TYPE)


def _told(error: LineupError, request: Request) -> Response:
    there = getattr(request.app.state, "rooms", None)
    return problem(error, request_id_of(request), there.settings.root_path.rstrip("/") if there else "")


def request_id_of(request: Request) -> str:
    return str(request.scope.get("state", {}).get("request_id", ""))


async def lineup_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, LineupError)
    return _told(error, request)


async def unexpected(request: Request, _: Exception) -> Response:
    """What nobody foresaw: the caller learns the request id alone; the shell logs where it happened."""
    return _told(_unforeseen(), request)


async def validation_error(request: Request, error: Exception) -> Response:
    """What pydantic found, with JSON pointers for bodies and names for query parameters; never the input itself."""
    assert isinstance(error, RequestValidationError)
    return _told(invalid_input(error.errors()), request)


def invalid_input(found: Sequence[Any], *, of_body: bool = False) -> InvalidInput:
    """What pydantic reported, in our words. `of_body`: it looked at a body alone, not at a whole request."""
    errors = [
        {"pointer": _pointer(("body", *one["loc"]) if of_body else one["loc"]), "message": _message(one)}
        for one in found[:50]
    ]
    detail = "; ".join(f"{one['pointer'] or 'the body'}: {one['message']}" for one in errors[:3])
    return InvalidInput(detail, errors=errors)


async def http_error(request: Request, error: Exception) -> Response:
    """What Starlette itself refuses: unknown paths, wrong methods; and errors that travelled inside one."""
    assert isinstance(error, HTTPException)
    return _told(as_lineup_error(request, error), request)


def as_lineup_error(request: Request, error: Exception) -> LineupError:
    """Whatever a route raised, as an error of ours."""
    if isinstance(error, LineupError):
        return error
    if isinstance(error, RequestValidationError):
        return invalid_input(error.errors())
    if isinstance(error, HTTPException):
        return error.__cause__ if isinstance(error.__cause__, LineupError) else _from_status(error, request)
    return _unforeseen()


def _unforeseen() -> LineupError:
    return LineupError("Something failed inside Lineup. The log has more under this request id.")


def _from_status(error: HTTPException, request: Request) -> LineupError:
    if error.status_code == HTTPStatus.NOT_FOUND:
        return NotFound("There is nothing at this address. GET /api/docs shows what there is.")
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return MethodNotAllowed(f"This address does not take {request.method}.", allow=_methods_of(request))
    return BadRequest("The request cannot be read. GET /api/docs shows what is expected.")


def _methods_of(request: Request) -> list[str]:
    """What the address takes: each of its methods is a route of its own, and Starlette names the first one's alone."""
    routes = [route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE]
    methods = {method for route in routes for method in route.methods or ()}
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))


def _pointer(location: Sequence[int | str]) -> str:
    if location and location[0] == "body":
        return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in location[1:])
    return ".".join(str(part) for part in location[1:])


def _message(found: dict[str, Any]) -> str:
    if found["type"] == "extra_forbidden" and found["loc"][-1] in _FIXED:
        return "cannot be changed here; leave it out"
    words = _WORDS.get(found["type"])
    return words.format(**found.get("ctx", {})) if words else str(found["msg"])
