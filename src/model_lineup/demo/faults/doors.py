"""Where cases listen: most behind one door, the others where already the connection, or TLS, goes wrong.

Every door is at 127.0.0.1. Nothing here can be told to listen elsewhere.
"""

import asyncio
import contextlib
import socket
import ssl
import struct
import tempfile
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path

from model_lineup.demo.faults.certificates import Authority

HERE = "127.0.0.1"
_TLS_SORTS = ("good", "expired", "not-yet", "self-signed", "wrong-host")
_FILLS_THE_QUEUE = 4
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Doors:
    """Opens every door; `origins` says where each one is. `talk` is what happens behind those that serve."""

    def __init__(self, talk: Talk) -> None:
        self.origins: dict[str, str] = {}
        self.authority = Authority()
        self._talk = talk
        self._servers: list[asyncio.Server] = []
        self._sockets: list[socket.socket] = []

    async def open(self, port: int) -> None:
        """`port` is the main door's, 0 for any; the others take what is free. Raises OSError when it is taken."""
        await self._serve("main", self._talk, port=port)
        await self._serve("closes", _close)
        await self._serve("resets", _reset)
        await self._serve("tls-silent", _say_nothing, scheme="https")
        await self._serve("tls-closes", _close_in_handshake, scheme="https")
        self.origins["tls-plain"] = self.origins["main"].replace("http:", "https:")
        self.origins["name"] = self.origins["main"].replace(HERE, "drill.localhost.invalid")
        self._refuse()
        self._block()
        with tempfile.TemporaryDirectory() as folder:
            for sort in _TLS_SORTS:
                context = _context(self.authority.write(Path(folder), sort))
                await self._serve(f"tls-{sort}", self._talk, tls=context, scheme="https")
                if sort == "good":
                    old = _context(Path(folder) / "good.pem", old=True)
                    await self._serve("tls-old", self._talk, tls=old, scheme="https")

    def close(self) -> None:
        for server in self._servers:
            server.close()
        for sock in self._sockets:
            sock.close()

    async def _serve(
        self, name: str, talk: Talk, *, port: int = 0, tls: ssl.SSLContext | None = None, scheme: str = "http"
    ) -> None:
        async def behind(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await talk(reader, writer)
            except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
                pass  # the client has gone, or the drill is over
            finally:
                writer.transport.abort()

        server = await asyncio.start_server(behind, HERE, port, ssl=tls, backlog=1024)
        self._servers.append(server)
        self.origins[name] = f"{scheme}://{HERE}:{server.sockets[0].getsockname()[1]}"

    def _refuse(self) -> None:
        """A port that is ours, so that nobody else listens there, and that nobody listens at."""
        sock = self._bound()
        self.origins["refused"] = f"http://{HERE}:{sock.getsockname()[1]}"

    def _block(self) -> None:
        """A queue for one that is full, so that the kernel drops whoever else knocks (Linux)."""
        sock = self._bound()
        sock.listen(0)
        address = sock.getsockname()
        for _ in range(_FILLS_THE_QUEUE):
            knocking = socket.socket()
            knocking.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                knocking.connect(address)
            self._sockets.append(knocking)
        self.origins["blackhole"] = f"http://{HERE}:{address[1]}"

    def _bound(self) -> socket.socket:
        sock = socket.socket()
        sock.bind((HERE, 0))
        self._sockets.append(sock)
        return sock


def reset(writer: asyncio.StreamWriter) -> None:
    """End the connection with a reset instead of an orderly close."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()
    await asyncio.sleep(0)


async def _reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    reset(writer)
    await asyncio.sleep(0)


async def _say_nothing(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    while await reader.read(65536):
        pass


async def _close_in_handshake(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(16)
    writer.close()
    await asyncio.sleep(0)


def _context(file: Path, *, old: bool = False) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if old:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # that they are old is the point
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_cert_chain(file)
    return context
