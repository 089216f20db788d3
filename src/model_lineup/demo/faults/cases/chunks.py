"""Chunked bodies that are framed wrongly."""

from abc import abstractmethod
from collections.abc import Iterable

from model_lineup.demo.faults.case import FIN, OPENAI, Asked, Case, Step
from model_lineup.demo.faults.saying import LAST_CHUNK, chunk, open_chunked


class _Chunks(Case, abstract=True):
    """All of them are refused as no HTTP."""

    lists = test = "protocol/protocol"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield open_chunked(asked) + self.body(asked.good)

    @abstractmethod
    def body(self, good: bytes) -> bytes:
        """What stands in place of the chunks."""


class ChunkSizeGarbage(_Chunks):
    """A chunk's size is no hexadecimal number."""

    def body(self, good: bytes) -> bytes:
        return b"zz\r\n" + good


class ChunkSizeOverflows(_Chunks):
    """A chunk's size does not fit into 64 bits; a careless reader would see a small one."""

    def body(self, good: bytes) -> bytes:
        return b"1%016x\r\n" % len(good) + good + b"\r\n" + LAST_CHUNK


class ChunkSizeNegative(_Chunks):
    """A chunk's size has a sign."""

    def body(self, good: bytes) -> bytes:
        return b"-1\r\n" + good


class ChunkTooShort(_Chunks):
    """A chunk is longer than its size says."""

    def body(self, good: bytes) -> bytes:
        return b"%x\r\n%b\r\n" % (len(good) - 3, good) + LAST_CHUNK


class ChunkExtensionWithoutEnd(_Chunks):
    """A chunk's extension goes on for 1 MiB."""

    lists = test = "protocol/too_large"

    def body(self, good: bytes) -> bytes:
        return b"5;" + b"a" * 2**20 + b"\r\n"


class TrailersWithoutEnd(_Chunks):
    """Trailers of 1 MiB come behind the last chunk. A stream was whole before them."""

    lists = "protocol/too_large"
    test = "passes"
    plain = "protocol/too_large"
    wires = OPENAI | {"anthropic", "ollama"}

    def body(self, good: bytes) -> bytes:
        return chunk(good) + b"0\r\n" + b"".join(b"x-%d: %b\r\n" % (n, b"a" * 1000) for n in range(1024))


class ChunkCut(Case):
    """The connection ends in the middle of a chunk. LiteLLM #40260: taken for a finished answer."""

    lists = test = "protocol/truncated"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield open_chunked(asked) + b"%x\r\n" % len(asked.good) + asked.good[: len(asked.good) // 2]
        yield FIN


class LastChunkMissing(Case):
    """All data came, the last chunk did not. A stream that said that it is finished is whole; nothing else is."""

    lists = plain = "protocol/truncated"
    wires = OPENAI | {"anthropic", "ollama"}

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield open_chunked(asked) + chunk(asked.good)
        yield FIN


class LastChunkNeverComes(Case):
    """All data came, and the body is never ended. A finished stream need not wait for that."""

    lists = plain = "timeout/timeout"
    slow = True
    wires = OPENAI | {"anthropic", "ollama"}

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield open_chunked(asked) + chunk(asked.good)
        yield "hang"
