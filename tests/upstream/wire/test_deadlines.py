"""Nothing outlives its deadline, and the error says which one and where."""

import asyncio
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from model_lineup.clock import tick
from model_lineup.upstream.wire import Client, DeadlinePassed, Deadlines, Path, Request, Scope
from model_lineup.upstream.wire.connection import Connection
from tests.fakes.wire_server import WireServer, ok, saying

from .conftest import Run

LOCAL = Path(scope=Scope.LOOPBACK)
LONG = Deadlines(connect_s=40, first_byte_s=40, idle_s=40, total_s=40)
SLACK_S = 30.0
"""For a busy machine; the deadlines that shall not be the ones which pass are longer."""
HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n"


async def fails(client: Client, url: str, deadlines: Deadlines, after_s: float) -> DeadlinePassed:
    """Send and read to the end; gives back the deadline that passed, after having checked when."""
    started = tick()

    async def exchange() -> None:
        response = await client.send(Request("GET", url), path=LOCAL, deadlines=deadlines)
        await response.read(10_000)

    with pytest.raises(DeadlinePassed) as caught:
        await exchange()
    assert after_s - 0.02 <= tick() - started <= after_s + SLACK_S
    assert caught.value.stage == "timeout"
    await client.close()
    return caught.value


@contextmanager
def full_backlog() -> Iterator[str]:
    """A listener whose queue is full, so that the kernel drops every further attempt."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = []
        for _ in range(4):
            waiting.append(socket.socket())
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(listener.getsockname())
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            for one in waiting:
                one.close()


def test_a_hung_connect_ends_at_the_connect_deadline(run: Run) -> None:
    async def scenario() -> None:
        with full_backlog() as url:
            error = await fails(Client(), url, replace(LONG, connect_s=0.15), 0.15)
        assert (error.which, error.phase, error.before_first_byte) == ("connect", "connect", True)

    run(scenario())


def test_all_addresses_share_one_connect_deadline(run: Run) -> None:
    async def scenario() -> None:
        with full_backlog() as url:

            async def thrice(host: str, port: int) -> Sequence[str]:
                return ["127.0.0.1", "127.0.0.1", "127.0.0.1"]

            url = url.replace("127.0.0.1", "hung.localhost")
            error = await fails(Client(resolver=thrice), url, replace(LONG, connect_s=0.2), 0.2)
        assert error.phase == "connect"

    run(scenario())


def test_a_hung_first_address_leaves_time_for_the_second(run: Run) -> None:
    async def scenario() -> None:
        with full_backlog() as url:
            port = int(url.rpartition(":")[2])
            async with WireServer(saying(ok()), host="127.0.0.2", port=port):

                async def two(host: str, port: int) -> Sequence[str]:
                    return ["127.0.0.1", "127.0.0.2"]

                client = Client(resolver=two)
                request = Request("GET", f"http://two.localhost:{port}")
                response = await client.send(request, path=LOCAL, deadlines=replace(LONG, connect_s=1.0))
                assert response.status == 200
                response.close()
                await client.close()

    run(scenario())


def test_a_hung_name_server_ends_at_the_connect_deadline(run: Run) -> None:
    async def never(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    async def scenario() -> None:
        deadlines = replace(LONG, connect_s=0.15)
        error = await fails(Client(resolver=never), "http://slow.localhost", deadlines, 0.15)
        assert (error.which, error.phase) == ("connect", "dns")

    run(scenario())


def test_a_silent_head_ends_at_the_first_byte_deadline(run: Run) -> None:
    async def scenario() -> None:
        async with WireServer(saying()) as server:
            error = await fails(Client(), server.url, replace(LONG, first_byte_s=0.15), 0.15)
        assert (error.which, error.phase, error.before_first_byte) == ("first_byte", "head", True)

    run(scenario())


def test_a_dripped_head_ends_at_the_first_byte_deadline(run: Run) -> None:
    async def scenario() -> None:
        async with WireServer(saying(*(bytes([byte]) for byte in HEAD), pause_s=0.02)) as server:
            error = await fails(Client(), server.url, replace(LONG, first_byte_s=0.5), 0.5)
        assert (error.which, error.before_first_byte) == ("first_byte", False)

    run(scenario())


def test_interim_answers_do_not_put_the_first_byte_deadline_off(run: Run) -> None:
    async def scenario() -> None:
        async with WireServer(saying(*([b"HTTP/1.1 102 Processing\r\n\r\n"] * 50), pause_s=0.02)) as server:
            error = await fails(Client(), server.url, replace(LONG, first_byte_s=0.2), 0.2)
        assert error.which == "first_byte"

    run(scenario())


def test_silence_in_the_body_ends_at_the_idle_deadline(run: Run) -> None:
    async def scenario() -> None:
        async with WireServer(saying(HEAD, b"x", b"y", pause_s=0.05)) as server:
            error = await fails(Client(), server.url, replace(LONG, idle_s=0.4), 0.45)
        assert (error.which, error.phase, error.before_first_byte) == ("idle", "body", False)

    run(scenario())


def test_a_dripped_body_ends_at_the_total_deadline(run: Run) -> None:
    async def scenario() -> None:
        async with WireServer(saying(HEAD, *([b"x"] * 200), pause_s=0.02)) as server:
            error = await fails(Client(), server.url, replace(LONG, idle_s=20, total_s=0.25), 0.25)
        assert (error.which, error.phase) == ("total", "body")

    run(scenario())


def test_the_total_deadline_holds_before_the_head_too(run: Run) -> None:
    async def scenario() -> None:
        async with WireServer(saying()) as server:
            error = await fails(Client(), server.url, replace(LONG, total_s=0.15), 0.15)
        assert (error.which, error.phase) == ("total", "head")

    run(scenario())


def test_a_reader_who_never_reads_cannot_hold_a_connection_beyond_the_total(run: Run) -> None:
    async def flood(asked: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 90000000\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    async def scenario() -> None:
        async with WireServer(flood) as server:
            client = Client()
            response = await client.send(Request("GET", server.url), path=LOCAL, deadlines=replace(LONG, total_s=0.2))
            assert await server.open_is_at_most(0)
            with pytest.raises(DeadlinePassed) as caught:
                await response.read(90_000_000)
            assert caught.value.which == "total"
            await client.close()

    run(scenario())


def test_a_steady_stream_outlives_the_idle_deadline(run: Run) -> None:
    async def scenario() -> None:
        answer = b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n"
        async with WireServer(saying(answer, *([b"x"] * 12), pause_s=0.06)) as server:
            client = Client()
            response = await client.send(Request("GET", server.url), path=LOCAL, deadlines=replace(LONG, idle_s=0.5))
            pieces = [piece async for piece in response.pieces()]
            gaps = [later.at - earlier.at for earlier, later in pairwise(pieces)]
            assert len(pieces) == 12
            assert sum(gaps) > 0.5
            await client.close()

    run(scenario())


def test_timers_are_moved_rather_than_multiplied(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A timer per request would cost more than parsing one."""
    armed = 0
    made = Connection.connection_made

    def counting(self: Connection, transport: asyncio.BaseTransport) -> None:
        arm = self._watch._arm

        def counted(due: float) -> None:
            nonlocal armed
            armed += 1
            arm(due)

        monkeypatch.setattr(type(self._watch), "_arm", lambda _self, due: counted(due))
        made(self, transport)

    monkeypatch.setattr(Connection, "connection_made", counting)

    async def scenario() -> None:
        async with WireServer(saying(ok())) as server:
            client = Client()
            for _ in range(50):
                await (await client.send(Request("GET", server.url), path=LOCAL, deadlines=LONG)).read(10)
            assert server.connections == 1
            assert armed <= 3
            await client.close()

    run(scenario())
