"""Events that are spelt oddly: what is legal must pass, what is not must be a failure."""

from model_lineup.demo.faults.case import OPENAI, Asked
from model_lineup.demo.faults.cases.streams import _Events
from model_lineup.demo.faults.wires import GOOD, Said, event

_SSE = OPENAI | {"anthropic", "google"}


class ErrorFirst(_Events):
    """The first event is an error, under a 200 (OpenRouter's documentation)."""

    test = "protocol/server_error"
    wires = _SSE - {"google"}

    def events(self, asked: Asked) -> list[bytes]:
        return [asked.wire.error("it broke")]


class ErrorInTheMiddle(_Events):
    """An error after two pieces (goose #8031)."""

    test = "protocol/server_error"
    wires = _SSE - {"google"}

    def events(self, asked: Asked) -> list[bytes]:
        return [*asked.wire.stream()[:3], asked.wire.error("it broke"), *asked.wire.closing()]


class ErrorLast(_Events):
    """An error where the end was due."""

    test = "protocol/server_error"
    wires = _SSE - {"google"}

    def events(self, asked: Asked) -> list[bytes]:
        return [*asked.wire.opening(), *map(asked.wire.piece, GOOD.pieces), asked.wire.error("it broke")]


class ErrorWithoutType(_Events):
    """An error of which only a message is told, in the middle, in the format's own shape."""

    test = "protocol/upstream_error"
    wires = frozenset({"google", "ollama"})

    def events(self, asked: Asked) -> list[bytes]:
        return [*asked.wire.stream()[:3], asked.wire.error("it broke", "odd")]


class ErrorByEventName(_Events):
    """An event that calls itself `error` and holds words that are none of the format's."""

    test = "protocol/upstream_error"
    wires = _SSE

    def events(self, asked: Asked) -> list[bytes]:
        return [*asked.wire.stream()[:3], event('{"oops": true}', "error")]


class QuotaInStream(_Events):
    """An error in the middle that carries an HTTP status, as OpenRouter sends it."""

    test = "quota/quota"
    wires = OPENAI

    def events(self, asked: Asked) -> list[bytes]:
        return [*asked.wire.stream()[:3], event('{"error": {"code": 429, "message": "slow down"}, "choices": []}')]


class MalformedFirst(_Events):
    """The first event is no JSON."""

    test = "protocol/malformed"

    def events(self, asked: Asked) -> list[bytes]:
        return [_broken(asked), *asked.wire.stream()]


class MalformedInTheMiddle(_Events):
    """An event in the middle is no JSON."""

    test = "protocol/malformed"

    def events(self, asked: Asked) -> list[bytes]:
        events = asked.wire.stream()
        return [*events[:2], _broken(asked), *events[2:]]


class MalformedLast(_Events):
    """The event before the end is no JSON."""

    test = "protocol/malformed"

    def events(self, asked: Asked) -> list[bytes]:
        *before, last = asked.wire.stream()
        return [*before, _broken(asked), last]


class NotUtf8InStream(_Events):
    """A piece holds bytes that are no UTF-8."""

    test = "protocol/malformed"

    def events(self, asked: Asked) -> list[bytes]:
        return [one.replace("wörld".encode(), b"w\xf6rld") for one in asked.wire.stream()]


class SplitCodePoints(_Events):
    """Every code point is split between two chunks."""

    def events(self, asked: Asked) -> list[bytes]:
        body = b"".join(asked.wire.stream(Said(pieces=("模型", "😀", "ö"))))
        return [body[at : at + 1] for at in range(len(body))]


class LineSeparators(_Events):
    """U+2028, U+2029 and U+0085 inside a piece: legal in JSON, and no line ends. httpx splits there."""

    def events(self, asked: Asked) -> list[bytes]:
        return asked.wire.stream(Said(pieces=("a\u2028b", "c\u2029d", "e\u0085f")))


class CarriageReturns(_Events):
    """Lines end in a carriage return alone, which the standard allows."""

    wires = _SSE

    def events(self, asked: Asked) -> list[bytes]:
        return [one.replace(b"\n", b"\r") for one in asked.wire.stream()]


class MixedLineEnds(_Events):
    """CRLF, CR and LF in turn, with CR and LF in two chunks."""

    wires = _SSE

    def events(self, asked: Asked) -> list[bytes]:
        ends = (b"\r\n", b"\r", b"\n")
        mixed = (one.replace(b"\n", ends[place % 3]) for place, one in enumerate(asked.wire.stream()))
        return [part for one in mixed for part in (one[:-1], one[-1:])]


class ByteOrderMarkInStream(_Events):
    """The stream begins with a byte order mark, as the standard allows."""

    wires = _SSE

    def events(self, asked: Asked) -> list[bytes]:
        return [b"\xef\xbb\xbf", *asked.wire.stream()]


class EventNamesOnly(_Events):
    """Events with a name and no data, ids, retry times and unknown fields stand between the others."""

    wires = _SSE

    def events(self, asked: Asked) -> list[bytes]:
        noise = b"event: ping\n\n: hello\nid: 7\nretry: 100\nodd\n\n"
        return [part for one in asked.wire.stream() for part in (noise, one)]


class DataInSeveralLines(_Events):
    """The JSON of each event is spread over several `data` lines."""

    wires = _SSE

    def events(self, asked: Asked) -> list[bytes]:
        return [one.replace(b", ", b", \ndata: ") for one in asked.wire.stream()]


class BlankLinesBetween(_Events):
    """Blank lines between the lines of a stream of JSON."""

    wires = frozenset({"ollama"})

    def events(self, asked: Asked) -> list[bytes]:
        return [b"\n\r\n" + one for one in asked.wire.stream()]


def _broken(asked: Asked) -> bytes:
    return asked.wire.piece("x").replace(b'"', b"'")
