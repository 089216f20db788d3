"""A kept connection that the server has closed is replaced once, and only where nothing can be done twice by it."""

import asyncio

import pytest

from model_lineup.upstream.wire import Client, ConnectionBroken
from model_lineup.upstream.wire import connection as connection_module
from tests.fakes.wire_server import Asked, WireServer, ok

from .conftest import Run
from .exchanges import fetch, send


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_pooled_connection_found_closed_is_replaced_once(run: Run, method: str) -> None:
    async def talk(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if asked.connection == 0 and len([one for one in server.asked if one.connection == 0]) == 2:
            writer.close()  # as if the idle time had run out just when the request was under way
            return
        writer.write(ok(b"%d" % asked.connection))

    server = WireServer(talk)

    async def scenario() -> None:
        async with server:
            client = Client()
            assert not await fetch(client, server)
            async with await send(client, server, method=method) as response:
                assert not response.reused
                assert await response.read(10) == b"1"
            assert len(server.asked) == 3
            await client.close()

    run(scenario())
    server.asked.clear()


def test_a_close_of_a_fresh_connection_is_not_tried_again(run: Run) -> None:
    async def talk(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(server.asked) > 1:
            writer.close()
            return
        writer.write(ok())

    server = WireServer(talk)

    async def scenario() -> None:
        async with server:
            client = Client()
            await fetch(client, server)
            with pytest.raises(ConnectionBroken):
                await fetch(client, server)
            assert len(server.asked) == 3
            await client.close()

    run(scenario())


def test_a_late_close_is_an_answer_and_not_a_stale_connection(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "STALE_WINDOW_S", 0.05)

    async def talk(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(server.asked) > 1:
            await asyncio.sleep(0.3)
            writer.close()
            return
        writer.write(ok())

    server = WireServer(talk)

    async def scenario() -> None:
        async with server:
            client = Client()
            await fetch(client, server)
            with pytest.raises(ConnectionBroken) as caught:
                await fetch(client, server)
            assert caught.value.before_first_byte
            assert not caught.value.stale_connection
            assert len(server.asked) == 2
            await client.close()

    run(scenario())
