"""Writing at once: nothing is lost, nothing is doubled, and order is kept, whatever the kernel takes."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from model_lineup.upstream.wire.direct import Direct

LOOPS: list[Callable[[Coroutine[Any, Any, bytes]], bytes]] = [asyncio.run]
with contextlib.suppress(ImportError):
    import uvloop

    LOOPS.append(uvloop.run)


@pytest.fixture(params=LOOPS, ids=lambda run: run.__module__.partition(".")[0])
def run(request: pytest.FixtureRequest) -> Callable[[Coroutine[Any, Any, bytes]], bytes]:
    return request.param  # type: ignore[no-any-return]


class Ended(asyncio.Protocol):
    def __init__(self) -> None:
        self.over = asyncio.get_running_loop().create_future()

    def connection_lost(self, error: Exception | None) -> None:
        self.over.set_result(error)


@contextlib.asynccontextmanager
async def line() -> AsyncIterator[tuple[asyncio.Transport, Ended, socket.socket]]:
    """A connection that buffers little, and its other end."""
    here, there = socket.socketpair()
    for end in (here, there):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        end.setblocking(False)
    transport, protocol = await asyncio.get_running_loop().create_connection(Ended, sock=here)
    with there:
        yield transport, protocol, there
    transport.abort()
    await protocol.over


async def read(there: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        got += await asyncio.get_running_loop().sock_recv(there, 65536)
    return got


def test_what_the_kernel_takes_is_there_in_the_same_step(run: Callable[..., bytes]) -> None:
    async def main() -> bytes:
        async with line() as (transport, _, there):
            Direct(transport).write(b"now")
            return there.recv(100)

    assert run(main()) == b"now"


def test_what_it_does_not_take_follows_in_order(run: Callable[..., bytes]) -> None:
    pieces = [b"%06d" % number * 500 for number in range(200)]

    async def main() -> bytes:
        async with line() as (transport, _, there):
            direct = Direct(transport)
            for piece in pieces:
                direct.write(piece)
            assert transport.get_write_buffer_size() > 0, "else nothing was left over"
            begun = await read(there, 6000)
            direct.write(b"last")  # while some of it still waits
            return begun + await read(there, 200 * 3000 + 4 - len(begun))

    assert run(main()) == b"".join(pieces) + b"last"


def test_a_line_that_is_gone_is_told_to_its_protocol_and_not_to_who_writes(run: Callable[..., bytes]) -> None:
    async def main() -> bytes:
        async with line() as (transport, protocol, there):
            there.close()
            direct = Direct(transport)
            direct.write(b"one")
            direct.write(b"two")
            async with asyncio.timeout(60):
                await protocol.over
            direct.write(b"three")
        return b"told"

    assert run(main()) == b"told"


class Elsewhere(asyncio.Transport):
    """Over TLS, as far as anybody can tell; or without a socket."""

    def __init__(self, **told: object) -> None:
        super().__init__(told)
        self.written = b""

    def write(self, data: Any) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return False


def test_over_tls_and_without_a_socket_the_transport_writes() -> None:
    here, there = socket.socketpair()
    with here, there:
        there.setblocking(False)
        for transport in (Elsewhere(socket=here, sslcontext=object()), Elsewhere()):
            Direct(transport).write(b"sealed")
            assert transport.written == b"sealed"
        with pytest.raises(BlockingIOError):
            there.recv(1)
