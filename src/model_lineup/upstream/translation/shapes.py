"""What a translation between two wire formats is, and what it says when there is none."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

JsonObject = dict[str, Any]


class UntranslatableError(Exception):
    """A field of the request has no counterpart in the provider's format, or is not what its own format says.

    `field` is the path of the field as the caller wrote it, like `messages[2].content[0].type`. Nothing was sent.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


class Translated(NamedTuple):
    """A request in the provider's words, without its model.

    `left_out`: the hints that the provider's format has no place for and that cannot change what is answered, such as
    marks for a cache. The gateway names them in a header; everything else that cannot be said is refused.
    """

    body: JsonObject
    left_out: tuple[str, ...] = ()


class StreamTranslator(Protocol):
    """Turns the events of one upstream stream into the bytes of the stream that the caller asked for."""

    def feed(self, name: str, data: bytes) -> bytes:
        """The caller's bytes for one upstream event; may be empty. Raises MalformedError, ProviderError."""

    @property
    def finished(self) -> bool:
        """Whether the upstream stream has said that it is complete."""

    def end(self) -> bytes:
        """The caller's closing bytes, once `finished`; never before."""

    def error(self, message: str, code: str) -> bytes:
        """The caller's event for a stream that broke."""


class Translation(Protocol):
    """From the format that a caller speaks to the one that a provider speaks, and back. Pure."""

    def request(self, body: JsonObject, *, max_tokens: int | None) -> Translated:
        """`body`: decoded. `max_tokens`: what the model can give, if known, for formats that demand a bound.

        Raises UntranslatableError.
        """

    def answer(self, body: bytes, *, name: str, created: int) -> bytes:
        """A plain 2xx answer for the caller. `name`: the model as he called it; `created`: Unix time, s.

        Raises MalformedError, ProviderError.
        """

    def stream(self, *, name: str, created: int, usage: bool) -> StreamTranslator:
        """For one stream. `usage`: whether the caller wants the tokens counted in it."""


class Chain:
    """Two translations, one after the other: through a format in the middle."""

    def __init__(self, first: Translation, second: Translation) -> None:
        self._first = first
        self._second = second

    def request(self, body: JsonObject, *, max_tokens: int | None) -> Translated:
        middle = self._first.request(body, max_tokens=max_tokens)
        last = self._second.request(middle.body, max_tokens=max_tokens)
        return Translated(last.body, (*middle.left_out, *last.left_out))

    def answer(self, body: bytes, *, name: str, created: int) -> bytes:
        return self._first.answer(self._second.answer(body, name=name, created=created), name=name, created=created)

    def stream(self, *, name: str, created: int, usage: bool) -> StreamTranslator:
        return ChainedStream(
            self._first.stream(name=name, created=created, usage=usage),
            self._second.stream(name=name, created=created, usage=True),
        )


class ChainedStream:
    """What the second makes of the provider's events is fed to the first."""

    def __init__(self, first: StreamTranslator, second: StreamTranslator) -> None:
        self._first = first
        self._second = second

    def feed(self, name: str, data: bytes) -> bytes:
        return self._through(self._second.feed(name, data))

    @property
    def finished(self) -> bool:
        return self._second.finished

    def end(self) -> bytes:
        return self._through(self._second.end()) + self._first.end()

    def error(self, message: str, code: str) -> bytes:
        return self._first.error(message, code)

    def _through(self, middle: bytes) -> bytes:
        return b"".join(self._first.feed(name, data) for name, data in events_of(middle))


def events_of(stream: bytes) -> Sequence[tuple[str, bytes]]:
    """The events in bytes that one of our own translators wrote: a `data:` line each, perhaps an `event:` line."""
    events = []
    for block in stream.split(b"\n\n"):
        name, data = "message", b""
        for line in block.split(b"\n"):
            if line.startswith(b"event: "):
                name = line[7:].decode()
            elif line.startswith(b"data: "):
                data = line[6:]
        if data:
            events.append((name, data))
    return events
