"""Through a CONNECT proxy: the tunnel is asked for, and what is in it is the same talk as without one."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
import trustme

from model_lineup.upstream.wire import (
    AddressRefused,
    Client,
    DeadlinePassed,
    Deadlines,
    Path,
    ProxyFailed,
    Request,
    Scope,
)
from tests.fakes.wire_server import WireServer, ok, saying

from .conftest import Run
from .test_tls import AUTHORITY, BUNDLE, serving

SHORT = Deadlines(connect_s=20, first_byte_s=20, idle_s=20, total_s=40)


class ConnectProxy:
    """Tunnels every CONNECT to one place, whatever it asks for, and remembers the questions."""

    def __init__(self, target_port: int, answer: bytes = b"HTTP/1.1 200 Connection established\r\n\r\n") -> None:
        self._target_port = target_port
        self._answer = answer
        self.asked: list[bytes] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "ConnectProxy":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0.001)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            self.asked.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(self._answer)
            if b" 200 " in self._answer:
                await self._tunnel(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()
            self._tasks.discard(task)

    async def _tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                sink.write(data)
            sink.transport.abort()

        both = asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))
        try:
            await both
        finally:
            both.cancel()
            far_writer.transport.abort()


def test_https_goes_through_the_tunnel_and_the_proxy_resolves_the_name(run: Run) -> None:
    async def never(host: str, port: int) -> Sequence[str]:
        raise AssertionError("The proxy's address is a literal, and the origin's name is the proxy's to resolve.")

    async def scenario() -> None:
        tls = serving(AUTHORITY.issue_cert("api.example.com"))
        async with WireServer(saying(ok()), tls=tls) as server, ConnectProxy(server.port) as proxy:
            client = Client(resolver=never)
            path = Path(ca_bundle=BUNDLE, proxy=proxy.url)
            for reused in (False, True):
                request = Request("GET", "https://api.example.com/v1", (("authorization", "Bearer secret"),))
                async with await client.send(request, path=path, deadlines=SHORT) as response:
                    assert await response.read(10) == b"hello"
                    assert response.reused is reused
            assert len(proxy.asked) == 1
            assert proxy.asked[0].startswith(b"CONNECT api.example.com:443 HTTP/1.1\r\n")
            assert b"secret" not in proxy.asked[0]
            await client.close()

    run(scenario())


def test_plain_http_goes_through_a_tunnel_too(run: Run) -> None:
    async def scenario() -> None:
        async with WireServer(saying(ok())) as server, ConnectProxy(server.port) as proxy:
            client = Client()
            path = Path(scope=Scope.PRIVATE, proxy=proxy.url)
            async with await client.send(Request("GET", "http://10.1.2.3"), path=path, deadlines=SHORT) as response:
                assert await response.read(10) == b"hello"
            assert proxy.asked[0].startswith(b"CONNECT 10.1.2.3:80 ")
            await client.close()

    run(scenario())


def test_the_certificate_must_be_the_origins(run: Run) -> None:
    async def scenario() -> None:
        from model_lineup.upstream.wire import TlsFailed

        tls = serving(trustme.CA().issue_cert("api.example.com"))
        async with WireServer(saying(ok()), tls=tls) as server, ConnectProxy(server.port) as proxy:
            client = Client()
            path = Path(ca_bundle=BUNDLE, proxy=proxy.url)
            with pytest.raises(TlsFailed, match="authority"):
                await client.send(Request("GET", "https://api.example.com"), path=path, deadlines=SHORT)
            await client.close()

    run(scenario())


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", 407),
        (b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n", 403),
        (b"HTTP/1.1 302 Found\r\nlocation: http://elsewhere\r\n\r\n", 302),
        (b"garbage\r\n\r\n", None),
        (b"HTTP/1.1 2000 Odd\r\n\r\n", None),
        (b"x" * 20_000, None),
        (b"HTTP/1.1 200 OK\r\n\r\nsurplus", None),
        (b"", None),
    ],
    ids=["407", "403", "302", "garbage", "odd status", "endless", "surplus", "closed"],
)
def test_a_proxy_that_opens_no_tunnel_is_a_proxy_failure(run: Run, answer: bytes, status: int | None) -> None:
    async def scenario() -> None:
        async with WireServer(saying(ok())) as server, ConnectProxy(server.port, answer) as proxy:
            client = Client()
            path = Path(scope=Scope.PRIVATE, proxy=proxy.url)
            with pytest.raises(ProxyFailed) as caught:
                await client.send(Request("GET", "http://10.1.2.3"), path=path, deadlines=SHORT)
            assert caught.value.status == status
            assert not server.asked
            await client.close()

    run(scenario())


def test_a_silent_proxy_ends_at_the_connect_deadline(run: Run) -> None:
    async def scenario() -> None:
        async with WireServer(saying()) as silent:
            client = Client()
            path = Path(scope=Scope.PRIVATE, proxy=silent.url)
            deadlines = replace(SHORT, connect_s=0.15)
            with pytest.raises(DeadlinePassed) as caught:
                await client.send(Request("GET", "http://10.1.2.3"), path=path, deadlines=deadlines)
            assert (caught.value.which, caught.value.phase) == ("connect", "proxy")
            await client.close()

    run(scenario())


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://169.254.169.254", Path(proxy="http://127.0.0.1:1")),
        ("https://10.0.0.1", Path(proxy="http://127.0.0.1:1")),
        ("http://api.example.com", Path(proxy="http://127.0.0.1:1")),
        ("http://127.0.0.1:9", Path(scope=Scope.LOOPBACK, proxy="http://127.0.0.1:1")),
        ("https://api.example.com", Path(proxy="http://169.254.169.254:80")),
        ("https://api.example.com", Path(proxy="http://127.0.0.1:6379")),
    ],
)
def test_a_proxy_is_no_way_around_the_egress_policy(run: Run, url: str, path: Path) -> None:
    async def scenario() -> None:
        client = Client()
        with pytest.raises(AddressRefused):
            await client.send(Request("GET", url), path=path, deadlines=SHORT)
        await client.close()

    run(scenario())


@pytest.mark.parametrize("proxy", ["https://127.0.0.1:1", "127.0.0.1:1", "http://user:word@127.0.0.1:1", ""])
def test_a_proxy_address_that_cannot_be_used_is_named(run: Run, proxy: str) -> None:
    async def scenario() -> None:
        client = Client()
        with pytest.raises(ProxyFailed, match="proxy's address"):
            await client.send(Request("GET", "https://api.example.com"), path=Path(proxy=proxy), deadlines=SHORT)
        await client.close()

    run(scenario())
