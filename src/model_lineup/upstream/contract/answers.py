"""What came back: an answer, an event of a stream, or why there is none."""

from typing import Any, Literal

from msgspec import Struct

from model_lineup.upstream.contract.places import NetworkScope

Stage = Literal["dns", "connect", "tls", "auth", "quota", "model", "timeout", "protocol", "empty"]


class Usage(Struct, frozen=True):
    """Tokens as the provider counted them; a missing or impossible number is `None`."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None


class Failure(Struct, frozen=True):
    """Why an exchange did not succeed. Safe to show: at most 200 scrubbed characters, no body, no header, no key.

    `stage` is the first that failed. `code` is finer and counts errors in reports: the stage itself, or `overloaded`,
    `server_error`, `upstream_redirect`, `truncated`, `html`, `malformed`, `upstream_error`, `too_large`, `refused`,
    `unsupported`.
    `hint` says what an admin can do next. `retry_after_s`: how long the provider asks to be left alone, at most 3 600.
    `needed_scope`: the network scope that would allow the address, where one would.
    """

    stage: Stage
    code: str
    message: str
    hint: str = ""
    http_status: int | None = None
    retry_after_s: float | None = None
    needed_scope: NetworkScope | None = None


class Event(Struct, frozen=True):
    """One decoded chunk of a stream. `content` is true if it carried text, reasoning or a piece of a tool call.

    `finish_reason` in OpenAI's words: stop, length, tool_calls, content_filter, or the provider's own where there is
    none of these; `failed` where the format has an end of its own for that. `usage` holds what this chunk tells; it is
    laid over what earlier ones told.
    """

    content: bool = False
    text: str = ""
    finish_reason: str | None = None
    usage: Usage | None = None
    model: str | None = None
    done: bool = False
    timings: dict[str, Any] | None = None


class Answer(Struct, frozen=True):
    """A plain answer, decoded. `empty`: valid, but with nothing in it."""

    text: str = ""
    empty: bool = False
    finish_reason: str | None = None
    usage: Usage | None = None
    model: str | None = None
    timings: dict[str, Any] | None = None


class Exchange(Struct, frozen=True):
    """One upstream request and all that came back.

    `sent_at`: the request was handed to the socket, `head_at`: status and headers were there,
    `content_at`: one ascending stamp per event with non-empty content (empty for a plain answer),
    `first_event_at`, `last_event_at`: any event but the closing mark; for a plain answer its first and last bytes.
    `ended_at`: the exchange was over, well or badly. `reused`: it went over a connection that was there already.
    `succeeded` is true only if the answer was valid, complete and not empty.
    """

    sent_at: float
    ended_at: float
    head_at: float | None = None
    content_at: tuple[float, ...] = ()
    first_event_at: float | None = None
    last_event_at: float | None = None
    text: str = ""
    finish_reason: str | None = None
    usage: Usage | None = None
    answered_model: str | None = None
    failure: Failure | None = None
    http_status: int | None = None
    server_timings: dict[str, Any] | None = None
    reused: bool = False
    streamed: bool = True

    @property
    def succeeded(self) -> bool:
        return self.failure is None


class UnsupportedError(Exception):
    """A wire format has no request for what is asked. The message is ours and says so."""


class MalformedError(ValueError):
    """What a provider sent is not what its format says. The message quotes none of it."""


class ProviderError(Exception):
    """The provider reported an error inside an answer that looked like a success."""

    def __init__(self, message: str, code: str | int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
