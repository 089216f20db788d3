"""From a name to a connection: who has no address, who does not listen, and the second address."""

from typing import Any

import pytest

from model_lineup.upstream.wire import (
    Client,
    ConnectFailed,
    Deadlines,
    NameNotResolved,
    Path,
    Request,
    Scope,
)
from tests.fakes.wire_server import WireServer, ok, saying

from .conftest import Run

LOCAL = Path(scope=Scope.LOOPBACK)
SHORT = Deadlines(connect_s=20, first_byte_s=20, idle_s=20, total_s=40)


async def get(url: str, *, path: Path = LOCAL, **options: Any) -> tuple[int, bytes]:
    client = Client(**options)
    try:
        async with await client.send(Request("GET", url), path=path, deadlines=SHORT) as response:
            return response.status, await response.read(1 << 20)
    finally:
        await client.close()


def test_nobody_listening_is_a_connect_failure(run: Run) -> None:
    async def scenario() -> None:
        async with WireServer(saying()) as server:
            pass
        with pytest.raises(ConnectFailed, match=r"127\.0\.0\.1") as caught:
            await get(server.url)
        assert caught.value.stage == "connect"

    run(scenario())


def test_a_name_without_address_is_a_dns_failure(run: Run) -> None:
    async def unknown(host: str, port: int) -> list[str]:
        raise OSError(-2, "Name or service not known")

    async def scenario() -> None:
        with pytest.raises(NameNotResolved, match="not known") as caught:
            await get("http://nowhere.example", path=Path(scope=Scope.PRIVATE), resolver=unknown)
        assert caught.value.stage == "dns"

    run(scenario())


def test_the_system_resolver_knows_localhost(run: Run) -> None:
    async def scenario() -> None:
        async with WireServer(saying(ok()), name="localhost") as server:
            assert await get(server.url) == (200, b"hello")
            assert server.asked[0].header("host") == f"localhost:{server.port}"

    run(scenario())


def test_the_second_address_is_tried_when_the_first_refuses(run: Run) -> None:
    async def two(host: str, port: int) -> list[str]:
        return ["127.0.0.9", "127.0.0.1"]

    async def scenario() -> None:
        async with WireServer(saying(ok()), name="twice.localhost") as server:
            assert await get(server.url, resolver=two) == (200, b"hello")

    run(scenario())
