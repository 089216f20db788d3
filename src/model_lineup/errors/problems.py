"""An error as callers get it: the members of a problem (RFC 9457) and its headers; and all errors there are."""

from typing import Any

from model_lineup.errors.tree import LineupError


def problem_body(error: LineupError, request_id: str, root: str = "") -> dict[str, Any]:
    """The members of the problem (RFC 9457) that callers get. `root`: the path of a proxy's below which all is served,
    without a slash at its end."""
    return {
        **error.facts,
        "type": f"{root}/api/docs#error-{error.code}",
        "title": error.title,
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
        "request_id": request_id,
    }


def problem_headers(error: LineupError) -> dict[str, str]:
    """The headers that go with it: how to sign in, when to come again, what is allowed."""
    headers = {}
    if error.status == 401:
        headers["www-authenticate"] = 'Bearer realm="lineup"'
    if error.status in (408, 413):
        headers["connection"] = "close"
    if "retry_after" in error.facts:
        headers["retry-after"] = str(error.facts["retry_after"])
    if "allow" in error.facts:
        headers["allow"] = ", ".join(error.facts["allow"])
    return headers


def error_classes() -> list[type[LineupError]]:
    """Every class of the tree, parents first; the reference page and the contract tests are made from it."""
    found: list[type[LineupError]] = []
    waiting: list[type[LineupError]] = [LineupError]
    while waiting:
        here = waiting.pop(0)
        found.append(here)
        waiting.extend(here.__subclasses__())
    return found
