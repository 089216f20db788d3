"""Bodies whose length is told wrongly, twice, or not at all; and what stands behind them."""

from collections.abc import Iterable

from model_lineup.demo.faults.case import FIN, HANG, OPENAI, POISON, Asked, Case, Step
from model_lineup.demo.faults.saying import by_close, reply, well, with_length
from model_lineup.demo.faults.wires import Said


class LengthNegative(Case):
    """Content-Length is -1."""

    lists = test = "protocol/protocol"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield with_length(asked, "content-length: -1")


class LengthNotANumber(Case):
    """Content-Length is no number."""

    lists = test = "protocol/protocol"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield with_length(asked, "content-length: many")


class LengthOverflows(Case):
    """Content-Length does not fit into 64 bits."""

    lists = test = "protocol/protocol"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield with_length(asked, f"content-length: {2**64 + 5}")


class LengthTwice(Case):
    """Content-Length stands there twice, equally. Two readers could still differ."""

    lists = test = "protocol/protocol"

    def answer(self, asked: Asked) -> Iterable[Step]:
        length = f"content-length: {len(asked.good)}"
        yield with_length(asked, length, length)


class LengthsDiffer(Case):
    """Two different Content-Lengths: response smuggling."""

    lists = test = "protocol/protocol"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield with_length(asked, f"content-length: {len(asked.good)}", "content-length: 5")


class LengthAndChunks(Case):
    """Content-Length beside Transfer-Encoding: response smuggling."""

    lists = test = "protocol/protocol"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield with_length(asked, f"content-length: {len(asked.good)}", "transfer-encoding: chunked")


class LengthTooLong(Case):
    """More is promised than comes before the connection ends."""

    lists = plain = test = "protocol/truncated"

    def answer(self, asked: Asked) -> Iterable[Step]:
        half = asked.good[: len(asked.good) // 2]
        yield with_length(asked, f"content-length: {len(asked.good)}", body=half)
        yield FIN


class LengthTooLongSilent(Case):
    """More is promised than comes, and the connection stays open."""

    lists = test = "timeout/timeout"
    slow = True

    def answer(self, asked: Asked) -> Iterable[Step]:
        half = asked.good[: len(asked.good) // 2]
        yield with_length(asked, f"content-length: {len(asked.good)}", body=half)
        yield HANG


class LengthTooShort(Case):
    """Less is promised than comes: the answer is cut, and its rest is no answer to the next request."""

    lists = plain = "protocol/malformed"
    test = "protocol/truncated"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield with_length(asked, f"content-length: {len(asked.good) // 2}")


class CodingUnknown(Case):
    """Transfer-Encoding is gzip, then chunked."""

    lists = test = "protocol/protocol"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield with_length(asked, "transfer-encoding: gzip, chunked")


class CodingTwice(Case):
    """Transfer-Encoding says chunked twice."""

    lists = test = "protocol/protocol"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield with_length(asked, "transfer-encoding: chunked", "transfer-encoding: chunked")


class SurplusAfterBody(Case):
    """Behind a good answer another one stands in the same segment. httpx hands it to the next request."""

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield well(asked) + _poisoned(asked)


class SurplusLater(Case):
    """A while after a good answer another one comes that nobody asked for. redis-py, 2023: it was another user's."""

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield well(asked)
        yield 0.02
        yield _poisoned(asked)


class BodyByClose(Case):
    """The body has neither length nor chunks and ends with the connection, whole; as HTTP/1.0 servers do."""

    wires = OPENAI | {"anthropic", "ollama"}

    def answer(self, asked: Asked) -> Iterable[Step]:
        return by_close(asked, asked.good)


class BodyByCloseCut(Case):
    """The same, but cut: nothing but the content can tell. httpx and aiohttp take it for whole."""

    lists = plain = "protocol/malformed"
    test = "protocol/truncated"

    def answer(self, asked: Asked) -> Iterable[Step]:
        return by_close(asked, asked.good[: len(asked.good) // 2])


class EmptyBody(Case):
    """200 with nothing behind it."""

    lists = plain = "protocol/malformed"
    test = "protocol/truncated"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield with_length(asked, "content-length: 0", body=b"")


def _poisoned(asked: Asked) -> bytes:
    """A whole good answer that says what nobody may read."""
    said = Said(pieces=(POISON,), model=f'"{POISON}"')
    if asked.what == "list":
        return reply(200, asked.wire.page(asked.wire.entries(POISON)))
    body = b"".join(asked.wire.stream(said)) if asked.stream else asked.plain(asked.wire.plain(said))
    return reply(200, body, content_type=asked.content_type)
