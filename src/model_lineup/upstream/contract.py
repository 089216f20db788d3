"""The values that cross this room's door: where to call, what to ask, and what came back.

All are frozen msgspec structs: they travel as JSON to the child process that measures. Times are monotonic seconds
from `clock.tick`, comparable within one process only. What a provider did not tell is `None` or absent, never 0.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol, runtime_checkable

from msgspec import Struct, field

Task = Literal["chat", "embedding", "other", "unknown"]
NetworkScope = Literal["public", "private", "loopback"]
Surface = Literal["chat", "messages", "count_tokens", "embeddings", "responses", "generate"]
"""What a provider can be asked for in a caller's own bytes: OpenAI's chat, embeddings and responses, Anthropic's
messages and counting of tokens, Gemini's generation."""
Stage = Literal["dns", "connect", "tls", "auth", "quota", "model", "timeout", "protocol", "empty"]


class Timeouts(Struct, frozen=True):
    """Seconds. `connect_s` covers DNS, TCP and TLS together; the totals are absolute."""

    connect_s: float = 5.0
    first_byte_s: float = 120.0
    idle_s: float = 300.0
    stream_total_s: float = 3600.0
    plain_total_s: float = 600.0
    test_s: float = 60.0


class Bounds(Struct, frozen=True):
    """What this instance allows to every provider, whatever its row says; judged at each use.

    `widest_scope`: the operator's ceiling for `network_scope`. `own_listeners`: host and port of each of Lineup's own,
    which no provider may be; `0.0.0.0` means every address of this machine. `list_models`, `list_bytes`: the most that
    one provider's list may hold. `drills`: whether kinds for drills are offered and called. `pseudonym`: what it calls
    itself in the `Via` of each request, so that one that comes back is known; empty sends none.
    """

    widest_scope: NetworkScope = "loopback"
    own_listeners: tuple[tuple[str, int], ...] = ()
    list_models: int = 20_000
    list_bytes: int = 10 * 1024 * 1024
    drills: bool = False
    pseudonym: str = ""


class Endpoint(Struct, frozen=True):
    """A configured account at a provider. `headers` are the admin's extra ones, already checked against the allow-list.

    `ca_bundle`: PEM text (not a file name); `proxy`: `http://host:port`. Key, header values and proxy stay out of
    `repr`, so that no log line or traceback shows them.
    """

    kind: str
    base_url: str
    api_key: str | None = None
    network_scope: NetworkScope = "public"
    headers: tuple[tuple[str, str], ...] = ()
    api_version: str | None = None
    ca_bundle: str | None = None
    proxy: str | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)
    bounds: Bounds = field(default_factory=Bounds)

    def __repr__(self) -> str:
        key = "set" if self.api_key else "none"
        return f"Endpoint(kind={self.kind!r}, base_url={self.base_url!r}, api_key={key}, scope={self.network_scope!r})"

    def __rich_repr__(self) -> Any:
        yield "kind", self.kind
        yield "base_url", self.base_url


class Target(Struct, frozen=True):
    """One model at one endpoint, ready to call. `model_id` is the provider's own string, byte for byte."""

    endpoint: Endpoint
    model_id: str
    task: Task = "chat"


class ListedModel(Struct, frozen=True, gc=False):
    """One entry of a provider's list. `facts` holds only what the list truly tells; an absent key is unknown.

    Keys: display_name, description (str) · context_length, max_output_tokens (int > 0) · supports_tools,
    supports_vision, supports_streaming (bool) · task (`Task`) · pricing, lifecycle (JSON objects).
    """

    model_id: str
    facts: dict[str, Any]


class Listing(Struct, frozen=True):
    """A list read to its last page: each `model_id` once, in the provider's order.

    `candidates`: what could be deployed there but cannot be called by these ids (Azure); nothing to be stored. A list
    holds either these or `models`.
    """

    models: tuple[ListedModel, ...]
    pages: int
    candidates: tuple[ListedModel, ...] = ()


class Message(Struct, frozen=True):
    """One turn, as text."""

    role: Literal["system", "user", "assistant"]
    content: str


class Ask(Struct, frozen=True):
    """What to ask. An embedding model embeds the content of the messages, one input each; the rest does not apply.

    `max_tokens` bounds the output; `None` leaves it to the provider.
    """

    messages: tuple[Message, ...]
    max_tokens: int | None = None
    stream: bool = True
    temperature: float | None = None
    seed: int | None = None

    @classmethod
    def of(cls, prompt: str, *, max_tokens: int | None = None, stream: bool = True, seed: int | None = None) -> "Ask":
        """One user message."""
        return cls((Message("user", prompt),), max_tokens=max_tokens, stream=stream, seed=seed)


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
    """

    stage: Stage
    code: str
    message: str
    hint: str = ""
    http_status: int | None = None
    retry_after_s: float | None = None


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


class Quirks:
    """What a server was found not to understand. Share one among the asks of one target to learn it only once."""

    def __init__(self) -> None:
        self.stream_options = True
        self.max_tokens_field = "max_tokens"


class Call(Struct, frozen=True):
    """A request in the provider's words: `path` is appended to the base URL; without a `body` it is a GET."""

    path: str
    body: bytes | None = None
    query: tuple[tuple[str, str], ...] = ()


class Answer(Struct, frozen=True):
    """A plain answer, decoded. `empty`: valid, but with nothing in it."""

    text: str = ""
    empty: bool = False
    finish_reason: str | None = None
    usage: Usage | None = None
    model: str | None = None
    timings: dict[str, Any] | None = None


class Page(Struct, frozen=True):
    """One page of a list. `following`: the cursor of the next one, `None` on the last; `candidates`: see `Listing`."""

    models: tuple[ListedModel, ...]
    following: str | None = None
    candidates: bool = False


class FormField(Struct, frozen=True):
    """A setting that a kind takes, as forms and the reference page show it. `name` is a field of `Endpoint`."""

    name: str
    label: str
    required: bool = False
    secret: bool = False
    help: str = ""


class StreamParser(Protocol):
    """How a format cuts its streams into events."""

    def feed(self, piece: bytes) -> Sequence[tuple[str, bytes]]:
        """Name and data of each event that this piece completed. Raises sse.EventTooLargeError."""


class Reading(Protocol):
    """How to read the answers of a wire format. Pure."""

    @property
    def name(self) -> str:
        """Stable, lower case."""

    @property
    def marks_end(self) -> bool:
        """Whether all its servers close a stream with a mark, so that a finish reason alone is a cut stream."""

    def parser(self) -> StreamParser:
        """For one stream."""

    def answer(self, target: Target, body: bytes) -> Answer:
        """Reads a plain 2xx body. Raises ProviderError when it holds an error, MalformedError when it is no answer."""

    def event(self, name: str, data: bytes) -> Event:
        """Reads one event of a stream; `name` as its parser gave it. Raises as `answer` does."""


class Dialect(Reading, Protocol):
    """A wire format: how to word an ask, how to read the answer. Pure; knows no sockets and no credentials."""

    def call(self, target: Target, ask: Ask, quirks: Quirks) -> Call:
        """The request for this ask. Raises UnsupportedError when the format has none."""

    def learn(self, status: int, message: str, quirks: Quirks) -> bool:
        """Whether this refusal taught `quirks` something that makes asking once more worth while."""


class Kind(Protocol):
    """One sort of provider. `registry` finds each by scanning `kinds/`; forms, docs and contract tests follow."""

    @property
    def name(self) -> str:
        """The `type` of a provider row."""

    @property
    def label(self) -> str:
        """For people."""

    @property
    def default_base_url(self) -> str | None:
        """What the form proposes."""

    @property
    def dialect(self) -> Dialect:
        """The wire format that it speaks."""

    @property
    def key_needed(self) -> bool:
        """Whether a provider of this kind cannot be stored without a key."""

    @property
    def fields(self) -> tuple[FormField, ...]:
        """The settings it takes, in the order of the form."""

    def auth(self, endpoint: Endpoint) -> Mapping[str, str]:
        """The headers of every request: the credential if there is one, and the protocol's version if it has one."""

    def list_call(self, endpoint: Endpoint, after: str | None) -> Call:
        """The request for the page of the list that the cursor `after` leads to; the first page without one."""

    def page(self, body: bytes) -> Page:
        """Reads one page of the list. Raises MalformedError when any entry is not as it should be."""

    def way(self, target: Target, surface: Surface, *, stream: bool) -> Call | None:
        """Where a request of this surface goes, without its body; `None` where providers of this kind have none."""


@runtime_checkable
class DetailedKind(Kind, Protocol):
    """A kind whose list only names its models; what else is known of one is asked model by model."""

    def detail_call(self, model: ListedModel) -> Call:
        """The request for what is known of one listed model."""

    def detailed(self, model: ListedModel, body: bytes) -> ListedModel:
        """The model with what the answer adds. Raises MalformedError, ProviderError."""


@runtime_checkable
class DrillKind(Kind, Protocol):
    """A kind that stands in for a real one in drills; offered and called only while the operator has drills on."""

    def case_of(self, base_url: str) -> str | None:
        """The case that a base URL leads to; `None` for any other address, which such a provider cannot have."""


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
