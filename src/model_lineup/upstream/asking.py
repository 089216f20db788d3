"""A whole chat request, as a caller of `/v1` words it, put to one provider, and all that came back, unjudged.

It goes the way that the gateway's requests go: the kind's own chat where it has one, else translated; through the same
client and with the same readers. `exchange` asks in plain text and times the answer; this asks for anything that the
chat format can say. It never raises for what a provider does.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from model_lineup.clock import tick, wall_ns
from model_lineup.upstream import address, failures, registry
from model_lineup.upstream.contract import (
    Call,
    Failure,
    MalformedError,
    Reading,
    Surface,
    Target,
)
from model_lineup.upstream.dialects.anthropic import AnthropicDialect
from model_lineup.upstream.dialects.google import GoogleDialect
from model_lineup.upstream.dialects.openai import OpenAIDialect
from model_lineup.upstream.parsing import object_of
from model_lineup.upstream.sending import FailedError, refusal_of, send
from model_lineup.upstream.stopped import STOPPED, failure_of
from model_lineup.upstream.translation import StreamTranslator, Translation, UntranslatableError, between
from model_lineup.upstream.translation.shapes import events_of
from model_lineup.upstream.wire import Client, Response

MAX_ANSWER_BYTES = 1024 * 1024
"""A probe asks for a few dozen tokens."""
_READINGS: dict[Surface, Reading] = {
    "chat": OpenAIDialect(),
    "messages": AnthropicDialect(),
    "generate": GoogleDialect(),
}
_BOUND = "max_completion_tokens"


class Chunk(NamedTuple):
    """A chat completion chunk, and when its bytes were received; monotonic seconds."""

    at: float
    body: dict[str, Any]


class Reply(Struct, frozen=True, kw_only=True):
    """What came back, in the words of OpenAI's chat completions.

    `body`: of a plain answer; `chunks`: of a stream. `streamed`: a stream came, whatever was asked for. `marked`: the
    stream said that it is over. `said`: the provider's own words of a refusal, whole; not to be shown or kept.
    `unsaid`: what of the request has no words in the provider's format, in which case nothing was sent. `requests`: how
    many were sent, those that taught something about the provider among them.
    """

    sent_at: float
    ended_at: float
    requests: int = 1
    http_status: int | None = None
    failure: Failure | None = None
    said: str = ""
    unsaid: str = ""
    streamed: bool = False
    body: dict[str, Any] | None = None
    chunks: tuple[Chunk, ...] = ()
    marked: bool = False


class Manners:
    """What one provider was found not to understand; shared among the requests to it, to learn it only once."""

    def __init__(self) -> None:
        self.stream_options = True
        self.newer_bound = False

    def learn(self, status: int | None, said: str, body: Mapping[str, Any]) -> bool:
        """Whether this refusal is about the wording of ours, so that asking again is worth while."""
        if status not in (400, 422):
            return False
        if "stream_options" in body and "stream_options" in said:
            self.stream_options = False
            return True
        if not self.newer_bound and _BOUND in said and "max_tokens" in body:
            self.newer_bound = True
            return True
        return False

    def apply(self, body: dict[str, Any]) -> None:
        if not self.stream_options:
            body.pop("stream_options", None)
        if self.newer_bound and "max_tokens" in body:
            body[_BOUND] = body.pop("max_tokens")


async def ask(
    client: Client, target: Target, body: Mapping[str, Any], *, manners: Manners, total_s: float | None = None
) -> Reply:
    """`body`: a chat request without its model. `total_s` bounds each try beside the endpoint's own timeouts."""
    began_at, requests = tick(), 0
    while True:
        try:
            worded = _word(target, body, manners)
        except UntranslatableError as error:
            return Reply(sent_at=began_at, ended_at=tick(), requests=requests, unsaid=str(error))
        attempt = _Attempt(target, worded)
        await attempt.run(client, total_s)
        requests += 1
        if not (attempt.said and manners.learn(attempt.status, attempt.said, worded.body)):
            return attempt.reply(requests)


class _Worded(NamedTuple):
    call: Call
    body: dict[str, Any]
    reading: Reading
    translation: Translation | None
    stream: bool


def _word(target: Target, body: Mapping[str, Any], manners: Manners) -> _Worded:
    """Raises UntranslatableError."""
    kind, stream = registry.kind_named(target.endpoint.kind), body.get("stream") is True
    for surface, reading in _READINGS.items():
        call = kind.way(target, surface, stream=stream)
        if call is None:
            continue
        translation = None if surface == "chat" else between("openai", reading.name)
        said = dict(body) if translation is None else translation.request(dict(body), max_tokens=None).body
        if surface != "generate":
            said["model"] = target.model_id
        if surface == "chat":
            manners.apply(said)
        written = msgspec.structs.replace(call, body=msgspec.json.encode(said))
        return _Worded(written, said, reading, translation, stream)
    raise UntranslatableError("model", f"providers of the kind {kind.name} have no chat")


class _Attempt:
    """One request: collects what comes back."""

    def __init__(self, target: Target, worded: _Worded) -> None:
        self._target = target
        self._endpoint = target.endpoint
        self._worded = worded
        self._sent_at = tick()
        self._failure: Failure | None = None
        self._body: dict[str, Any] | None = None
        self._chunks: list[Chunk] = []
        self._streamed = False
        self._marked = False
        self.status: int | None = None
        self.said = ""

    async def run(self, client: Client, total_s: float | None) -> None:
        kind, call = registry.kind_named(self._endpoint.kind), self._worded.call
        deadlines = address.deadlines_for(self._endpoint, stream=self._worded.stream, total_s=total_s)
        try:
            request = address.request_to(kind, self._endpoint, call.path, body=call.body, query=call.query)
            async with await send(client, request, self._endpoint, deadlines) as response:
                self.status, self._sent_at = response.status, response.sent_at
                await self._read(response)
        except STOPPED as error:
            self._failure = failure_of(error, self._target, self.status)

    async def _read(self, response: Response) -> None:
        content_type = (response.header("content-type") or "").lower()
        if not 200 <= response.status < 300:
            refusal = await refusal_of(response, self._endpoint, self._target.model_id)
            self.said = refusal.said
            raise FailedError(refusal.failure)
        if "html" in content_type:
            raise FailedError(failures.of_html(self._endpoint, response.status))
        if self._worded.stream and "json" not in content_type:
            self._streamed = True
            await self._read_stream(response)
        else:
            await self._read_plain(response)

    async def _read_plain(self, response: Response) -> None:
        parts = bytearray()
        async for piece in response.pieces():
            parts += piece.data
            self._within_cap(len(parts))
        body = bytes(parts)
        if failures.looks_like_html("", body):
            raise FailedError(failures.of_html(self._endpoint, response.status))
        translation = self._worded.translation
        if translation is not None:
            body = translation.answer(body, name=self._target.model_id, created=_now())
        value = object_of(body)
        failures.refuse_error(value)
        if not isinstance(value.get("choices"), list) or not value["choices"]:
            raise MalformedError("the answer holds no choices")
        self._body = value

    async def _read_stream(self, response: Response) -> None:
        parser, size, translator = self._worded.reading.parser(), 0, self._translator()
        async for piece in response.pieces():
            size += len(piece.data)
            self._within_cap(size)
            for name, data in parser.feed(piece.data):
                self._take(name, data, piece.at, translator)
            if self._marked:
                return
        self._judge_end(response, translator)

    def _translator(self) -> StreamTranslator | None:
        translation = self._worded.translation
        if translation is None:
            return None
        return translation.stream(name=self._target.model_id, created=_now(), usage=True)

    def _take(self, name: str, data: bytes, at: float, translator: StreamTranslator | None) -> None:
        """One event of the provider's, as chunks. Raises MalformedError, ProviderError."""
        if translator is None:
            self._marked = self._worded.reading.event(name, data).done
            if not self._marked:
                self._chunks.append(Chunk(at, object_of(data)))
            return
        self._keep(translator.feed(name, data), at)
        if translator.finished and self._worded.reading.marks_end:
            self._keep(translator.end(), at)
            self._marked = True

    def _keep(self, written: bytes, at: float) -> None:
        """What our own translators wrote."""
        self._chunks += [Chunk(at, object_of(data)) for _, data in events_of(written) if data.strip() != b"[DONE]"]

    def _judge_end(self, response: Response, translator: StreamTranslator | None) -> None:
        """A stream without a mark is whole by its finish reason, in a body of known length."""
        if translator is not None and translator.finished:
            self._keep(translator.end(), tick())
            self._marked = True
        elif not response.ended_by_close and any(map(_gives_reason, self._chunks)):
            self._marked = True
        else:
            message = "The stream ended before it said that it is finished: it was cut."
            raise FailedError(self._broken("truncated", message))

    def _within_cap(self, size: int) -> None:
        if size > MAX_ANSWER_BYTES:
            message = f"The answer is larger than {MAX_ANSWER_BYTES // 1024} KiB."
            raise FailedError(self._broken("too_large", message))

    def _broken(self, code: str, message: str) -> Failure:
        return failures.simple("protocol", code, message, self._endpoint, self.status)

    def reply(self, requests: int) -> Reply:
        return Reply(
            sent_at=self._sent_at,
            ended_at=tick(),
            requests=requests,
            http_status=self.status,
            failure=self._failure,
            said=self.said,
            streamed=self._streamed,
            body=self._body,
            chunks=tuple(self._chunks),
            marked=self._marked,
        )


def _gives_reason(chunk: Chunk) -> bool:
    choices = chunk.body.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return isinstance(first, dict) and isinstance(first.get("finish_reason"), str)


def _now() -> int:
    return wall_ns() // 1_000_000_000
