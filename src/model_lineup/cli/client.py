"""The admin API as the command line calls it: one request, one answer, over either of two transports."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol
from urllib.parse import urlencode

BASE = "/api/admin/"
WAITS, LONGEST_WAIT_S = 4, 60


@dataclass(frozen=True, slots=True)
class Asked:
    """A request; `target` is path and query."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Reply(Protocol):
    """The head of an answer; its body comes while it is read. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]

    def pieces(self) -> AsyncIterator[bytes]:
        """The body as it arrives."""

    async def close(self) -> None:
        """Read no further."""


class Transport(Protocol):
    """`local.Local` or `remote.Remote`."""

    async def send(self, asked: Asked) -> Reply:
        """Raises Refused when there is no answer."""

    async def close(self) -> None: ...


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @cached_property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


class Refused(Exception):
    """The API said no. `problem` is its `application/problem+json`; `body` is that as it came."""

    def __init__(self, problem: Mapping[str, Any], body: bytes = b"") -> None:
        super().__init__(problem.get("detail", ""))
        self.problem = problem
        self.body = body or json.dumps(problem).encode()


class Admin:
    """Calls in one event loop that lives as long as this object: a benchmark goes on between two of them."""

    def __init__(self, transport: Transport, on_wait: Callable[[str], None] = lambda _: None) -> None:
        """`on_wait` is told when a call waits because the server wants it to."""
        self._transport = transport
        self._on_wait = on_wait
        self._runner = asyncio.Runner()

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """`path` under `/api/admin/`, or whole; query values that are None are left out. Raises Refused."""
        encoded = b"" if body is None else json.dumps(body).encode()
        kind = {"content-type": "application/json"} if encoded else {}
        asked = Asked(method, _target(path, query or {}), {**kind, **(headers or {})}, encoded)
        return self._runner.run(self._exchange(asked))

    def follow(self, path: str, on_event: Callable[[str, Any], None], after: int = 0) -> None:
        """Server-sent events (name, data) until the stream ends. Raises Refused."""
        headers = {"accept": "text/event-stream", **({"last-event-id": str(after)} if after else {})}
        self._runner.run(self._listen(Asked("GET", _target(path, {}), headers), on_event))

    def events(self, asked: Asked, on_event: Callable[[bytes], None]) -> Answer:
        """The data of each server-sent event as it comes; what is no stream is returned whole. Raises Refused."""
        return self._runner.run(self._converse(asked, on_event))

    def close(self) -> None:
        try:
            self._runner.run(self._transport.close())
        finally:
            self._runner.close()

    async def _exchange(self, asked: Asked) -> Answer:
        """A loop that tests one model after the other may be too quick for the server; then it waits as it is told."""
        for _ in range(WAITS):
            reply = await self._transport.send(asked)
            answer = Answer(reply.status, reply.headers, b"".join([piece async for piece in reply.pieces()]))
            wait_s = _wait_for(answer)
            if not wait_s:
                break
            self._on_wait(f"That was quick: the server asks to wait {wait_s} s.")
            await asyncio.sleep(wait_s)
        if not 200 <= answer.status < 300:
            raise refusal(answer)
        return answer

    async def _listen(self, asked: Asked, on_event: Callable[[str, Any], None]) -> None:
        from model_lineup.upstream.sse import EventParser

        reply = await self._transport.send(asked)
        if reply.status != 200:
            raise refusal(Answer(reply.status, reply.headers, b"".join([piece async for piece in reply.pieces()])))
        parser = EventParser()
        try:
            async for piece in reply.pieces():
                for event in parser.feed(piece):
                    on_event(event.name, json.loads(event.data))
        finally:
            await reply.close()

    async def _converse(self, asked: Asked, on_event: Callable[[bytes], None]) -> Answer:
        from model_lineup.upstream.sse import EventParser

        reply = await self._transport.send(asked)
        try:
            if not reply.headers.get("content-type", "").startswith("text/event-stream"):
                return Answer(reply.status, reply.headers, b"".join([piece async for piece in reply.pieces()]))
            parser = EventParser()
            async for piece in reply.pieces():
                for event in parser.feed(piece):
                    on_event(event.data)
            return Answer(reply.status, reply.headers, b"")
        finally:
            await reply.close()


def _wait_for(answer: Answer) -> int:
    """Whole seconds after which a rate allows what was asked; 0 when that is not what is wrong."""
    if answer.status != 429 or refusal(answer).problem.get("code") != "rate_exceeded":
        return 0
    said = answer.headers.get("retry-after", "")
    return min(int(said), LONGEST_WAIT_S) if said.isdigit() else 0


def refusal(answer: Answer) -> Refused:
    """What the API refused with; an answer that is no problem comes from something else than Lineup."""
    try:
        problem = answer.json
    except ValueError:
        problem = None
    if isinstance(problem, dict) and isinstance(problem.get("detail"), str):
        return Refused(problem, answer.body)
    return Refused({"code": "not_lineup", "detail": f"The server answered {answer.status}, and not as Lineup does."})


def _target(path: str, query: Mapping[str, Any]) -> str:
    said = {name: _text(value) for name, value in query.items() if value is not None}
    whole = path if path.startswith("/") else BASE + path
    return f"{whole}?{urlencode(said)}" if said else whole


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
