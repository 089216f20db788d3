"""Strict reading of JSON bodies and queries, and the routers of nouns, which read that way."""

import contextlib
import json
import math
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import msgspec
from fastapi import APIRouter, Depends
from fastapi.routing import APIRoute
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api import idempotency, queries
from model_lineup.api.dependencies import policy_of, wait_for_revision, within_page_limit
from model_lineup.api.large import apart
from model_lineup.errors import MalformedJson

DEEPEST = 64
MOST_MEMBERS = 1_000
"""Of one object. Each that is not known makes an error to report, and no body of ours has a tenth of them."""


class _Row(Convertor[int]):
    """A row id in a path. What is no number is another address (404), and never hides one: `/models/by-id`."""

    regex = r"[0-9]{1,16}(?!\n)"  # what ends a path is `$`, which a line feed may follow

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


register_url_convertor("row", _Row())


class _FollowingRouter(APIRouter):
    """One whose reads take `?wait_revision=`, each of them."""

    def get(self, path: str, **more: Any) -> Callable[[Any], Any]:
        waiting = [*(more.pop("dependencies", None) or ()), Depends(wait_for_revision)]
        return super().get(path, dependencies=waiting, **more)


def noun(tag: str, prefix: str = "", *, follows_configuration: bool = False) -> APIRouter:
    """A router whose routes read bodies strictly; `tag` is its heading in the reference."""
    kind = _FollowingRouter if follows_configuration else APIRouter
    return kind(prefix=prefix, tags=[tag], route_class=StrictRoute, dependencies=[Depends(within_page_limit)])


class StrictRequest(Request):
    """A request whose JSON is read strictly: no NaN, no lone surrogates, no endless nesting."""

    async def json(self) -> Any:
        try:
            return strict_json(await self.body())
        except MalformedJson as error:
            raise HTTPException(400) from error


class StrictRoute(APIRoute):
    """Hands the endpoint a strict request whose query it knows."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle, known = apart(super().get_route_handler(), self.dependant), queries.known_to(self.dependant)
        policy, can_be_repeated = policy_of(self.dependant), takes_idempotency_key(self)

        async def strictly(request: Request) -> Response:
            queries.check(request.scope["query_string"], known)
            strict = StrictRequest(request.scope, request.receive)
            if can_be_repeated and idempotency.HEADER in request.headers:
                return await idempotency.once(strict, handle, policy)
            return await handle(strict)

        return strictly


def takes_idempotency_key(route: APIRoute) -> bool:
    """POST under `/api`, but for signing in and out, whose answers are secrets."""
    path = route.path_format
    return "POST" in (route.methods or ()) and path.startswith("/api/") and not path.startswith("/api/auth/")


def strict_json(body: bytes) -> Any:
    """Raises MalformedJson: not JSON, not UTF-8, a number that is none, a lone surrogate, or too deep."""
    try:
        value = _decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _malformed(error, body) from None
    _refuse_monsters(value)
    _refuse_doubled(body)
    return value


def _refuse_doubled(body: bytes) -> None:
    """Raises MalformedJson for a key that stands twice in one object: which of the two is meant, nobody can tell.

    Read once more, by the standard library: msgspec keeps the last one without a word. Numbers are of no interest.
    """

    def once(pairs: list[tuple[str, None]]) -> None:
        names = [name for name, _ in pairs]
        if len(set(names)) < len(names):
            doubled = next(name for index, name in enumerate(names) if name in names[:index])
            shown = doubled if len(doubled) <= 100 else f"{doubled[:100]}…"
            message = f"the key {shown!r} stands twice in one object; say it once"
            raise MalformedJson(f"The body is ambiguous: {message}.", errors=[{"pointer": shown, "message": message}])

    json.loads(body, object_pairs_hook=once, parse_int=len, parse_float=len)


def _malformed(error: Exception, body: bytes) -> MalformedJson:
    """Names the field where a lenient reader can still find it, and what to send instead."""
    if isinstance(error, RecursionError):
        return MalformedJson(f"The body is nested more than {DEEPEST} levels deep.")
    if body.startswith(b"\xef\xbb\xbf"):
        return MalformedJson("The body begins with a byte-order mark; send it without one.")
    with contextlib.suppress(ValueError, RecursionError):
        found = next(_oddities(json.loads(body)), None)
        if found is not None:
            pointer, message = found
            return MalformedJson(f"{pointer}: {message}", errors=[{"pointer": pointer, "message": message}])
    return MalformedJson(f"The body is not valid JSON: {error}.")


def _oddities(value: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Where a leniently read body holds what JSON does not have: pointer and remedy."""
    if isinstance(value, float) and not math.isfinite(value):
        yield pointer, "NaN, Infinity and numbers beyond 1e308 are no JSON numbers; send a finite one, or leave it out"
    elif isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
        yield pointer, "it holds half of a surrogate pair; send the whole pair, or the character itself"
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _oddities(name, pointer)
            yield from _oddities(inner, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _oddities(inner, f"{pointer}/{index}")


def _number(text: str) -> float:
    """JSON has one sort of number: 3.0 is a whole one, and 1e999 is none."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is out of range")
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


_decoder = msgspec.json.Decoder(float_hook=_number)


def _refuse_monsters(value: Any) -> None:
    """Raises MalformedJson for what is nested too deep, or has too many members. Level by level, without recursion."""
    level = [value] if isinstance(value, dict | list) else []
    for depth in range(1, DEEPEST + 2):
        if any(len(one) > MOST_MEMBERS for one in level if type(one) is dict):
            raise MalformedJson(f"An object in the body has more than {MOST_MEMBERS} members.")
        inner = (one.values() if type(one) is dict else one for one in level)
        level = [one for members in inner for one in members if type(one) is dict or type(one) is list]
        if not level:
            return
        if depth > DEEPEST:
            raise MalformedJson(f"The body is nested more than {DEEPEST} levels deep.")
