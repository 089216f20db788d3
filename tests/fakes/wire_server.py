"""A server that says exactly the bytes it is told, when it is told, and remembers what it was asked."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

Talk = Callable[["Asked", asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Asked:
    """One request as it arrived. `connection`: the how-manieth connection it came on, from 0."""

    head: bytes
    body: bytes
    connection: int

    def header(self, name: str) -> str | None:
        for line in self.head.decode("latin-1").split("\r\n")[1:]:
            found, _, value = line.partition(":")
            if found.lower() == name:
                return value.strip()
        return None


def saying(*segments: bytes, pause_s: float = 0.0, then_close: bool = False) -> Talk:
    """Answer every request with these bytes, one write each."""

    async def talk(_asked: Asked, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for segment in segments:
            writer.write(segment)
            await writer.drain()
            if pause_s:
                await asyncio.sleep(pause_s)
        if then_close:
            writer.close()

    return talk


def ok(body: bytes = b"hello", *headers: bytes) -> bytes:
    """A plain 200 with a length."""
    extra = b"".join(header + b"\r\n" for header in headers)
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n%s\r\n%s" % (len(body), extra, body)


@dataclass
class WireServer:
    """Runs in the caller's loop: `async with WireServer(talk) as server`, then `server.url`."""

    talk: Talk
    host: str = "127.0.0.1"
    port: int = 0
    tls: ssl.SSLContext | None = None
    name: str = ""
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    open: int = 0

    async def __aenter__(self) -> Self:
        self._talks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server = await asyncio.start_server(self._serve, self.host, self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0.001)

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.name or self.host}:{self.port}"

    async def open_is_at_most(self, count: int, within_s: float = 30.0) -> bool:
        """Whether no more than `count` connections are open, now or very soon."""
        ends_at = asyncio.get_running_loop().time() + within_s
        while self.open > count and asyncio.get_running_loop().time() < ends_at:
            await asyncio.sleep(0.002)
        return self.open <= count

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        self._writers.add(writer)
        number, self.connections = self.connections, self.connections + 1
        self.open += 1
        try:
            while not writer.is_closing():
                asked = await self._read(reader, number)
                self.asked.append(asked)
                await self.talk(asked, reader, writer)
        except (asyncio.IncompleteReadError, OSError, asyncio.CancelledError):
            pass
        except RuntimeError as error:
            if "closed" not in str(error):  # uvloop's way to say that the client has gone
                raise
        finally:
            self.open -= 1
            self._talks.discard(task)
            writer.transport.abort()

    async def _read(self, reader: asyncio.StreamReader, connection: int) -> Asked:
        head = await reader.readuntil(b"\r\n\r\n")
        asked = Asked(head[:-4], b"", connection)
        length = int(asked.header("content-length") or "0")
        return Asked(head[:-4], await reader.readexactly(length), connection)


class Tripwire:
    """A listener that nobody may reach. It accepts nothing; the kernel tells whether somebody knocked."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((host, port))
        self._listener.listen(8)
        self._listener.setblocking(False)
        self.port = int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()

    def was_touched(self) -> bool:
        try:
            connection, _ = self._listener.accept()
        except BlockingIOError:
            return False
        connection.close()
        return True
