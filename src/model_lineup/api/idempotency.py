"""`Idempotency-Key` on POST: a request that is sent again is answered again and not carried out again.

After the IETF draft "The Idempotency-Key HTTP Header Field". A key belongs to who sent it, to method and path; what is
compared is the body as JSON, the query and the content type. A dry run changes nothing, so its key is not looked at.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.access.actor import Actor
from model_lineup.api import problems
from model_lineup.api.answers import for_replay
from model_lineup.api.dependencies import CLAIM, Needs, current_actor, rooms
from model_lineup.api.visits import visit_of
from model_lineup.errors import BadIdempotencyKey, LineupError
from model_lineup.repeats.claims import Claims, Stored

HEADER = "idempotency-key"
REPLAYED = {"idempotent-replayed": "true"}
Handle = Callable[[Request], Awaitable[Response]]
_BARE = re.compile(r"[!#-~][!-~]{0,254}")  # visible ASCII that does not begin as a quoted one
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\]){1,255})"')  # a string of RFC 8941
_ESCAPED = re.compile(r'\\(["\\])')
_KEPT = frozenset({400, 404, 409, 410, 412, 422})
_TRANSIENT = frozenset({"idempotency_in_progress", "run_in_progress", "conflicting_credentials"})
_NOT_REPEATED = frozenset({"content-length", "date", "x-request-id"})


async def once(request: Request, handle: Handle, policy: Callable[..., Any] | None) -> Response:
    """The answer of `handle`, or the one that it gave before. Raises BadIdempotencyKey and what `Claims.take` does."""
    key = key_of(request)
    there = rooms(request)
    who = await _principal(request, policy)
    if who is None or request.query_params.get("dry_run") == "true":
        return await handle(request)
    repeats = there.repeats
    body = await request.body()
    digest = await asyncio.to_thread(lambda: repeats.digest(_canonical(request, body)))
    scope = (who, request.method, request.url.path, key)
    claim = await asyncio.to_thread(repeats.take, scope, digest)
    if isinstance(claim, Stored):
        return Response(claim.body, claim.status, {**dict(claim.headers), **REPLAYED})
    request.scope[CLAIM] = claim
    return await _carried_out(request, handle, repeats, claim)


def key_of(request: Request) -> str:
    """Bare or as a quoted string, 1 to 255 characters. Raises BadIdempotencyKey."""
    said = request.headers.getlist(HEADER)
    text = said[0].strip() if len(said) == 1 else ""
    if _BARE.fullmatch(text):
        return text
    quoted = _QUOTED.fullmatch(text)
    if quoted is None or len(key := _ESCAPED.sub(r"\1", quoted[1])) > 255:
        raise BadIdempotencyKey("Send Idempotency-Key once, with 1 to 255 visible ASCII characters, such as a UUID.")
    return key


async def _carried_out(request: Request, handle: Handle, repeats: Claims, claim: str) -> Response:
    try:
        async with _renewing(repeats, claim):
            answer = await _answered(request, handle)
    except BaseException:  # also when the server ends: nothing can be awaited any more
        repeats.release(claim)
        raise
    if _is_final(answer):
        headers = [(name, value) for name, value in answer.headers.items() if name not in _NOT_REPEATED]
        body = for_replay(answer)
        await asyncio.to_thread(repeats.keep, claim, Stored(answer.status_code, headers, body))
    else:
        await asyncio.to_thread(repeats.release, claim)
    return answer


async def _answered(request: Request, handle: Handle) -> Response:
    """Refusals as answers, so that they can be kept."""
    try:
        return await handle(request)
    except LineupError as error:
        return await problems.lineup_error(request, error)
    except RequestValidationError as error:
        return await problems.validation_error(request, error)
    except HTTPException as error:
        return await problems.http_error(request, error)


def _is_final(answer: Response) -> bool:
    """Whether a second try would come to the same: not after a failure of ours, nor where it was not its turn."""
    if answer.status_code < 400:
        return True
    return answer.status_code in _KEPT and msgspec.json.decode(answer.body)["code"] not in _TRANSIENT


@contextlib.asynccontextmanager
async def _renewing(repeats: Claims, claim: str) -> AsyncIterator[None]:
    """Hold the claim for as long as it takes."""

    async def renew() -> None:
        while True:
            await asyncio.sleep(repeats.renewed_every_s)
            with contextlib.suppress(LineupError):  # a busy database: there are two more tries
                await asyncio.to_thread(repeats.renew, claim)

    task = asyncio.create_task(renew())
    try:
        yield
    finally:
        task.cancel()


async def _principal(request: Request, policy: Callable[..., Any] | None) -> str | None:
    """Whose key it is: a person in whatever session, a key, the command line. None: who will be refused anyway."""
    if not isinstance(policy, Needs):
        return "anybody"
    there = rooms(request)
    try:
        here = visit_of(request, there.settings.trusted_proxies)
        actor: Actor = await asyncio.to_thread(current_actor, request, there, here)
        actor.must_reach(policy.role)
    except LineupError:
        return None
    if actor.key_id is not None:
        return f"key {actor.key_id}"
    return "local" if actor.person_id is None else f"person {actor.person_id}"


def _canonical(request: Request, body: bytes) -> dict[str, Any]:
    """What makes two requests the same."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    query = sorted(parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True))
    try:
        content: Any = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        content = body.hex()
    return {"body": content, "content_type": kind, "query": query}
