"""Two Lineups on one PostgreSQL behind deploy/compose's nginx, restarted one after the other under load.

Nobody who asks again once sees a failure, and streams that end within the time of an end are whole.
"""

import contextlib
import http.client
import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.proxy import nginx
from tests.fakes.counts import HARD
from tests.fakes.postgres import PostgresServer
from tests.fakes.provider import Answer, FakeProvider, Got, delta, event_bytes, fake_provider, reply, stream
from tests.fakes.server import Server, Workbench

CALLERS = 4
STREAM_S = 25.0
ROUNDS = 2
WHOLE = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
}

pytestmark = [
    pytest.mark.hard,
    pytest.mark.skipif(not HARD, reason="nginx is installed for it, and four restarts take a minute"),
    pytest.mark.timeout(20 * 60),
]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def answer(got: Got) -> Answer:
    if not got.json.get("stream"):
        return reply(WHOLE)
    return stream(
        [event_bytes(delta("One")), STREAM_S, event_bytes(delta("Two", finish="stop")), event_bytes("[DONE]")]
    )


class Caller:
    """Asks through the proxy as an SDK does that asks again once."""

    def __init__(self, port: int, key: str) -> None:
        self._port, self._key = port, key
        self._context = ssl._create_unverified_context()

    def ask(self, *, streamed: bool = False) -> bytes:
        """The body of a 200, whole. Raises AssertionError with both refusals."""
        refused = []
        for _ in range(2):
            try:
                status, body = self._once(streamed)
                if status == 200:
                    return body
                refused.append((status, body[:200]))
            except (OSError, http.client.HTTPException) as error:
                refused.append((0, repr(error).encode()))
            time.sleep(0.5)  # as the official SDKs wait before they ask again
        raise AssertionError(refused)

    def _once(self, streamed: bool) -> tuple[int, bytes]:
        body = {"model": "m", "stream": streamed, "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
        headers = {"authorization": f"Bearer {self._key}", "content-type": "application/json"}
        connection = http.client.HTTPSConnection("127.0.0.1", self._port, timeout=90, context=self._context)
        with contextlib.closing(connection):
            connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
            response = connection.getresponse()
            try:
                return response.status, response.read()
            except (OSError, http.client.HTTPException) as error:  # nobody may ask again for what had begun
                raise AssertionError(f"cut off after {response.status}: {error!r}") from error


class Load:
    """Callers that ask until they are stopped, and a stream begun every second; what failed, in `failed`."""

    def __init__(self, caller: Caller) -> None:
        self.failed: list[str] = []
        self.asked = self.streamed = 0
        self._caller = caller
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._ask) for _ in range(CALLERS)]
        self._threads.append(threading.Thread(target=self._begin_streams))
        self._streams: list[threading.Thread] = []

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in (*self._threads, *self._streams):
            thread.join()

    def _ask(self) -> None:
        while not self._stop.wait(0.02):
            self._try(streamed=False)

    def _begin_streams(self) -> None:
        while not self._stop.wait(1):
            thread = threading.Thread(target=self._try, kwargs={"streamed": True})
            self._streams.append(thread)
            thread.start()

    def _try(self, *, streamed: bool) -> None:
        try:
            said = self._caller.ask(streamed=streamed)
            if streamed:
                assert said.rstrip().endswith(b"data: [DONE]"), said[-300:]
        except AssertionError as error:
            with self._lock:
                self.failed.append(str(error))
        with self._lock:
            self.asked += 1
            self.streamed += streamed


@pytest.fixture
def replicas(tmp_path: Path) -> Iterator[list[Server]]:
    with PostgresServer() as postgres:
        shared: dict[str, Any] = {
            "database_url": postgres.fresh_database(),
            "keyring_file": tmp_path / "keyring.json",
            "trusted_proxies": "127.0.0.1/32",
            "drain_delay_s": 2,
        }
        with (
            Server(tmp_path / "one", **shared, port=free_port()) as one,
            Server(tmp_path / "two", **shared, port=free_port()) as two,
        ):
            yield [one, two]


@pytest.fixture
def proxied(replicas: list[Server], tmp_path: Path) -> Iterator[int]:
    """The port of the proxy, over TLS."""
    port = free_port()
    one, two = (f"127.0.0.1:{server.port}" for server in replicas)
    running = subprocess.Popen(nginx(tmp_path, one, two, https=port, http=free_port()))
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield port
    finally:
        running.terminate()
        running.wait(10)


def user_key(server: Server, provider: FakeProvider) -> str:
    provider.answer("/chat/completions", answer)
    workbench = Workbench(server.admin())
    workbench.model(workbench.provider(provider.base_url)["id"], "m", visible=True)
    return str(workbench.key("user")["key"])


def test_a_rolling_restart_fails_nobody_who_asks_again_once(
    replicas: list[Server], proxied: int, record_property: Any
) -> None:
    with fake_provider() as provider:
        caller = Caller(proxied, user_key(replicas[0], provider))
        caller.ask()
        with Load(caller) as load:
            for _ in range(ROUNDS):
                for server in replicas:
                    time.sleep(3)
                    code, _took_s = server.terminate(60)
                    assert code == 0
                    server.start()
                time.sleep(3)
    assert load.failed == []
    assert load.streamed >= ROUNDS
    told = f"{2 * ROUNDS} restarts under {load.asked} requests, {load.streamed} of them streams of {STREAM_S:.0f} s"
    record_property("did", told)
