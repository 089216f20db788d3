"""One request out, one response back."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from model_lineup.upstream.wire import (
    BadHeader,
    BodyTooLarge,
    Client,
    ClientClosed,
    ConnectionBroken,
    Deadlines,
    Path,
    ProtocolBroken,
    Request,
    Scope,
    Truncated,
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


def test_a_request_arrives_as_it_was_given(run: Run) -> None:
    async def scenario() -> None:
        client = Client()
        async with WireServer(saying(ok(b"hi", b"X-Two: a", b"x-two: b"))) as server:
            request = Request("POST", server.url + "/v1/x?y=1", (("authorization", "Bearer k"),), b'{"a":1}')
            async with await client.send(request, path=LOCAL, deadlines=SHORT) as response:
                assert response.status == 200
                assert response.headers == (("content-length", "2"), ("x-two", "a"), ("x-two", "b"))
                assert response.header("X-Two") == "a"
                assert response.header("absent") is None
                assert not response.reused
                assert not response.ended_by_close
                assert response.sent_at <= response.head_at
                pieces = [piece async for piece in response.pieces()]
                assert [piece.data for piece in pieces] == [b"hi"]
                assert pieces[0].at == response.head_at
            asked = server.asked[0]
            assert asked.head.startswith(b"POST /v1/x?y=1 HTTP/1.1\r\n")
            assert asked.body == b'{"a":1}'
            names = [line.split(b":")[0] for line in asked.head.split(b"\r\n")[1:]]
            assert names == [b"host", b"accept-encoding", b"authorization", b"content-length"]
            assert asked.header("host") == f"127.0.0.1:{server.port}"
            await client.close()

    run(scenario())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_only_a_response(run: Run, status: int) -> None:
    async def scenario() -> None:
        async with WireServer(saying(ok())) as other:
            answer = b"HTTP/1.1 %d Moved\r\nlocation: %s\r\ncontent-length: 0\r\n\r\n" % (status, other.url.encode())
            async with WireServer(saying(answer)) as server:
                assert await get(server.url) == (status, b"")
            assert other.connections == 0

    run(scenario())


def test_cookies_and_credentials_are_not_remembered(run: Run) -> None:
    async def scenario() -> None:
        async with WireServer(saying(ok(b"x", b"set-cookie: a=b"))) as server:
            client = Client()
            for headers in ((("x-api-key", "one"),), ()):
                request = Request("GET", server.url, headers)
                async with await client.send(request, path=LOCAL, deadlines=SHORT) as response:
                    await response.read(10)
            await client.close()
            assert server.asked[1].header("cookie") is None
            assert server.asked[1].header("x-api-key") is None

    run(scenario())


def test_the_environment_names_no_proxy(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with WireServer(saying(ok(b"proxy"))) as canary, WireServer(saying(ok(b"origin"))) as server:
            for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
                monkeypatch.setenv(name, canary.url)
            assert await get(server.url) == (200, b"origin")
            assert canary.connections == 0

    run(scenario())


def test_a_body_may_come_in_chunks_of_any_cut(run: Run) -> None:
    raw = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nx-t: 1\r\n\r\n"

    async def scenario() -> None:
        async with WireServer(saying(*(raw[i : i + 1] for i in range(len(raw))), pause_s=0.0002)) as server:
            assert await get(server.url) == (200, b"hello world")

    run(scenario())


def test_a_large_request_and_a_large_response_arrive_whole(run: Run) -> None:
    sent, answered = b"q" * 3_000_000, b"a" * 5_000_000

    async def scenario() -> None:
        async with WireServer(saying(ok(answered))) as server:
            client = Client()
            response = await client.send(Request("POST", server.url, (), sent), path=LOCAL, deadlines=SHORT)
            assert await response.read(5_000_000) == answered
            assert server.asked[0].body == sent
            await client.close()

    run(scenario())


def test_a_body_larger_than_the_cap_closes_the_connection(run: Run) -> None:
    async def scenario() -> None:
        async with WireServer(saying(ok(b"x" * 1_000_000))) as server:
            client = Client()
            response = await client.send(Request("GET", server.url), path=LOCAL, deadlines=SHORT)
            with pytest.raises(BodyTooLarge, match="1000 bytes"):
                await response.read(1000)
            assert await server.open_is_at_most(0)
            await client.close()

    run(scenario())


def test_a_body_without_length_says_that_it_ended_by_close(run: Run) -> None:
    async def scenario() -> None:
        async with WireServer(saying(b"HTTP/1.1 200 OK\r\n\r\nall", then_close=True)) as server:
            client = Client()
            response = await client.send(Request("GET", server.url), path=LOCAL, deadlines=SHORT)
            assert response.ended_by_close
            assert await response.read(100) == b"all"
            await client.close()

    run(scenario())


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nhello",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
    ],
)
def test_a_cut_body_gives_what_came_and_then_says_so(run: Run, raw: bytes) -> None:
    async def scenario() -> None:
        async with WireServer(saying(raw, then_close=True)) as server:
            client = Client()
            response = await client.send(Request("GET", server.url), path=LOCAL, deadlines=SHORT)
            pieces = response.pieces()
            assert (await anext(pieces)).data == b"hello"
            with pytest.raises(Truncated) as caught:
                await anext(pieces)
            assert not caught.value.before_first_byte
            await client.close()

    run(scenario())


def test_a_cut_head_is_truncated(run: Run) -> None:
    async def scenario() -> None:
        async with WireServer(saying(b"HTTP/1.1 200 OK\r\nx: ", then_close=True)) as server:
            with pytest.raises(Truncated):
                await get(server.url)

    run(scenario())


def test_a_close_without_an_answer_is_told_as_such(run: Run) -> None:
    async def scenario() -> None:
        async with WireServer(saying(then_close=True)) as server:
            with pytest.raises(ConnectionBroken) as caught:
                await get(server.url)
            assert caught.value.before_first_byte
            assert not caught.value.stale_connection
            assert server.connections == 1

    run(scenario())


@pytest.mark.parametrize(
    "header",
    [
        ("x", "a\r\nevil: 1"),
        ("x", "a\nevil: 1"),
        ("x", "a\rb"),
        ("x", "a\0b"),
        ("x", "a\x7fb"),
        ("x", "snow\u2603"),
        ("x\r\nevil", "1"),
        ("x:y", "1"),
        ("x y", "1"),
        ("", "1"),
        ("é", "1"),
        ("Host", "other"),
        ("Content-Length", "5"),
        ("transfer-encoding", "chunked"),
        ("Connection", "close"),
        ("expect", "100-continue"),
    ],
)
def test_a_header_that_could_smuggle_is_never_sent(run: Run, header: tuple[str, str]) -> None:
    async def scenario() -> None:
        async with WireServer(saying(ok())) as server:
            client = Client()
            with pytest.raises(BadHeader):
                await client.send(Request("GET", server.url, (header,)), path=LOCAL, deadlines=SHORT)
            await client.close()
            assert server.connections == 0

    run(scenario())


@pytest.mark.parametrize("method", ["HEAD", "CONNECT", "TRACE", "get", "GET /x HTTP/1.1\r\nx:", ""])
def test_a_method_that_frames_differently_is_refused(run: Run, method: str) -> None:
    async def scenario() -> None:
        client = Client()
        with pytest.raises(ValueError, match="method"):
            await client.send(Request(method, "http://127.0.0.1:1"), path=LOCAL, deadlines=SHORT)
        await client.close()

    run(scenario())


def test_latin_1_values_and_tabs_pass(run: Run) -> None:
    async def scenario() -> None:
        async with WireServer(saying(ok())) as server:
            client = Client()
            request = Request("GET", server.url, (("x-name", "caf\xe9\tau lait"),))
            await (await client.send(request, path=LOCAL, deadlines=SHORT)).read(10)
            assert server.asked[0].header("x-name") == "caf\xe9\tau lait"
            await client.close()

    run(scenario())


def test_a_compressed_response_is_refused_because_nobody_asked_for_it(run: Run) -> None:
    async def scenario() -> None:
        async with WireServer(saying(ok(b"\x1f\x8b", b"content-encoding: gzip"))) as server:
            with pytest.raises(ProtocolBroken, match="identity"):
                await get(server.url)
            assert server.asked[0].header("accept-encoding") == "identity"

    run(scenario())


def test_closing_the_client_ends_what_is_under_way(run: Run) -> None:
    async def scenario() -> None:
        async with WireServer(saying(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx")) as server:
            client = Client()
            response = await client.send(Request("GET", server.url), path=LOCAL, deadlines=SHORT)
            reading = asyncio.create_task(response.read(10))
            await asyncio.sleep(0.01)
            await client.close()
            with pytest.raises(ClientClosed):
                await reading
            with pytest.raises(ClientClosed):
                await client.send(Request("GET", server.url), path=LOCAL, deadlines=SHORT)

    run(scenario())


def test_two_readers_of_one_response_are_a_mistake(run: Run) -> None:
    async def scenario() -> None:
        async with WireServer(saying(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n")) as server:
            client = Client()
            response = await client.send(Request("GET", server.url), path=LOCAL, deadlines=SHORT)
            first = asyncio.create_task(response.read(10))
            await asyncio.sleep(0)
            with pytest.raises(RuntimeError, match="Two tasks"):
                await response.read(10)
            response.close()
            with pytest.raises(ClientClosed):
                await first
            await client.close()

    run(scenario())


def test_a_slow_reader_slows_the_sender_instead_of_filling_memory(run: Run) -> None:
    import tracemalloc

    chunk, count, written = b"x" * 65536, 800, 0

    async def flood(asked: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (len(chunk) * count))
        for _ in range(count):
            writer.write(chunk)
            await writer.drain()
            written += len(chunk)

    async def scenario() -> None:
        nonlocal written
        written = 0
        async with WireServer(flood) as server:
            client = Client()
            tracemalloc.start()
            response = await client.send(Request("GET", server.url), path=LOCAL, deadlines=replace(SHORT, idle_s=0.5))
            await asyncio.sleep(0.7)  # longer than the idle deadline, which must not count against a held sender
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            stalled_at = written
            assert stalled_at < len(chunk) * count
            assert peak < 2_000_000
            assert len(await response.read(len(chunk) * count)) == len(chunk) * count
            again = await client.send(Request("GET", server.url), path=LOCAL, deadlines=SHORT)
            assert again.reused
            again.close()
            await client.close()

    run(scenario())
