"""Passing an answer on to the caller: whole, or piece by piece as it comes.

Nothing that stands for completeness is ever made up: a stream that breaks upstream ends in an error event, without a
closing mark; a plain answer that breaks is an error.
"""

import asyncio
import contextlib
from functools import lru_cache
from typing import Protocol
from urllib.parse import quote

import msgspec
from starlette.types import Send

from model_lineup.gateway.ask import Ask
from model_lineup.gateway.closing import end_of_mark, unfinished
from model_lineup.gateway.failures import Refused, of_failure, of_wire
from model_lineup.gateway.likeness import Likeness
from model_lineup.gateway.meter import Meter
from model_lineup.gateway.opening import Opened
from model_lineup.gateway.passing import CallersLine, pass_on
from model_lineup.gateway.resolve import Route
from model_lineup.gateway.splice import StreamSplicer, named
from model_lineup.gateway.visit import Visit
from model_lineup.gateway.wording import DIALECTS
from model_lineup.upstream import failures
from model_lineup.upstream.contract import MalformedError, ProviderError, Surface
from model_lineup.upstream.sse import EventTooLargeError
from model_lineup.upstream.translation import StreamTranslator
from model_lineup.upstream.wire import Piece, Response, WireError

MAX_ANSWER_BYTES = 32 * 1024 * 1024
MAX_STREAM_BYTES = 64 * 1024 * 1024
_AFTER_MARK_S = 0.5
_COMPARES = 8
"""Chunks in a row that are like none before, and whose likeness is looked for in the next."""
_BROKEN = "The provider broke off in the middle of its answer."


class Way(Protocol):
    """How upstream bytes become the caller's."""

    def feed(self, piece: bytes, at: float, meter: Meter) -> bytes:
        """Raises MalformedError, ProviderError, EventTooLargeError."""

    def end(self) -> bytes:
        """The last bytes of a complete stream."""

    def error(self, message: str, code: str) -> bytes:
        """The event for one that broke."""


async def relay(
    visit: Visit,
    opened: Opened,
    route: Route,
    ask: Ask,
    meter: Meter,
    send: Send,
    line: CallersLine | None = None,
) -> None:
    """The answer, as the caller asked for it; how it went is noted in the visit as soon as the last bytes were sent.

    Raises Refused only before the first byte went out.
    """
    if ask.stream:
        await _stream(visit, opened, route, ask, meter, send, line)
    else:
        await _plain(visit, opened, route, meter, send)


def meter_for(opened: Opened) -> Meter:
    return Meter(DIALECTS.get(opened.worded.surface))


async def _plain(visit: Visit, opened: Opened, route: Route, meter: Meter, send: Send) -> None:
    endpoint, model_id = opened.target.endpoint, opened.target.model_id
    try:
        body = await opened.response.read(MAX_ANSWER_BYTES)
        body = answer_of(opened, route.name, body, meter)
    except WireError as error:
        raise of_wire(error) from None
    except ProviderError as error:
        raise of_failure(failures.of_provider_error(error, endpoint, model_id)) from None
    except MalformedError as error:
        raise of_failure(failures.of_malformed(str(error), endpoint, opened.response.status)) from None
    headers = head_of(visit, opened, route, b"application/json")
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": opened.response.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
    visit.completed()


def answer_of(opened: Opened, name: str, body: bytes, meter: Meter) -> bytes:
    """What the caller gets for a whole answer; its usage is counted. Raises ProviderError, MalformedError."""
    dialect, there = DIALECTS.get(opened.worded.surface), None
    if dialect is not None:
        read = dialect.answer(opened.target, body)
        if read.usage is not None:
            meter.count(read.usage)
        there = read.model
    translation = opened.worded.translation
    if translation is not None:
        return translation.answer(body, name=name, created=opened.worded.created)
    return named(body, _written(name), there=None if there is None else _written(there))


async def _stream(
    visit: Visit, opened: Opened, route: Route, ask: Ask, meter: Meter, send: Send, line: CallersLine | None
) -> None:
    content_type = (opened.response.header("content-type") or "").lower()
    if "json" in content_type or "html" in content_type:  # of other types some servers call a stream, too
        await _refuse_unstreamed(opened)
    way, received = _way(opened, route.name, ask, visit.surface), 0
    last, code, message = b"", None, _BROKEN

    def feed(piece: Piece) -> bytes:
        nonlocal received
        received += len(piece.data)
        if received > MAX_STREAM_BYTES:
            raise EventTooLargeError("the stream is too long")
        return way.feed(piece.data, piece.at, meter)

    headers = head_of(visit, opened, route, b"text/event-stream; charset=utf-8")
    await send({"type": "http.response.start", "status": opened.response.status, "headers": headers})
    try:
        await pass_on(opened.response, feed, lambda: meter.marked, send, line)
        if meter.finished(orderly=not opened.response.ended_by_close):
            last = way.end()
        else:
            code = "upstream_truncated"
    except WireError as error:
        if meter.finished(orderly=False):
            last = way.end()
        else:
            code = of_wire(error).code
    except ProviderError as error:
        failure = failures.of_provider_error(error, opened.target.endpoint, opened.target.model_id)
        refused = of_failure(failure)
        code, message = refused.code, refused.message
    except (MalformedError, EventTooLargeError):
        code, message = "upstream_malformed", "The provider's stream is not what its format says."
    if code is not None:
        last = way.error(message, code)
    await send({"type": "http.response.body", "body": last})
    if meter.failed:  # which the caller was told in the format's own words
        code = "upstream_response_failed"
    if code is not None:
        visit.broke(code)
    else:
        visit.completed()  # from here on he who leaves has everything
    if meter.marked:
        await _let_end(opened.response)


async def _let_end(response: Response) -> None:
    """A short while for the end of a body whose stream is over, so that its connection can be used again."""
    with contextlib.suppress(WireError, TimeoutError):
        async with asyncio.timeout(_AFTER_MARK_S):
            async for _ in response.pieces():
                pass


async def _refuse_unstreamed(opened: Opened) -> None:
    """A provider that answers a stream's request with something else: mostly an error. Raises Refused."""
    endpoint = opened.target.endpoint
    try:
        body = await opened.response.read(64 * 1024)
    except WireError as error:
        raise of_wire(error) from None
    said = failures.error_message(body)
    if said:
        raise of_failure(failures.of_provider_error(ProviderError(said), endpoint, opened.target.model_id))
    message = "The provider did not stream its answer, though it was asked to."
    raise Refused(502, "upstream_not_streamed", message)


def _way(opened: Opened, name: str, ask: Ask, surface: Surface) -> Way:
    worded = opened.worded
    if worded.translation is None:
        return _Passing(surface, name, drop_usage=worded.asked_usage)
    wants_usage = ask.wants_usage or surface == "messages"
    return _Translating(worded.translation.stream(name=name, created=worded.created, usage=wants_usage))


class _Passing:
    """`_alike`: what the chunks have in common, if the piece before ended with an event: then nothing is half read."""

    def __init__(self, surface: Surface, name: str, *, drop_usage: bool) -> None:
        self._surface = surface
        self._splicer = StreamSplicer(surface, name, drop_usage=drop_usage)
        self._unfinished = b""
        self._alike: Likeness | None = None
        self._compares = _COMPARES if surface == "chat" else 0

    def feed(self, piece: bytes, at: float, meter: Meter) -> bytes:
        alike = self._alike
        if alike is not None:
            found = alike.of(piece)
            if found is not None:
                out, number = found
                meter.came(number, at)
                self._compares = _COMPARES
                return out
        meter.feed(piece, at)
        if meter.marked:
            self._alike = None
            return self._splicer.feed(piece[: end_of_mark(meter.mark, piece, self._unfinished)])
        self._unfinished = unfinished(self._unfinished + piece if self._unfinished else piece)
        out = self._splicer.feed(piece)
        self._compare(piece, meter)
        return out

    def _compare(self, piece: bytes, meter: Meter) -> None:
        """See whether the next is like this one. Where none are, it is soon given up."""
        if not piece.endswith(b"\n\n") or b"\r" in piece:
            self._alike = None
        elif self._compares:
            self._compares -= 1
            last = piece[:-2].rpartition(b"\n\n")[2] + b"\n\n"
            self._alike = meter.likeness(last, self._splicer.feed(last)) or self._alike

    def end(self) -> bytes:
        return self._splicer.rest()

    def error(self, message: str, code: str) -> bytes:
        """In the shape of the surface. What stood on an unfinished line is dropped with it."""
        error = {"type": "api_error", "code": code, "message": message, "param": None}
        if self._surface == "chat":
            return b"\n\ndata: " + msgspec.json.encode({"error": error}) + b"\n\n"
        return b"\n\nevent: error\ndata: " + msgspec.json.encode({"type": "error", "error": error}) + b"\n\n"


class _Translating:
    def __init__(self, translator: StreamTranslator) -> None:
        self._translator = translator

    def feed(self, piece: bytes, at: float, meter: Meter) -> bytes:
        out = []
        for name, data in meter.events(piece):
            meter.event(name, data, at)
            out.append(self._translator.feed(name, data))
            if meter.marked:
                break
        return b"".join(out)

    def end(self) -> bytes:
        return self._translator.end()

    def error(self, message: str, code: str) -> bytes:
        return self._translator.error(message, code)


def head_of(visit: Visit, opened: Opened, route: Route, content_type: bytes) -> list[tuple[bytes, bytes]]:
    """The headers of an answer with 2xx, but its length; its status is noted."""
    headers = [*what_ran(opened, route, content_type)]
    if opened.place:
        headers.append((b"x-lineup-fallback", str(opened.place).encode()))
    if opened.worded.left_out:
        headers.append((b"x-lineup-left-out", ", ".join(opened.worded.left_out).encode("ascii", "replace")))
    if visit.surface in ("messages", "count_tokens"):
        headers.append((b"request-id", visit.request_id.encode()))  # where Anthropic's SDK looks for it
    headers += visit.headers
    visit.status = opened.response.status
    return headers


def what_ran(opened: Opened, route: Route, content_type: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """The headers that are the same in every answer of a model, as long as nothing is changed."""
    return _what_ran(opened.model.model_id, opened.provider.slug, route.snapshot.revision, content_type)


@lru_cache(maxsize=1024)
def _what_ran(model_id: str, slug: str, revision: int, content_type: bytes) -> tuple[tuple[bytes, bytes], ...]:
    return (
        (b"content-type", content_type),
        (b"x-lineup-model", quote(model_id, safe="/:+@ ").encode()),
        (b"x-lineup-provider", slug.encode()),
        (b"x-lineup-revision", str(revision).encode()),
    )


@lru_cache(maxsize=1024)
def _written(name: str) -> bytes:
    """As JSON."""
    return msgspec.json.encode(name)
