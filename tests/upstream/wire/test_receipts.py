"""Stamps of receipt: the kernel's, brought to our clock, and trusted only as long as nobody sets the wall clock."""

import asyncio
import socket
import ssl
import struct
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import Queue

import pytest
import trustme
import uvloop

from model_lineup.clock import tick
from model_lineup.upstream.wire import Client, Deadlines, Path, Receipts, Request, Scope, receipts
from model_lineup.upstream.wire.receipts import KernelClock, ask_for_stamps
from tests.fakes.wire_server import ok

MS = 1_000_000
kernel_stamps = pytest.mark.skipif(sys.platform != "linux", reason="only Linux stamps what it receives")


class Clocks:
    """Two clocks that go on by a microsecond with every look."""

    def __init__(self) -> None:
        self.monotonic = 5_000 * MS
        self.wall = 1_700_000_000_000 * MS

    def tick(self) -> int:
        self._go_on()
        return self.monotonic

    def look(self) -> int:
        self._go_on()
        return self.wall

    def _go_on(self) -> None:
        self.monotonic += 1_000
        self.wall += 1_000


@contextmanager
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A client that gets stamps, and the server's end. The kernel begins to stamp some time after the first asked."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
        ask_for_stamps(client)
        client.connect(listener.getsockname())
        server, _ = listener.accept()
        with server:
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for _ in range(200):
                server.send(b"?")
                if client.recvmsg(100, receipts.ANCILLARY_BYTES)[1]:
                    break
                time.sleep(0.005)
            yield client, server


def read(client: socket.socket, account: Receipts, size: int = 100) -> tuple[bytes, float]:
    data, ancillary, _, _ = client.recvmsg(size, receipts.ANCILLARY_BYTES)
    return data, account.stamp(ancillary)


@kernel_stamps
def test_a_late_reader_still_gets_the_early_stamp() -> None:
    account = Receipts()
    with pair() as (client, server):
        before = tick()
        server.send(b"x")
        after = tick()
        time.sleep(0.03)
        data, at = read(client, account)
    assert data == b"x"
    assert before - 0.001 <= at <= after + 0.001
    assert (account.by_kernel, account.by_reading) == (1, 0)
    assert list(account.lags_s) == [account.longest_lag_s]
    assert account.longest_lag_s >= 0.028


@kernel_stamps
def test_segments_read_together_share_the_last_stamp() -> None:
    account = Receipts()
    with pair() as (client, server):
        server.send(b"one")
        time.sleep(0.02)
        before = tick()
        server.send(b"two")
        after = tick()
        time.sleep(0.02)
        data, at = read(client, account)
    assert data == b"onetwo"
    assert before - 0.001 <= at <= after + 0.001


def answer_once(listener: socket.socket, context: ssl.SSLContext | None, told: Queue[float]) -> None:
    """Answers one request 20 ms after it came, and tells when: of the request, before the answer and after it."""
    accepted, _ = listener.accept()
    accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with accepted if context is None else context.wrap_socket(accepted, server_side=True) as sock:
        sock.recv(10_000)
        told.put(tick())
        time.sleep(0.02)
        told.put(tick())
        sock.sendall(ok())
        told.put(tick())
        sock.recv(1)


@kernel_stamps
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("factory", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_a_loop_that_was_busy_when_the_answer_came_still_knows_when_it_came(
    factory: Callable[[], asyncio.AbstractEventLoop], tls: bool
) -> None:
    authority = trustme.CA() if tls else None
    context = None
    if authority is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
    told: Queue[float] = Queue()

    async def scenario(port: int) -> tuple[float, float]:
        account = Receipts()
        client = Client(receipts=account)
        bundle = None if authority is None else authority.cert_pem.bytes().decode()
        path = Path(Scope.LOOPBACK, ca_bundle=bundle)
        request = Request("POST", f"http{'s' if tls else ''}://127.0.0.1:{port}/v1", body=b"{}")
        sending = asyncio.create_task(client.send(request, path=path, deadlines=Deadlines()))
        while told.empty():
            await asyncio.sleep(0.001)
        time.sleep(0.3)  # the loop is busy while the answer comes
        response = await sending
        [piece] = [piece async for piece in response.pieces()]
        await client.close()
        assert response.head_at == piece.at
        assert account.by_kernel > 0
        assert account.longest_lag_s > 0.03
        return response.sent_at, piece.at

    with pair(), socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor() as threads:
        serving = threads.submit(answer_once, listener, context, told)
        with asyncio.Runner(loop_factory=factory) as runner:
            sent_at, came_at = runner.run(scenario(listener.getsockname()[1]))
        serving.result()
    read_at, before, after = told.get(), told.get(), told.get()
    assert sent_at <= read_at
    assert before - 0.001 <= came_at <= after + 0.001


def test_without_a_stamp_the_moment_of_reading_stands_in() -> None:
    account = Receipts()
    before = tick()
    at = account.stamp([])
    assert before - 1e-6 <= at <= tick()
    assert (account.by_kernel, account.by_reading, list(account.lags_s)) == (0, 1, [])


def test_what_is_no_stamp_is_not_read_as_one() -> None:
    account = Receipts()
    account.stamp([(socket.SOL_SOCKET, 1, struct.pack("@ll", 1, 1)), (socket.SOL_SOCKET, 35, b"short")])
    assert account.by_reading == 1


def test_a_stamp_is_brought_to_the_monotonic_clock() -> None:
    clocks = Clocks()
    clock = KernelClock(clocks.tick, clocks.look)
    at = clock.monotonic_ns(clocks.wall - 7 * MS, clocks.monotonic)
    assert at == pytest.approx(clocks.monotonic - 7 * MS, abs=5_000)
    assert clock.steps == 0


@pytest.mark.parametrize("step_ms", [-3_600_000, -2, 2, 3_600_000])
def test_a_wall_clock_that_is_set_is_noticed_and_its_new_distance_learnt(step_ms: int) -> None:
    clocks = Clocks()
    clock = KernelClock(clocks.tick, clocks.look)
    before_the_step = clocks.wall
    clocks.wall += step_ms * MS
    assert clock.monotonic_ns(before_the_step, clocks.monotonic) is None
    assert clock.steps == 1
    at = clock.monotonic_ns(clocks.wall - MS, clocks.monotonic)
    assert at == pytest.approx(clocks.monotonic - MS, abs=5_000)
    assert clock.steps == 1


def test_being_interrupted_between_two_looks_is_no_step() -> None:
    clocks = Clocks()
    clock = KernelClock(clocks.tick, clocks.look)
    now = clocks.monotonic
    clocks.monotonic += 5 * MS
    clocks.wall += 5 * MS
    assert clock.monotonic_ns(clocks.wall - 9 * MS, now) == pytest.approx(now - 4 * MS, abs=5_000)
    assert clock.steps == 0


@pytest.mark.parametrize("lag_ms", [-5, 120_000])
def test_a_stamp_from_the_future_or_the_distant_past_is_not_trusted(lag_ms: int) -> None:
    clocks = Clocks()
    clock = KernelClock(clocks.tick, clocks.look)
    assert clock.monotonic_ns(clocks.wall - lag_ms * MS, clocks.monotonic) is None


def test_the_account_of_lags_does_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts, "_KEPT_LAGS", 100)
    account = Receipts()
    for number in range(5_000):
        account._note(number / 1000)
    assert account.by_kernel == 5_000
    assert 50 <= len(account.lags_s) <= 100
    assert account.longest_lag_s == 4.999
    assert sorted(account.lags_s)[len(account.lags_s) // 2] == pytest.approx(2.5, rel=0.1)


def test_forgetting_begins_a_new_account() -> None:
    account = Receipts()
    account._note(1.0)
    account.forget()
    assert (account.by_kernel, account.longest_lag_s, list(account.lags_s)) == (0, 0.0, [])
