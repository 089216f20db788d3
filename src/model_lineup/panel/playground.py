"""The playground: what a name means to a user or an agent, step by step, and the reply that such a caller gets."""

import asyncio
import codecs
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Literal, cast

from fastapi import Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp

from model_lineup.access.actor import Actor
from model_lineup.access.callers import CallerKind, GroupSet
from model_lineup.api.bodies import Body, Line, Text
from model_lineup.api.dependencies import There
from model_lineup.api.problems import request_id_of
from model_lineup.api.runs import SSE_HEADERS
from model_lineup.clock import tick
from model_lineup.errors import InvalidInput
from model_lineup.panel.conversing import conversation
from model_lineup.panel.forms import Form, said_of_fields, validated
from model_lineup.panel.pages import pages
from model_lineup.panel.render import fragment, page
from model_lineup.panel.visitors import AsAdmin, AsViewer, Sent, still_signed_in
from model_lineup.rooms import Rooms
from model_lineup.routing.standing import Standing, of_key, of_person

router = pages("/playground")
SUGGESTED = 200
LOOKS_EVERY_S = 2.0
USUAL_TOKENS = 512
FIRST_WORDS = "Say hello."
"""So that one click is enough to see whether a model answers."""
Name = Annotated[Line, Query(max_length=1_024)]
Whom = Annotated[Line, Query(max_length=254)]
As = Annotated[Literal["user", "agent"], Query(alias="as")]


class Asked(Body):
    """What the form says."""

    name: Annotated[Line, Field(min_length=1, max_length=1_024)]
    caller: Literal["user", "agent"] = "user"
    whom: Annotated[Line, Field(max_length=254)] = ""
    message: Annotated[Text, Field(min_length=1, max_length=100_000)]
    system: Annotated[Text, Field(max_length=100_000)] = ""
    max_tokens: Annotated[int, Field(ge=1, le=1_000_000)] = USUAL_TOKENS

    def body(self, *, stream: bool) -> bytes:
        """As `POST /v1/chat/completions` takes it."""
        before = [{"role": "system", "content": self.system}] if self.system else []
        sent: dict[str, Any] = {
            "model": self.name,
            "messages": [*before, {"role": "user", "content": self.message}],
            "max_tokens": self.max_tokens,
        }
        if stream:
            sent |= {"stream": True, "stream_options": {"include_usage": True}}
        return json.dumps(sent).encode()


@router.get("")
def playground(
    request: Request, there: There, _: AsViewer, name: Name = "", as_: As = "user", whom: Whom = ""
) -> Response:
    return _page(request, there, {"name": name, "caller": as_, "whom": whom})


@router.get("/steps")
def show_steps(request: Request, there: There, _: AsViewer, name: Name, as_: As = "user", whom: Whom = "") -> Response:
    """What `GET /api/admin/resolve` answers, as a piece of the page."""
    try:
        shown = _shown(there, name, _standing(there, whom, as_))
    except InvalidInput as error:
        shown = {"meaning": None, "unknown": said_of_fields(error).get("whom", error.detail)}
    return fragment(request, "playground/_steps.html", **{"whom": whom, "unknown": None, **shown})


@router.post("")
async def ask(request: Request, form: Sent, there: There, actor: AsAdmin) -> Response:
    """The whole reply at once, for browsers without scripts."""
    entered = {name: form.text(name) for name in ("name", "caller", "whom", "message", "system", "max_tokens")}
    try:
        asked = _asked(form)
        standing = await asyncio.to_thread(_standing, there, asked.whom, asked.caller)
    except InvalidInput as error:
        return await asyncio.to_thread(_page, request, there, entered, error=error)
    reply = await _whole(_app(request, standing, actor), asked.body(stream=False), request_id_of(request))
    return await asyncio.to_thread(_page, request, there, entered, reply=reply)


@router.post("/stream")
async def stream(request: Request, form: Sent, there: There, actor: AsAdmin) -> Response:
    """Events: `head` (status, headers), `piece` (a JSON string: the next part of the body, exactly as callers get
    it), `end`. It ends with the visitor's session."""
    asked = _asked(form)
    standing = await asyncio.to_thread(_standing, there, asked.whom, asked.caller)
    events = _events(_app(request, standing, actor), asked.body(stream=True), request_id_of(request))
    told = _while_signed_in(events, still_signed_in(request))
    return StreamingResponse(told, media_type="text/event-stream", headers=SSE_HEADERS)


def _page(
    request: Request,
    there: Rooms,
    entered: dict[str, str],
    *,
    error: InvalidInput | None = None,
    reply: dict[str, Any] | None = None,
) -> Response:
    name, caller = entered["name"][:1_024], "agent" if entered["caller"] == "agent" else "user"
    whom, as_ = entered["whom"], cast("CallerKind", caller)
    try:
        standing = _standing(there, whom, as_)
        shown = _shown(there, name, standing)
    except InvalidInput as wrong:
        error, standing, shown = error or wrong, Standing(as_), {"meaning": None}
    choice = there.routes.choice(standing.kind, groups=standing.groups, limit=SUGGESTED, offset=0)
    return page(
        request,
        "playground/page.html",
        status=error.status if error else 200,
        entered={"message": FIRST_WORDS, "system": "", "max_tokens": str(USUAL_TOKENS), **entered, "caller": caller},
        errors=said_of_fields(error) if error else {},
        reply=reply,
        names=[one.name for one in choice.models],
        **{"whom": whom, "unknown": None, **shown},
    )


def _standing(there: Rooms, whom: str, kind: CallerKind) -> Standing:
    """Of a person by address, or a key by name or id; for no text of nobody in particular. Raises InvalidInput."""
    if not whom:
        return Standing(kind)
    found = there.groups.whom(whom)
    if found.people:
        return of_person(there.people.get(found.people[0]), kind)
    return of_key(there.keys.get(found.keys[0]))


def _shown(there: Rooms, name: str, standing: Standing) -> dict[str, Any]:
    """What the steps are drawn from."""
    if not name:
        return {"meaning": None}
    kind, groups, who = standing
    return {"meaning": there.routes.explain(name, kind, groups, who=who), "all_groups": there.groups.names()}


def _asked(form: Form) -> Asked:
    values: dict[str, Any] = {
        one: form.text(one) for one in ("name", "caller", "whom", "message", "system") if one in form
    }
    tokens = form.whole("max_tokens")
    return validated(Asked, values if tokens is None else {**values, "max_tokens": tokens})


def _app(request: Request, standing: Standing, actor: Actor) -> ASGIApp:
    """`/v1` for the visitor, who looks through the groups of somebody else; never as him, nor at his expense."""
    made: Callable[[CallerKind, int | None, GroupSet | None], ASGIApp] = request.app.state.playground
    return made(standing.kind, actor.person_id, standing.groups)


async def _whole(app: ASGIApp, body: bytes, request_id: str) -> dict[str, Any]:
    """`text` where it is an answer, `raw` else; `took_ms`, status and headers."""
    began, came = tick(), b""
    head: dict[str, Any] = {}
    async for message in conversation(app, body, request_id):
        head = _head(message) if message["type"] == "http.response.start" else head
        came += message.get("body", b"")
    reply = {**head, "raw": came.decode(errors="replace"), "took_ms": (tick() - began) * 1000, "text": "", "usage": {}}
    with contextlib.suppress(ValueError, LookupError, TypeError, AttributeError):
        said = json.loads(came)
        text = said["choices"][0]["message"]["content"]
        reply |= {"text": str(text or ""), "usage": said.get("usage") or {}}
    return reply


async def _events(app: ASGIApp, body: bytes, request_id: str) -> AsyncIterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    async for message in conversation(app, body, request_id):
        if message["type"] == "http.response.start":
            yield _event("head", _head(message))
        elif message.get("body"):
            yield _event("piece", decoder.decode(message["body"]))
    yield _event("end", {})


async def _while_signed_in(events: AsyncIterator[bytes], may_see: Callable[[], bool]) -> AsyncIterator[bytes]:
    asked_at = tick()
    async for event in events:
        if tick() - asked_at > LOOKS_EVERY_S:
            asked_at = tick()
            if not await asyncio.to_thread(may_see):
                return
        yield event


def _head(message: Any) -> dict[str, Any]:
    return {
        "status": message["status"],
        "headers": {name.decode("latin-1"): value.decode("latin-1") for name, value in message["headers"]},
    }


def _event(name: str, data: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
