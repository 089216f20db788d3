"""What to ask, and the request that a wire format makes of it."""

from typing import Literal

from msgspec import Struct

Surface = Literal["chat", "messages", "count_tokens", "embeddings", "responses", "generate"]
"""What a provider can be asked for in a caller's own bytes: OpenAI's chat, embeddings and responses, Anthropic's
messages and counting of tokens, Gemini's generation."""


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
