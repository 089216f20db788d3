"""Several workers on one port: which process answers on which connection."""

import time
from typing import Any

import psutil

from tests.fakes.server import Client, Server

LOOKED_FOR_S = 20.0


def workers_of(server: Server) -> list[Any]:
    """The worker processes that run now (psutil's), without what they measure with."""
    assert server.process is not None
    children = psutil.Process(server.process.pid).children()
    return [child for child in children if "model_lineup.serving.worker" in " ".join(_command(child))]


def one_client_each(server: Server, number: int, token: str | None = None) -> dict[int, Client]:
    """By process, a kept connection that it answers on. The kernel deals them out, so it takes some trying."""
    found: dict[int, Client] = {}
    deadline = time.monotonic() + LOOKED_FOR_S
    while len(found) < number:
        assert time.monotonic() < deadline, f"connections reached only {len(found)} of {number} workers"
        clients = [server.client(token) for _ in range(4 * number)]
        for client in clients:
            client.connection.connect()
        for client in clients:
            client.get("/livez")
        holders = _holders(server)
        for client in clients:
            holder = holders[client.connection.sock.getsockname()[1]]
            if holder in found:
                client.close()
            else:
                found[holder] = client
    return found


def _holders(server: Server) -> dict[int, int]:
    """The worker by the port that its caller calls from."""
    return {
        connection.raddr.port: worker.pid
        for worker in workers_of(server)
        for connection in worker.net_connections("tcp")
        if connection.raddr
    }


def _command(process: Any) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.NoSuchProcess:
        return []
