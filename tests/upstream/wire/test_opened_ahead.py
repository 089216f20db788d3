"""Connections that are opened before there is anything to ask."""

import asyncio
from typing import Any

import pytest

from model_lineup.upstream.wire import Client, ConnectFailed, Deadlines, Request
from tests.fakes.wire_server import WireServer, ok, saying

from .conftest import Run
from .exchanges import LOCAL


def test_connections_opened_ahead_carry_the_next_requests(run: Run) -> None:
    async def scenario() -> None:
        client = Client()
        async with WireServer(saying(ok())) as server:
            request = Request("POST", f"{server.url}/v1", body=b"{}")
            await client.open_ahead(request, path=LOCAL, count=3, within_s=40)
            await client.open_ahead(request, path=LOCAL, count=3, within_s=40)
            while server.connections < 3:
                await asyncio.sleep(0.01)
            assert (server.connections, server.asked) == (3, [])
            answers = [client.send(request, path=LOCAL, deadlines=Deadlines()) for _ in range(3)]
            for response in await asyncio.gather(*answers):
                assert await response.read(100) == b"hello"
            assert server.connections == 3
        await client.close()

    run(scenario())


def test_opening_ahead_says_what_failed_and_leaves_nothing_behind(run: Run) -> None:
    async def scenario() -> None:
        client = Client()
        async with WireServer(saying(ok())) as server:
            url = server.url
        with pytest.raises(ConnectFailed):
            await client.open_ahead(Request("GET", url), path=LOCAL, count=40, within_s=40)
        assert not client._pool
        await client.close()

    run(scenario())


def test_a_connection_opened_ahead_that_the_server_closed_is_replaced(run: Run) -> None:
    async def once(_asked: Any, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, server.talk = server.talk, saying(ok())
        assert first is once
        writer.close()

    server = WireServer(once)

    async def scenario() -> None:
        client = Client()
        server.talk = once
        async with server:
            request = Request("POST", f"{server.url}/v1", body=b"{}")
            await client.open_ahead(request, path=LOCAL, count=1, within_s=40)
            response = await client.send(request, path=LOCAL, deadlines=Deadlines())
            assert await response.read(100) == b"hello"
            assert len(server.asked) == 2
        await client.close()

    run(scenario())
