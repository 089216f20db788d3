"""Binding, and the end of the process."""

import signal
import threading
import time
from pathlib import Path

from tests.fakes.counts import patient
from tests.fakes.server import Server, Workbench, by_id, running_server
from tests.shell.raw import all_of, wanted


def test_a_port_that_is_taken_is_named(server: Server, tmp_path: Path) -> None:
    said = Server(tmp_path / "data", port=server.port).refuse_to_start()
    assert f"port {server.port}" in said


def test_sigterm_lets_requests_finish_and_exits_with_0(tmp_path: Path) -> None:
    with running_server(tmp_path, drain_s=60) as server:
        kept = server.client()
        assert kept.get("/livez").status == 200
        body = b'{"email": "admin@example.com", "password": "wrong wrong"}'
        head = (
            b"POST /api/auth/login HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n"
            b"content-type: application/json\r\ncontent-length: %d\r\n\r\n"
        )
        with server.raw(head % len(body)) as running:
            wanted(running)
            running.sendall(body[:10])
            ended: list[tuple[int, float]] = []
            thread = threading.Thread(target=lambda: ended.append(server.terminate()))
            thread.start()
            time.sleep(0.5)
            running.sendall(body[10:])
            assert all_of(running).startswith(b"HTTP/1.1 401 ")
            thread.join()
    assert ended[0][0] == 0
    assert ended[0][1] < patient(5)


def test_sigterm_does_not_wait_longer_than_it_may(tmp_path: Path) -> None:
    with running_server(tmp_path, drain_s=1) as server:
        head = (
            b"POST /api/auth/login HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n"
            b"content-type: application/json\r\ncontent-length: 100\r\n\r\n"
        )
        with server.raw(head) as running:
            wanted(running)
            code, took_s = server.terminate()
    assert (code, took_s < patient(4)) == (0, True)


def test_it_says_that_it_is_not_ready_before_it_takes_no_more_connections(tmp_path: Path) -> None:
    with running_server(tmp_path, drain_delay_s=4, access_token_minutes=60) as server:
        admin = server.admin()
        model = Workbench(admin).model()["model_id"]
        assert server.process is not None
        server.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 60
        while (ready := server.client().get("/readyz")).status == 200:
            assert time.monotonic() < deadline
        assert (ready.status, ready.headers["connection"]) == (503, "close")
        answer = server.client(admin.token).get("/api/admin/models")
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        refused = server.client(admin.token).post(by_id(model, "/benchmark"), headers={"prefer": "respond-async"})
        assert (refused.status, refused.code, refused.headers["retry-after"]) == (503, "unavailable", "5")
        code = server.process.wait(60)
        assert (code, time.monotonic() < deadline) == (0, True)
