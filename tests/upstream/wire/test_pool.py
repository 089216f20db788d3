"""Connections are used again when, and only when, nothing of another exchange can be left on them."""

import asyncio
import os
import random

import pytest

from model_lineup.upstream.wire import Client, PoolFull, Request
from tests.fakes.wire_server import Asked, WireServer, ok, saying

from .conftest import Run
from .exchanges import LOCAL, SHORT, fetch, send


def test_a_finished_exchange_leaves_its_connection_to_the_next(run: Run) -> None:
    async def scenario() -> None:
        async with WireServer(saying(ok())) as server:
            client = Client()
            assert [await fetch(client, server) for _ in range(4)] == [False, True, True, True]
            assert server.connections == 1
            await client.close()

    run(scenario())


def test_a_response_without_body_is_back_in_the_pool_before_it_is_read(run: Run) -> None:
    async def scenario() -> None:
        async with WireServer(saying(b"HTTP/1.1 204 No Content\r\n\r\n")) as server:
            client = Client()
            first = await send(client, server)
            assert await fetch(client, server)
            first.close()
            assert await fetch(client, server)
            await client.close()

    run(scenario())


@pytest.mark.parametrize("name", ["authorization", "x-api-key", "api-key", "x-goog-api-key", "Authorization"])
def test_two_credentials_never_share_a_connection(run: Run, name: str) -> None:
    async def scenario() -> None:
        async with WireServer(saying(ok())) as server:
            client = Client()
            for key, reused in (("one", False), ("two", False), ("one", True), ("two", True)):
                assert await fetch(client, server, (name, key), ("x-request", key * 3)) is reused
            assert not await fetch(client, server)
            await client.close()

    run(scenario())


def test_the_connection_used_last_goes_out_first(run: Run) -> None:
    async def scenario() -> None:
        async with WireServer(saying(ok())) as server:
            client = Client()
            await asyncio.gather(*(fetch(client, server) for _ in range(3)))
            await fetch(client, server)
            await fetch(client, server)
            assert server.asked[-1].connection == server.asked[-2].connection
            await client.close()

    run(scenario())


def test_an_idle_connection_expires(run: Run) -> None:
    async def scenario() -> None:
        async with WireServer(saying(ok())) as server:
            client = Client(idle_expiry_s=0.5)
            await fetch(client, server)
            assert await fetch(client, server)
            assert await server.open_is_at_most(0)
            assert not await fetch(client, server)
            await client.close()

    run(scenario())


@pytest.mark.parametrize("surplus", [b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison", b"\r\n", b"x"])
@pytest.mark.parametrize("separately", [False, True])
def test_surplus_bytes_are_never_given_to_the_next_request(run: Run, surplus: bytes, separately: bool) -> None:
    segments = (ok(b"first"), surplus) if separately else (ok(b"first") + surplus,)

    async def scenario() -> None:
        async with WireServer(saying(*segments)) as server:
            client = Client()
            for _ in range(5):
                async with await send(client, server) as response:
                    assert await response.read(100) == b"first"
                    assert not response.reused
                if separately:
                    await asyncio.sleep(0.005)
            await client.close()

    run(scenario())


def test_surplus_that_the_loop_has_not_read_yet_is_seen_when_the_connection_is_taken(run: Run) -> None:
    """The next request goes out in the very turn of the loop in which the surplus reaches the kernel."""
    sockets: list[int] = []

    async def talk(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sockets.append(writer.get_extra_info("socket").fileno())
        writer.write(ok(b"first"))

    async def scenario() -> None:
        async with WireServer(talk) as server:
            client = Client()
            assert not await fetch(client, server)
            os.write(sockets[0], ok(b"poison"))
            async with await send(client, server) as response:
                assert await response.read(100) == b"first"
                assert not response.reused
            await client.close()

    run(scenario())
    sockets.clear()


def test_a_closed_response_closes_its_connection(run: Run) -> None:
    async def scenario() -> None:
        async with WireServer(saying(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")) as server:
            client = Client()
            response = await send(client, server)
            response.close()
            response.close()
            assert not await fetch_head(client, server)
            assert await server.open_is_at_most(0)
            await client.close()

    run(scenario())


async def fetch_head(client: Client, server: WireServer) -> bool:
    async with await send(client, server) as response:
        return response.reused


@pytest.mark.parametrize("wait_for", ["head", "body"])
def test_a_cancelled_exchange_closes_its_connection(run: Run, wait_for: str) -> None:
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"

    async def scenario() -> None:
        async with WireServer(saying(answer if wait_for == "body" else b"")) as server:
            client = Client()

            begun = asyncio.Event()

            async def exchange() -> None:
                async for _ in (await send(client, server)).pieces():
                    begun.set()

            task = asyncio.create_task(exchange())
            while not (begun.is_set() if wait_for == "body" else server.asked):
                await asyncio.sleep(0.005)
            assert server.open == 1
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await server.open_is_at_most(0)
            await client.close()

    run(scenario())


def test_a_cancelled_dialling_leaves_nothing_behind(run: Run) -> None:
    async def scenario() -> None:
        async with WireServer(saying(ok())) as server:
            client = Client()
            for turns in range(6):
                task = asyncio.create_task(fetch(client, server))
                for _ in range(turns):
                    await asyncio.sleep(0)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            assert await server.open_is_at_most(1)
            await client.close()

    run(scenario())


def test_a_connection_whose_request_was_not_read_whole_is_not_used_again(run: Run) -> None:
    connections = 0

    async def early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ok(b"no"))
        await asyncio.sleep(0.05)
        writer.transport.abort()

    async def scenario() -> None:
        nonlocal connections
        connections = 0
        server = await asyncio.start_server(early, "127.0.0.1", 0, limit=1024)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        client = Client()
        for _ in range(2):
            request = Request("POST", url, (), b"x" * 20_000_000)
            async with await client.send(request, path=LOCAL, deadlines=SHORT) as response:
                assert await response.read(10) == b"no"
                assert not response.reused
        await client.close()
        server.close()
        await asyncio.sleep(0.1)
        assert connections == 2

    run(scenario())


def test_open_connections_are_bounded_per_key_and_in_all(run: Run) -> None:
    async def scenario() -> None:
        async with WireServer(saying(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n")) as server:
            client = Client(pool_per_origin=2, pool_total=3)
            held = [await send(client, server), await send(client, server)]
            with pytest.raises(PoolFull, match="All 2"):
                await send(client, server)
            held.append(await send(client, server, ("authorization", "other")))
            with pytest.raises(PoolFull, match="All 3"):
                await send(client, server, ("authorization", "third"))
            held.pop().close()
            await asyncio.sleep(0)
            await asyncio.sleep(0.01)
            (await send(client, server, ("authorization", "third"))).close()
            await client.close()

    run(scenario())


def test_an_idle_connection_makes_room_for_another_key(run: Run) -> None:
    async def scenario() -> None:
        async with WireServer(saying(ok())) as server:
            client = Client(pool_total=2)
            for key in ("one", "two", "three", "four"):
                assert not await fetch(client, server, ("authorization", key))
            assert await server.open_is_at_most(2)
            await client.close()

    run(scenario())


def test_no_answer_ever_reaches_another_request(run: Run) -> None:
    """OpenAI's incident of 2023-03-20: a cancelled request left its answer to the next one."""

    async def echo(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonce = asked.header("x-nonce") or ""
        pause = int(nonce) % 4
        for part in (b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n", nonce.zfill(20).encode()):
            writer.write(part)
            if pause:
                await asyncio.sleep(pause / 2000)

    chance = random.Random(7)

    async def scenario() -> None:
        async with WireServer(echo) as server:
            client = Client()
            crossed = completed = 0

            async def one(nonce: int) -> None:
                nonlocal crossed, completed
                request = Request("GET", server.url, (("x-nonce", str(nonce)),))
                async with await client.send(request, path=LOCAL, deadlines=SHORT) as response:
                    crossed += int(await response.read(100)) != nonce
                    completed += 1

            async def worker(start: int) -> None:
                for nonce in range(start, start + 40):
                    task = asyncio.create_task(one(nonce))
                    if chance.random() < 0.25:
                        await asyncio.sleep(chance.random() / 500)
                        task.cancel()
                    (result,) = await asyncio.gather(task, return_exceptions=True)
                    assert result is None or isinstance(result, asyncio.CancelledError), result

            await asyncio.gather(*(worker(start) for start in range(0, 1000, 40)))
            assert crossed == 0
            assert completed > 700
            await client.close()

    run(scenario())
