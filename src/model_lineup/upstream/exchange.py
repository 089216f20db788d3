"""One request to a provider and all that came back: the same path for connection tests, benchmarks and probes.

`converse` never raises for what a provider does: its misbehaviour is part of the answer. Every event is stamped by the
client when its bytes were received, before anything is parsed, so that our own work does not enter the figures.
"""

import asyncio
from typing import Any

from model_lineup.clock import tick
from model_lineup.upstream import address, failures, registry
from model_lineup.upstream.contract import (
    Ask,
    Event,
    Exchange,
    Failure,
    Kind,
    Quirks,
    Target,
    Usage,
)
from model_lineup.upstream.listing import list_models
from model_lineup.upstream.sending import FailedError, refusal_of, send
from model_lineup.upstream.stopped import STOPPED, failure_of
from model_lineup.upstream.wire import Client, Piece, Response, WireError

__all__ = ["converse", "list_models"]

MAX_ANSWER_BYTES = 32 * 1024 * 1024
_AFTER_DONE_S = 0.5
"""How long to wait for the end of a body whose stream said that it is over, so that its connection can be reused."""
_CLOSING_MARK = Event(done=True)


async def converse(
    client: Client, target: Target, ask: Ask, *, total_s: float | None = None, quirks: Quirks | None = None
) -> Exchange:
    """Asks once and reads all that comes back; a refusal that teaches a quirk is followed by one more try each.

    `total_s` bounds each try beside the endpoint's own timeouts. The exchange is the last try's.
    """
    kind, learnt = registry.kind_named(target.endpoint.kind), quirks or Quirks()
    while True:
        attempt = _Attempt(kind, target, ask)
        await attempt.run(client, learnt, total_s)
        if attempt.refusal is None or not kind.dialect.learn(*attempt.refusal, learnt):
            return attempt.exchange()


class _Attempt:
    """One request: collects what comes back until it can say how it went."""

    def __init__(self, kind: Kind, target: Target, ask: Ask) -> None:
        self._kind = kind
        self._dialect = kind.dialect
        self._target = target
        self._endpoint = target.endpoint
        self._ask = ask
        self._stream = ask.stream and target.task != "embedding"
        self._response: Response | None = None
        self._sent_at = tick()
        self._content_at: list[float] = []
        self._first_at: float | None = None
        self._last_at: float | None = None
        self._text: list[str] = []
        self._finish_reason: str | None = None
        self._usage: Usage | None = None
        self._model: str | None = None
        self._timings: dict[str, Any] | None = None
        self._done = False
        self._failure: Failure | None = None
        self.refusal: tuple[int, str] | None = None

    async def run(self, client: Client, quirks: Quirks, total_s: float | None) -> None:
        deadlines = address.deadlines_for(self._endpoint, stream=self._stream, total_s=total_s)
        try:
            call = self._dialect.call(self._target, self._ask, quirks)
            request = address.request_to(self._kind, self._endpoint, call.path, body=call.body, query=call.query)
            async with await send(client, request, self._endpoint, deadlines) as response:
                self._response = response
                self._sent_at = response.sent_at
                await self._read(response)
        except STOPPED as error:
            self._failure = failure_of(error, self._target, self._status)

    async def _read(self, response: Response) -> None:
        content_type = (response.header("content-type") or "").lower()
        if not 200 <= response.status < 300:
            refusal = await refusal_of(response, self._endpoint, self._target.model_id)
            self.refusal = (response.status, refusal.said)
            raise FailedError(refusal.failure)
        if "html" in content_type:
            raise FailedError(failures.of_html(self._endpoint, response.status))
        if self._stream and ("ndjson" in content_type or "json" not in content_type):
            await self._read_stream(response)
        else:
            await self._read_plain(response)

    async def _read_plain(self, response: Response) -> None:
        """A whole answer; also one that came although a stream was asked for."""
        self._stream = False
        parts: list[bytes] = []
        size = 0
        async for piece in response.pieces():
            self._first_at = self._first_at or piece.at
            self._last_at = piece.at
            parts.append(piece.data)
            size += len(piece.data)
            if size > MAX_ANSWER_BYTES:
                raise self._too_large()
        body = b"".join(parts)
        if failures.looks_like_html("", body):
            raise FailedError(failures.of_html(self._endpoint, response.status))
        answer = self._dialect.answer(self._target, body)
        self._text.append(answer.text)
        self._finish_reason, self._usage = answer.finish_reason, answer.usage
        self._model, self._timings = answer.model, answer.timings
        if answer.empty:
            raise self._empty()

    async def _read_stream(self, response: Response) -> None:
        """Each piece is read in the very call in which it comes: waking a task for it costs more than reading it."""
        feed = self._dialect.parser().feed
        size = 0

        def read(piece: Piece) -> bool:
            nonlocal size
            size += len(piece.data)
            if size > MAX_ANSWER_BYTES:
                raise self._too_large()
            for name, data in feed(piece.data):
                self._take(name, data, piece.at)
            if self._done and limit.when() is None:
                limit.reschedule(asyncio.get_running_loop().time() + _AFTER_DONE_S)
            return True

        try:
            async with asyncio.timeout(None) as limit:
                await response.each(read)
        except (TimeoutError, WireError):
            if not self._done:
                raise
        self._judge_end(response)

    def _take(self, name: str, data: bytes, at: float) -> None:
        """One event, unless the stream is over; what comes after its end says nothing."""
        if self._done:
            return
        event = self._dialect.event(name, data)
        self._done = event.done
        if event.done and event == _CLOSING_MARK:
            return
        self._first_at = self._first_at or at
        self._last_at = at
        if event.content:
            self._content_at.append(at)
            self._text.append(event.text)
        self._finish_reason = event.finish_reason or self._finish_reason
        self._usage = _laid_over(self._usage, event.usage)
        self._model = self._model or event.model
        self._timings = event.timings or self._timings

    def _judge_end(self, response: Response) -> None:
        """A stream is whole if it said so: by its closing mark, or, in a format that does not always have one, by a
        finish reason in a body of known length."""
        by_reason = self._finish_reason is not None and not response.ended_by_close and not self._dialect.marks_end
        if not self._done and not by_reason:
            message = "The stream ended before it said that it is finished: it was cut."
            raise FailedError(failures.simple("protocol", "truncated", message, self._endpoint, response.status))
        if not self._content_at:
            raise self._empty()

    def _empty(self) -> FailedError:
        message = _WHY_EMPTY.get(self._finish_reason or "", "The answer is valid but holds no content.")
        return FailedError(failures.simple("empty", "empty", message, self._endpoint, self._status))

    def _too_large(self) -> FailedError:
        message = f"The answer is larger than {MAX_ANSWER_BYTES // 1024 // 1024} MiB."
        return FailedError(failures.simple("protocol", "too_large", message, self._endpoint, self._status))

    @property
    def _status(self) -> int | None:
        return self._response.status if self._response else None

    def exchange(self) -> Exchange:
        response = self._response
        return Exchange(
            sent_at=self._sent_at,
            ended_at=tick(),
            head_at=response.head_at if response else None,
            content_at=tuple(self._content_at),
            first_event_at=self._first_at,
            last_event_at=self._last_at,
            text="".join(self._text),
            finish_reason=self._finish_reason,
            usage=self._usage,
            answered_model=self._model,
            failure=self._failure,
            http_status=self._status,
            server_timings=self._timings,
            reused=response.reused if response else False,
            streamed=self._stream,
        )


_WHY_EMPTY = {
    "length": "The answer holds no content: its token limit was used up before any, perhaps by reasoning.",
    "content_filter": "The answer holds no content: the provider's filter blocked the prompt or the answer.",
}


def _laid_over(before: Usage | None, now: Usage | None) -> Usage | None:
    """What is known of the usage now: formats tell the prompt's part first and the rest at the end (Anthropic)."""
    if before is None or now is None:
        return now or before
    return Usage(
        before.prompt_tokens if now.prompt_tokens is None else now.prompt_tokens,
        before.completion_tokens if now.completion_tokens is None else now.completion_tokens,
        before.cached_tokens if now.cached_tokens is None else now.cached_tokens,
    )
