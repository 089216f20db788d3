"""Reads along in a stream: when the first content came, what was counted, whether it is complete."""

from collections.abc import Sequence

from model_lineup.gateway.likeness import Likeness, likeness
from model_lineup.upstream.contract import Reading, StreamParser, Usage


class Meter:
    """One answer's figures. `first_content_at`: `clock.tick()`, s. `contents`: events that had some. `finished`: it
    said itself that it is complete; `marked`: with the format's closing mark, after which nothing counts; `mark`: the
    data of that event; `failed`: and that mark says so."""

    __slots__ = ("_dialect", "_parser", "_reason", "contents", "failed", "first_content_at", "mark", "marked", "usage")

    def __init__(self, dialect: Reading | None) -> None:
        self._dialect = dialect
        self._parser: StreamParser | None = None  # a plain answer needs none
        self.first_content_at: float | None = None
        self.usage: Usage | None = None
        self.contents = 0
        self.marked = False
        self.mark = b""
        self.failed = False
        self._reason = False

    def feed(self, piece: bytes, at: float) -> None:
        """Raises MalformedError, ProviderError, EventTooLargeError."""
        for name, data in self.events(piece):
            self.event(name, data, at)
            if self.marked:
                break

    def events(self, piece: bytes) -> Sequence[tuple[str, bytes]]:
        """The events that this piece completed, not yet counted. Raises EventTooLargeError."""
        if self._parser is None:
            if self._dialect is None:
                return ()
            self._parser = self._dialect.parser()
        return self._parser.feed(piece)

    def event(self, name: str, data: bytes, at: float) -> None:
        """Raises MalformedError, ProviderError."""
        assert self._dialect is not None
        event = self._dialect.event(name, data)
        if event.content:
            self.contents += 1
            if self.first_content_at is None:
                self.first_content_at = at
        if event.done:
            self.marked, self.mark, self.failed = True, data, event.finish_reason == "failed"
        self._reason = self._reason or event.finish_reason is not None
        if event.usage is not None:
            self.count(event.usage)

    def came(self, number: int, at: float) -> None:
        """So many events with content, and nothing else in them."""
        self.contents += number
        if self.first_content_at is None:
            self.first_content_at = at

    def likeness(self, piece: bytes, named: bytes) -> Likeness | None:
        """See `likeness.likeness`; None where nobody reads along."""
        return None if self._dialect is None else likeness(piece, named, self._dialect)

    def count(self, told: Usage) -> None:
        """What is told later is laid over what was told before."""
        known = self.usage
        if known is None:
            self.usage = told
            return
        self.usage = Usage(
            known.prompt_tokens if told.prompt_tokens is None else told.prompt_tokens,
            known.completion_tokens if told.completion_tokens is None else told.completion_tokens,
            known.cached_tokens if told.cached_tokens is None else told.cached_tokens,
        )

    def finished(self, *, orderly: bool) -> bool:
        """A closing mark; or a reason to stop, where the format's servers do not all send a mark.

        `orderly`: the body came to an end that can be told from a cut, which is all there is to go by in a format that
        nobody reads along.
        """
        if self._dialect is None:
            return orderly
        return self.marked or (self._reason and not self._dialect.marks_end)
