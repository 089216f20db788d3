"""The ASGI face of `/v1`: which endpoint, whose key, which model; then the exchange, and what callers hear of it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import msgspec
from starlette.types import Message, Receive, Scope, Send

from model_lineup.access.callers import Audience
from model_lineup.errors import LineupError
from model_lineup.gateway import models, notices, openapi, travelling
from model_lineup.gateway.admission import Admission
from model_lineup.gateway.ask import Ask
from model_lineup.gateway.failures import Refused
from model_lineup.gateway.front_ends import FrontEnds
from model_lineup.gateway.hops import Hops
from model_lineup.gateway.limits import Desk
from model_lineup.gateway.opening import Opener
from model_lineup.gateway.passing import CallersLine
from model_lineup.gateway.relay import meter_for, relay
from model_lineup.gateway.resolve import Route, Routes
from model_lineup.gateway.straight import Begun, Request, Straight, begun
from model_lineup.gateway.streams import Running, Streams
from model_lineup.gateway.visit import Listener, Visit
from model_lineup.routing.follow import Follower
from model_lineup.routing.snapshot import Snapshot
from model_lineup.upstream.contract import Surface

SURFACES: dict[str, Surface] = {
    "/v1/chat/completions": "chat",
    "/v1/messages": "messages",
    "/v1/messages/count_tokens": "count_tokens",
    "/v1/embeddings": "embeddings",
    "/v1/responses": "responses",
}
_SWEEP_EVERY_S = 1.0
UNDERWAY = "lineup.underway"
"""What the shell calls so, too: where a scope has what our own server knows of a request beyond ASGI."""
_ENDINGS = {
    "revoked": ("key_revoked", "This key was revoked."),
    "withdrawn": ("model_withdrawn", "This model was withdrawn, or its name means another one now."),
    "stopping": ("server_shutting_down", "Lineup is shutting down. Ask again."),
}


class Gateway:
    """One per event loop. Its bodies must come whole: the shell's `WholeBody` stands before it."""

    def __init__(
        self,
        follower: Follower,
        admission: Admission,
        opener: Opener,
        streams: Streams,
        hops: Hops,
        limits: Desk,
        front_ends: FrontEnds,
        listeners: Sequence[Listener] = (),
    ) -> None:
        self._follower = follower
        self._admission = admission
        self._opener = opener
        self._streams = streams
        self._hops = hops
        self._limits = limits
        self._front_ends = front_ends
        self._lists = models.Lists()
        self._routes = Routes()
        self._notes = tuple(listener.note for listener in (*listeners, limits))

    def at_once(self, request: Request) -> bool:
        """Begins to answer it without a task. False: it needs the long way, and nothing has been done."""
        snapshot = self._follower.fresh()
        if snapshot is None or self._streams.are_full:
            return False
        try:
            caller = self._admission.admit(request.headers, snapshot)
            visit = Visit(caller, SURFACES[request.path], request.headers, request.request_id)
            ask, hops = self._read(visit, request.body)
            if ask.stream:
                return False
            visit.route = route = self._routes.of(snapshot, ask.name, caller, visit.request_id)
            if caller.allowance is not None:
                admitted = self._limits.admit_at_once(visit, caller.allowance, ask, route)
                if admitted is None:
                    return False
                visit.route = route = admitted
        except (Refused, LineupError):
            return False  # the long way meets it again, and tells it
        Straight(request, self._begin(visit, ask, route, hops), self._opener, self._over).go()
        return True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._answer(scope, receive, send)
        except Refused as refused:
            await refuse(refused, scope, send)
        except LineupError as error:
            await refuse(Refused.of(error), scope, send)

    async def sweep(self, now: Callable[[], int]) -> None:
        """For ever: ends the exchanges of keys that were revoked meanwhile, within a second or two."""
        seen = None
        while True:
            await asyncio.sleep(_SWEEP_EVERY_S)
            snapshot = self._follower.fresh()
            if snapshot is not None and (snapshot is not seen or len(self._streams)):
                self._streams.end_revoked(snapshot, now())
                seen = snapshot

    def end_all(self) -> None:
        """Before the server ends: what still runs is told so."""
        self._streams.end_all()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        before = begun(scope)
        if before is not None:
            return await self._to_its_end(before.visit, self._exchange(before, scope, receive, send))
        path: str = scope["path"]
        snapshot = self._follower.fresh() or await self._follower.newest()
        surface = SURFACES.get(path)
        if surface is not None:
            _must_be(scope, "POST", path)
            return await self._converse(surface, snapshot, scope, receive, send)
        if path == "/v1/models" or path.startswith("/v1/models/"):
            _must_be(scope, "GET", path)
            return await self._models(path, snapshot, scope, send)
        if path == "/v1/openapi.json":
            _must_be(scope, "GET", path)
            return await _json(200, openapi.encoded(), send)
        raise Refused(404, "not_found", f"There is nothing at {path[:200]}. GET /v1/models lists what may be called.")

    async def _models(self, path: str, snapshot: Snapshot, scope: Scope, send: Send) -> None:
        caller = self._admission.admit(scope["headers"], snapshot)
        name = path.removeprefix("/v1/models").removeprefix("/")
        if name:
            body = models.entry(snapshot, name, caller)
        else:
            body = await self._list(snapshot, caller.audience, scope["query_string"])
        await _json(200, body, send)

    async def _list(self, snapshot: Snapshot, audience: Audience, query: bytes) -> bytes:
        """Whole, or the page that Anthropic's form of the list asks for."""
        page = models.page_asked_for(query) if query else None
        if page is not None:
            return await asyncio.to_thread(models.page, snapshot, audience, page)
        kept = self._lists.kept(snapshot, audience)
        return kept if kept is not None else await asyncio.to_thread(self._lists.of, snapshot, audience)

    async def _converse(self, surface: Surface, snapshot: Snapshot, scope: Scope, receive: Receive, send: Send) -> None:
        caller = self._admission.admit(scope["headers"], snapshot)
        visit = Visit(caller, surface, scope["headers"], _request_id(scope))
        await self._to_its_end(visit, self._serve(visit, snapshot, scope, receive, send))

    async def _to_its_end(self, visit: Visit, answering: Awaitable[None]) -> None:
        """However it ends, those who listen hear of it."""
        try:
            await answering
        except Refused as refused:
            visit.refused(refused)
            refused.headers += tuple(visit.headers)
            raise
        finally:
            self._note(visit)

    def _note(self, visit: Visit) -> None:
        for note in self._notes:
            note(visit)

    async def _serve(self, visit: Visit, snapshot: Snapshot, scope: Scope, receive: Receive, send: Send) -> None:
        ask, hops = self._read(visit, (await receive())["body"])
        visit.route = route = self._routes.of(snapshot, ask.name, visit.caller, visit.request_id)
        if visit.caller.allowance is not None:
            visit.route = route = await self._limits.admit(visit, visit.caller.allowance, ask, route)
        await self._exchange(self._begin(visit, ask, route, hops), scope, receive, send)

    def _read(self, visit: Visit, body: bytes) -> tuple[Ask, str]:
        """What is asked, and the Lineups that it came through. Raises Refused."""
        hops = self._hops.before(visit.head)
        if visit.caller.trusted:
            visit.on_behalf_of = self._front_ends.user(visit.head)
        ask = Ask(body)
        visit.name, visit.stream = ask.name, ask.stream
        if visit.surface in travelling.SURFACES:
            ask.said = travelling.said(visit.head)
        return ask, hops

    def _begin(self, visit: Visit, ask: Ask, route: Route, hops: str) -> Begun:
        """Raises Refused."""
        if route.told.notice is not None:
            visit.headers += notices.headers_of(route.snapshot, ask.name, route.told, visit.caller.audience)
        return Begun(visit, ask, route, hops, self._streams.begin(visit))

    def _over(self, begun: Begun) -> None:
        """It ended on the straight way."""
        self._streams.over(begun.running)
        self._note(begun.visit)

    async def _exchange(self, begun: Begun, scope: Scope, receive: Receive, send: Send) -> None:
        visit, ask, route, running, asked = begun.visit, begun.ask, begun.route, begun.running, begun.asked
        started = _Started(send)
        line: CallersLine | None = scope.get("extensions", {}).get(UNDERWAY)
        watch = _watch(line, receive, running)
        try:
            running.has_a_task()
            visit.opened = opened = await self._opener.open(route, ask, visit.surface, begun.hops, asked)
            try:
                visit.meter = meter_for(opened)
                await relay(visit, opened, route, ask, visit.meter, started.send, line)
            finally:
                opened.response.close()
        except asyncio.CancelledError:
            if running.cut is None:
                visit.ended("server_shutting_down")
                raise
            running.taken_back()
            if visit.outcome != "completed":  # else he left when he had everything
                await started.cut_short(visit, running)
        finally:
            running.cut = running.cut or "left"  # what the watcher sees from here on is the end of the answer
            self._streams.over(running)
            if watch is not None:
                watch.cancel()
            if asked is not None:
                asked.pending.inbox.close()


class _Started:
    """Knows whether the answer has begun."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._begun = False
        self._over = False

    async def send(self, message: Message) -> None:
        self._begun = True
        self._over = message["type"] == "http.response.body" and not message.get("more_body", False)
        await self._send(message)

    async def cut_short(self, visit: Visit, running: Running) -> None:
        """Ended by Lineup: an error event in a stream that has begun, else an error. To a caller who left, nothing.

        Raises Refused.
        """
        told = _ENDINGS.get(running.cut or "")
        if told is None:
            visit.left()
            return
        code, message = told
        refused = Refused(401, code, message) if code == "key_revoked" else Refused(503, code, message, retry_after_s=1)
        if not self._begun:
            raise refused
        visit.ended(code)
        if visit.stream and not self._over:
            await self._send({"type": "http.response.body", "body": stream_error(refused, visit.surface)})


def stream_error(refused: Refused, surface: Surface) -> bytes:
    body = msgspec.json.encode({"type": "error", "error": refused.told()})
    name = b"" if surface == "chat" else b"event: error\n"
    return b"\n\n" + name + b"data: " + body + b"\n\n"


def _watch(line: CallersLine | None, receive: Receive, running: Running) -> "asyncio.Task[None] | None":
    """Ends the exchange when the caller leaves. Our own server calls back; from another one the only thing that can
    still be received is that, for which a task has to wait."""
    if line is not None:
        line.on_leave(running.leave)
        return None

    async def wait() -> None:
        await receive()
        running.end("left")

    return asyncio.create_task(wait())


def _must_be(scope: Scope, method: str, path: str) -> None:
    given = scope["method"]
    if given != method and not (given == "HEAD" and method == "GET"):
        raise Refused(405, "method_not_allowed", f"{path[:200]} takes {method}, not {given[:20]}.")


async def refuse(refused: Refused, scope: Scope, send: Send) -> None:
    """The error as both SDKs read it."""
    headers = list(refused.headers)
    if refused.retry_after_s is not None:
        headers.append((b"retry-after", str(max(1, refused.retry_after_s)).encode()))
    if refused.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    request_id = _request_id(scope)
    if scope["path"].startswith("/v1/messages"):
        headers.append((b"request-id", request_id.encode()))
    await _json(refused.status, refused.body(request_id), send, headers)


def _request_id(scope: Scope) -> str:
    return str(scope.get("state", {}).get("request_id", ""))


async def _json(status: int, body: bytes, send: Send, more: list[tuple[bytes, bytes]] | None = None) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *(more or ())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
