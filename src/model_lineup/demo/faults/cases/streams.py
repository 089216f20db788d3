"""Streams that are cut, stall, or do not know when they are over. Lists are good, and plain answers too."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import replace

from model_lineup.demo.faults.case import FIN, HANG, OPENAI, POISON, RST, Asked, Case, Step
from model_lineup.demo.faults.saying import LAST_CHUNK, by_close, chunk, chunked, open_chunked, well
from model_lineup.demo.faults.wires import GOOD, event

_CLOSES_WITH_MARK = OPENAI | {"anthropic", "ollama"}


class StreamCase(Case, abstract=True):
    """Only what is streamed goes wrong."""

    plain = "passes"

    def answer(self, asked: Asked) -> Iterator[Step]:
        if asked.stream:
            yield from self.stream(asked)
        else:
            yield well(asked)

    @abstractmethod
    def stream(self, asked: Asked) -> Iterable[Step]:
        """What is sent instead of a good stream."""


class _Events(StreamCase, abstract=True):
    """Framed as it should be, wrong inside."""

    def stream(self, asked: Asked) -> Iterable[Step]:
        yield chunked(asked, self.events(asked))

    @abstractmethod
    def events(self, asked: Asked) -> list[bytes]:
        """The events, marks included."""


class FirstByteLate(StreamCase):
    """Headers at once, the first event only when every deadline has passed: a model that is being loaded."""

    test = "timeout/timeout"
    slow = True

    def stream(self, asked: Asked) -> Iterable[Step]:
        yield open_chunked(asked)
        yield 30.0
        yield well(asked)


class StreamStalls(StreamCase):
    """Two pieces, then silence on an open connection."""

    test = "timeout/timeout"
    slow = True

    def stream(self, asked: Asked) -> Iterable[Step]:
        yield open_chunked(asked) + b"".join(chunk(one) for one in asked.wire.stream()[:3])
        yield HANG


class CommentsForever(StreamCase):
    """Nothing but comments that keep the connection alive, for ever: the silence deadline is met, the total is not."""

    test = "timeout/timeout"
    slow = True

    def stream(self, asked: Asked) -> Iterable[Step]:
        yield open_chunked(asked)
        while True:
            yield chunk(b"\n" if asked.wire.name == "ollama" else b": keep-alive\n\n")
            yield 0.05


class StreamDrips(StreamCase):
    """One byte of an event every tenth of a second."""

    test = "timeout/timeout"
    slow = True

    def stream(self, asked: Asked) -> Iterable[Step]:
        yield open_chunked(asked)
        for octet in b"".join(asked.wire.stream()):
            yield chunk(bytes([octet]))
            yield 0.1


class StreamEndsBeforeItBegins(_Events):
    """Headers and an orderly end, no event between them."""

    test = "protocol/truncated"

    def events(self, asked: Asked) -> list[bytes]:
        return []


class StreamCutByClose(StreamCase):
    """The connection closes after some pieces; the body had no length, so HTTP calls it whole (LiteLLM #42085)."""

    test = "protocol/truncated"

    def stream(self, asked: Asked) -> Iterable[Step]:
        return by_close(asked, b"".join(asked.wire.stream()[:3]))


class StreamCutByReset(StreamCase):
    """The connection is reset after some pieces."""

    test = "protocol/truncated"

    def stream(self, asked: Asked) -> Iterable[Step]:
        yield open_chunked(asked) + b"".join(chunk(one) for one in asked.wire.stream()[:3])
        yield 0.02
        yield RST


class StreamCutInOrder(_Events):
    """Some pieces and an orderly last chunk, as a proxy ends a stream whose server died (TensorRT-LLM #18289)."""

    test = "protocol/truncated"

    def events(self, asked: Asked) -> list[bytes]:
        return asked.wire.stream()[:3]


class StreamCutInAnEvent(_Events):
    """The last event is cut in its middle, and the body ends in order."""

    test = "protocol/truncated"

    def events(self, asked: Asked) -> list[bytes]:
        *before, last = asked.wire.stream()[:3]
        return [*before, last[: len(last) // 2]]


class DoneMissing(_Events):
    """A finish reason and an orderly end, but no closing mark: some imitators of OpenAI leave `[DONE]` out."""

    wires = OPENAI

    def events(self, asked: Asked) -> list[bytes]:
        return asked.wire.stream()[:-1]


class DoneMissingByClose(StreamCase):
    """The same where the body ends with the connection: now nothing tells it from a cut before the usage."""

    test = "protocol/truncated"
    wires = OPENAI

    def stream(self, asked: Asked) -> Iterable[Step]:
        return by_close(asked, b"".join(asked.wire.stream()[:-1]))


class StopMarkMissing(_Events):
    """All but the closing mark, which this format always has."""

    test = "protocol/truncated"
    wires = frozenset({"anthropic", "ollama"})

    def events(self, asked: Asked) -> list[bytes]:
        return asked.wire.stream()[:-1]


class FinishMissing(_Events):
    """The closing mark without a finish reason before it."""

    wires = OPENAI | {"anthropic"}

    def events(self, asked: Asked) -> list[bytes]:
        return asked.wire.stream(replace(GOOD, finished=False))


class DoneTwice(_Events):
    """The closing mark comes twice."""

    wires = _CLOSES_WITH_MARK

    def events(self, asked: Asked) -> list[bytes]:
        events = asked.wire.stream()
        return [*events, events[-1]]


class DoneEarly(_Events):
    """The closing mark comes before any content."""

    test = "empty/empty"
    wires = _CLOSES_WITH_MARK

    def events(self, asked: Asked) -> list[bytes]:
        events = asked.wire.stream()
        return [events[0], events[-1], *events[1:]]


class EventsAfterDone(_Events):
    """Content behind the closing mark, which belongs to nobody."""

    wires = _CLOSES_WITH_MARK

    def events(self, asked: Asked) -> list[bytes]:
        return [*asked.wire.stream(), asked.wire.piece(POISON)]


class ErrorAfterDone(_Events):
    """An error behind the closing mark: the answer was complete."""

    wires = _CLOSES_WITH_MARK

    def events(self, asked: Asked) -> list[bytes]:
        return [*asked.wire.stream(), asked.wire.error("too late")]


class NoBlankLineAtTheEnd(_Events):
    """The last event lacks the blank line that completes it; the body ends in order after a finish reason."""

    wires = OPENAI

    def events(self, asked: Asked) -> list[bytes]:
        *before, last = asked.wire.stream()
        return [*before, last.rstrip(b"\n")]


class TwoStreamsAtOnce(StreamCase):
    """A second stream follows the first one in the same body, with a model of its own."""

    wires = _CLOSES_WITH_MARK

    def stream(self, asked: Asked) -> Iterable[Step]:
        second = asked.wire.stream(replace(GOOD, pieces=(POISON,), model=f'"{POISON}"'))
        yield chunked(asked, [*asked.wire.stream(), *second], last=b"")
        yield LAST_CHUNK


class StreamCutInAChunk(StreamCase):
    """The connection closes in the middle of a chunk."""

    test = "protocol/truncated"

    def stream(self, asked: Asked) -> Iterable[Step]:
        whole = b"".join(asked.wire.stream())
        yield open_chunked(asked) + b"%x\r\n" % len(whole) + whole[: len(whole) // 3]
        yield FIN


class PingsOnly(_Events):
    """Events that say nothing, and then an orderly end."""

    test = "protocol/truncated"
    wires = OPENAI | {"anthropic", "google"}

    def events(self, asked: Asked) -> list[bytes]:
        return [event('{"type": "ping"}', "ping")] * 3
