"""New connections are taken together: a busy loop lets nobody wait for a turn of his own."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator

import pytest

from model_lineup.serving.welcome import Welcome

CLIENTS = 40
uvloop = pytest.importorskip("uvloop", reason="libuv takes one connection in each turn; asyncio's own loop takes all")


class Guest(asyncio.Protocol):
    def __init__(self, on_client: Callable[[], None], came: list[asyncio.BaseTransport]) -> None:
        self._on_client, self._came = on_client, came

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._came.append(transport)
        self._on_client()

    def data_received(self, data: bytes) -> None:
        transport = self._came[0]
        assert isinstance(transport, asyncio.Transport)
        transport.write(data)


@contextlib.contextmanager
def waiting_clients(listener: socket.socket) -> Iterator[None]:
    listener.bind(("127.0.0.1", 0))
    listener.listen(CLIENTS)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(socket.socket()) for _ in range(CLIENTS)]
        for client in clients:
            client.connect(listener.getsockname())
        yield


async def turns(number: int) -> None:
    """Of a loop that has something to do all the time."""
    for _ in range(number):
        await asyncio.sleep(0)


def test_all_who_wait_are_taken_within_a_few_turns_of_the_loop() -> None:
    async def main() -> int:
        came: list[asyncio.BaseTransport] = []
        with socket.socket() as listener, waiting_clients(listener):
            welcome = Welcome(listener)

            def guest() -> Guest:
                return Guest(welcome.others_too, came)

            server = await asyncio.get_running_loop().create_server(guest, sock=listener)
            welcome.begin(guest)
            await turns(8)
            found = len(came)
            server.close()
            for one in came:
                one.close()
            await turns(3)
            return found

    assert uvloop.run(main()) == CLIENTS


def test_at_the_end_nobody_is_taken_who_has_no_protocol_yet() -> None:
    async def main() -> tuple[int, int]:
        came: list[asyncio.BaseTransport] = []
        with socket.socket() as listener, waiting_clients(listener):
            welcome = Welcome(listener)
            welcome.begin(lambda: Guest(lambda: None, came))
            welcome.others_too()
            before = len(came)
            await welcome.end()
            after = len(came)
            welcome.others_too()
            await turns(3)
            assert len(came) == after
            for one in came:
                one.close()
            await turns(3)
            return before, after

    assert uvloop.run(main()) == (0, CLIENTS)


def test_a_listener_that_is_closed_meanwhile_harms_nobody() -> None:
    async def main() -> None:
        listener = socket.socket()
        with waiting_clients(listener):
            welcome = Welcome(listener)
            welcome.begin(lambda: Guest(lambda: None, []))
            listener.close()
            welcome.others_too()
            await welcome.end()

    uvloop.run(main())
