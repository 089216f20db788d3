"""The connection test: one real request, as a user's would be, and what it says about provider and model."""

from msgspec import Struct

from model_lineup.upstream.contract import Ask, Exchange, Stage, Target
from model_lineup.upstream.exchange import converse
from model_lineup.upstream.scrub import scrub
from model_lineup.upstream.timing import end_to_end, time_to_first_token
from model_lineup.upstream.wire import Client

MAX_TOKENS = 16
"""As few as real providers take: some refuse fewer than 16."""


class ConnectionResult(Struct, frozen=True):
    """How one request went. `stage` is the first that failed, null when the test passed.

    `latency_ms`: request sent → last byte; `ttft_ms`: → first content, null where nothing was streamed. Neither holds
    the making of the connection. `cold`: a connection had to be made for this request, so the provider may have been
    idle and its first answer slow; null when nothing was sent. It says nothing about weights being loaded or not.
    `retry_after_s`: how long the provider asks to be left alone, at most an hour; null where it does not ask.
    """

    passed: bool
    stage: Stage | None
    http_status: int | None
    latency_ms: float | None
    ttft_ms: float | None
    cold: bool | None
    answered_model: str | None
    message: str
    hint: str
    retry_after_s: float | None = None


async def test_connection(client: Client, target: Target) -> ConnectionResult:
    """Asks for at most 16 tokens, or one embedding, within `timeouts.test_s`. Never raises for what a provider does.

    Passes only on a complete, valid answer with content. A model of unknown task is asked as a chat model.
    """
    return result_of(target, await ask(client, target))


test_connection.__test__ = False  # type: ignore[attr-defined]


async def ask(client: Client, target: Target) -> Exchange:
    """The one request."""
    words = Ask.of("Reply with the word OK.", max_tokens=MAX_TOKENS)
    return await converse(client, target, words, total_s=target.endpoint.timeouts.test_s)


def result_of(target: Target, exchange: Exchange) -> ConnectionResult:
    """Pure: what the exchange says."""
    failure = exchange.failure
    answered = exchange.head_at is not None
    return ConnectionResult(
        passed=failure is None,
        stage=failure.stage if failure else None,
        http_status=exchange.http_status,
        latency_ms=_ms(end_to_end(exchange.sent_at, exchange.last_event_at)),
        ttft_ms=_ms(time_to_first_token(exchange.sent_at, exchange.content_at)),
        cold=not exchange.reused if answered else None,
        answered_model=exchange.answered_model,
        message=failure.message if failure else _praise(target),
        hint=failure.hint if failure else _note(target, exchange),
        retry_after_s=failure.retry_after_s if failure else None,
    )


def _praise(target: Target) -> str:
    return "The model returned an embedding." if target.task == "embedding" else "The model answered."


def _note(target: Target, exchange: Exchange) -> str:
    """What is worth knowing about a success."""
    notes = []
    if exchange.answered_model is not None and exchange.answered_model != target.model_id:
        notes.append(f"The provider answered as {scrub(exchange.answered_model, target.endpoint)!r}.")
    if not exchange.streamed and target.task != "embedding":
        notes.append("A stream was asked for, but the answer came in one piece.")
    return " ".join(notes)


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000
