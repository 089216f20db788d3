"""What the shell reads of a request's head, for every face alike."""

import re
import secrets

from starlette.types import Scope

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")


def header(scope: Scope, name: bytes) -> bytes:
    """The first header of this name, which is written in small letters; empty when there is none."""
    return next((bytes(value) for key, value in scope["headers"] if key == name), b"")


def request_id(scope: Scope) -> str:
    """The caller's own id where it can stand in a log and a header as it is, else a new one."""
    given = header(scope, b"x-request-id")
    return given.decode() if _REQUEST_ID.fullmatch(given) else new_request_id()


def new_request_id() -> str:
    return secrets.token_hex(12)


def method(scope: Scope) -> str:
    """The method as a metric's label: of the many that a caller may invent there is one, `OTHER`."""
    given = str(scope["method"])
    return given if given in _METHODS else "OTHER"


def first_segment(path: str) -> str:
    """`/api/admin/models` belongs to the face `api`."""
    return path.partition("/")[2].partition("/")[0]
