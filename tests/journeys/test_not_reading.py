"""Callers who ask for a stream and do not read it: little is kept for them, and they are cut off in time."""

import asyncio
import socket
import time
from pathlib import Path

import psutil
import pytest

from tests.fakes.counts import count
from tests.fakes.holding import Holding
from tests.fakes.server import Server, Workbench, running_server
from tests.journeys.test_leaving import hello, wait_for

STALL_S = count(8, 60)


def memory_of(server: Server) -> int:
    assert server.process is not None
    return int(psutil.Process(server.process.pid).memory_info().rss)


async def not_reading(server: Server, ask: bytes) -> socket.socket:
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(connection, ("127.0.0.1", server.port))
    await loop.sock_sendall(connection, ask)
    return connection


@pytest.mark.hard
def test_callers_who_do_not_read_cost_little_and_are_cut_off(tmp_path: Path) -> None:
    """At most 160 KiB each, which is 32 MiB for 200; the provider is held up, and let go with them."""
    callers = count(20, 200)

    async def main(server: Server) -> None:
        workbench, upstream = Workbench(server.admin()), Holding()
        async with await upstream.listen():
            model = workbench.name("pouring")
            row = workbench.provider(f"{upstream.origin}/v1")["id"]
            workbench.model(row, model, visible=True)
            ask = hello("/v1/chat/completions", model, workbench.key("user")["key"], stream=True)
            first = await not_reading(server, ask)
            await wait_for(lambda: upstream.held == 1)
            first.close()  # what the first one costs is not theirs
            await wait_for(lambda: upstream.held == 0)
            before, began = memory_of(server), time.monotonic()
            lines = [await not_reading(server, ask) for _ in range(callers)]
            try:
                await wait_for(lambda: upstream.held == callers, STALL_S)
                grown = 0
                while upstream.held == callers:
                    grown = max(grown, memory_of(server) - before)
                    await asyncio.sleep(0.05)
                assert time.monotonic() - began > STALL_S
                await wait_for(lambda: upstream.held == 0, STALL_S + 60)
            finally:
                for line in lines:
                    line.close()
            print("grown", grown / 1024 / callers)
            assert grown < (callers * 160 + 4096) * 1024

    with running_server(tmp_path, write_stall_s=STALL_S) as server:
        asyncio.run(main(server))
