"""Certificates are verified, always; what is wrong with one is said in words."""

import asyncio
import datetime
import ssl
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path as FilePath

import pytest
import trustme

from model_lineup.upstream.wire import (
    Client,
    ConnectFailed,
    DeadlinePassed,
    Deadlines,
    Path,
    Request,
    Scope,
    TlsFailed,
    Truncated,
)
from tests.fakes.wire_server import WireServer, ok, saying

from .conftest import Run

SHORT = Deadlines(connect_s=20, first_byte_s=20, idle_s=20, total_s=40)
LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
AUTHORITY = trustme.CA()
BUNDLE = AUTHORITY.cert_pem.bytes().decode()


async def here(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


def serving(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def secure_server(certificate: trustme.LeafCert, *segments: bytes, then_close: bool = False) -> WireServer:
    talk = saying(*(segments or (ok(),)), then_close=then_close)
    return WireServer(talk, tls=serving(certificate), name="api.localhost")


async def get(url: str, ca_bundle: str | None = BUNDLE) -> bytes:
    client = Client(resolver=here)
    try:
        path = Path(scope=Scope.LOOPBACK, ca_bundle=ca_bundle)
        async with await client.send(Request("GET", url), path=path, deadlines=SHORT) as response:
            return await response.read(1000)
    finally:
        await client.close()


def test_a_certificate_of_the_providers_own_authority_is_good(run: Run) -> None:
    async def scenario() -> None:
        async with secure_server(AUTHORITY.issue_cert("api.localhost")) as server:
            assert await get(server.url) == b"hello"

    run(scenario())


def test_an_address_in_the_certificate_is_good_too(run: Run) -> None:
    async def scenario() -> None:
        async with secure_server(AUTHORITY.issue_cert("127.0.0.1")) as server:
            assert await get(f"https://127.0.0.1:{server.port}") == b"hello"

    run(scenario())


def test_an_encrypted_connection_is_used_again(run: Run) -> None:
    async def scenario() -> None:
        async with secure_server(AUTHORITY.issue_cert("api.localhost")) as server:
            client = Client(resolver=here)
            path = Path(scope=Scope.LOOPBACK, ca_bundle=BUNDLE)
            for reused in (False, True, True):
                async with await client.send(Request("GET", server.url), path=path, deadlines=SHORT) as response:
                    assert await response.read(10) == b"hello"
                    assert response.reused is reused
            await client.close()

    run(scenario())


def test_large_bodies_and_slow_readers_work_encrypted_too(run: Run) -> None:
    sent, answered = b"q" * 2_000_000, b"a" * 3_000_000

    async def scenario() -> None:
        async with secure_server(AUTHORITY.issue_cert("api.localhost"), ok(answered)) as server:
            client = Client(resolver=here)
            path = Path(scope=Scope.LOOPBACK, ca_bundle=BUNDLE)
            for reused in (False, True):
                request = Request("POST", server.url, (), sent)
                async with await client.send(request, path=path, deadlines=SHORT) as response:
                    await asyncio.sleep(0.02)
                    assert await response.read(3_000_000) == answered
                    assert response.reused is reused
            assert server.asked[-1].body == sent
            await client.close()

    run(scenario())


def test_a_cut_encrypted_stream_is_truncated(run: Run) -> None:
    async def scenario() -> None:
        cut = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx"
        async with secure_server(AUTHORITY.issue_cert("api.localhost"), cut, then_close=True) as server:
            with pytest.raises(Truncated):
                await get(server.url)

    run(scenario())


@pytest.mark.parametrize(
    ("certificate", "ca_bundle", "told"),
    [
        (AUTHORITY.issue_cert("other.localhost"), BUNDLE, "another host name"),
        (AUTHORITY.issue_cert("api.localhost", not_before=LONG_AGO, not_after=LONG_AGO), BUNDLE, "expired"),
        (AUTHORITY.issue_cert("api.localhost"), None, "authority"),
        (trustme.CA().issue_cert("api.localhost"), BUNDLE, "authority"),
        (AUTHORITY.issue_cert("api.localhost"), "no certificate at all", "CA bundle cannot be read"),
        (AUTHORITY.issue_cert("api.localhost"), "", "CA bundle cannot be read"),
    ],
    ids=["wrong host", "expired", "system authorities", "other authority", "unreadable bundle", "empty bundle"],
)
def test_a_certificate_that_cannot_be_trusted_is_refused(
    run: Run, certificate: trustme.LeafCert, ca_bundle: str | None, told: str
) -> None:
    async def scenario() -> None:
        async with secure_server(certificate) as server:
            with pytest.raises(TlsFailed, match=told) as caught:
                await get(server.url, ca_bundle)
            assert caught.value.stage == "tls"
            assert not server.asked

    run(scenario())


def test_a_self_signed_certificate_is_called_that(run: Run) -> None:
    async def scenario() -> None:
        authority = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with trustme.Blob(authority.private_key_pem.bytes() + authority.cert_pem.bytes()).tempfile() as file:
            context.load_cert_chain(file)
        async with WireServer(saying(ok()), tls=context, name="api.localhost") as server:
            with pytest.raises(TlsFailed, match="self-signed"):
                await get(server.url, None)

    run(scenario())


def test_plain_http_behind_an_https_url_is_recognised(run: Run) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async def scenario() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        with pytest.raises(TlsFailed, match="does not speak TLS"):
            await get(f"https://api.localhost:{server.sockets[0].getsockname()[1]}")
        server.close()
        await asyncio.sleep(0.01)

    run(scenario())


def test_a_close_during_the_handshake_is_a_tls_failure(run: Run) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def scenario() -> None:
        server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
        with pytest.raises(TlsFailed, match="handshake"):
            await get(f"https://api.localhost:{server.sockets[0].getsockname()[1]}")
        server.close()
        await asyncio.sleep(0.01)

    run(scenario())


def test_a_silent_handshake_ends_at_the_connect_deadline(run: Run) -> None:
    async def scenario() -> None:
        async with WireServer(saying(), name="api.localhost") as server:
            client = Client(resolver=here)
            path = Path(scope=Scope.LOOPBACK, ca_bundle=BUNDLE)
            with pytest.raises(DeadlinePassed) as caught:
                await client.send(
                    Request("GET", server.url.replace("http:", "https:")),
                    path=path,
                    deadlines=replace(SHORT, connect_s=0.15),
                )
            assert (caught.value.which, caught.value.phase) == ("connect", "tls")
            assert await server.open_is_at_most(0)
            await client.close()

    run(scenario())


def test_a_cancelled_handshake_leaves_nothing_behind(run: Run) -> None:
    async def scenario() -> None:
        async with secure_server(AUTHORITY.issue_cert("api.localhost")) as server:
            client = Client(resolver=here)
            path = Path(scope=Scope.LOOPBACK, ca_bundle=BUNDLE)
            for pause in range(10):
                task = asyncio.create_task(client.send(Request("GET", server.url), path=path, deadlines=SHORT))
                await asyncio.sleep(pause / 2000)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            assert await server.open_is_at_most(1)
            await client.close()

    run(scenario())


def test_session_keys_are_not_written_where_the_environment_says(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: FilePath
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))

    async def scenario() -> None:
        async with secure_server(AUTHORITY.issue_cert("api.localhost")) as server:
            assert await get(server.url) == b"hello"

    run(scenario())
    assert not (tmp_path / "keys").exists()


def test_a_refused_connection_is_no_tls_failure(run: Run) -> None:
    async def scenario() -> None:
        async with secure_server(AUTHORITY.issue_cert("api.localhost")) as server:
            pass
        with pytest.raises(ConnectFailed):
            await get(server.url)

    run(scenario())
