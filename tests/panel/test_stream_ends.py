"""The events of a run in a visitor's browser end when the visitor is disabled, and when the server ends."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fakes.paced import Paced, paced
from tests.fakes.pages import Looker
from tests.fakes.server import PASSWORD, Server, Workbench, by_id, running_server

END = b"0\r\n\r\n"


@pytest.fixture(scope="module")
def slow() -> Iterator[Paced]:
    """So slow that a run of it goes on for as long as any of these tests."""
    with paced("--ttft-ms", "60", "--gap-ms", "5", "--tokens", "12") as running:
        yield running


def _long_run(workbench: Workbench, slow: Paced) -> int:
    model = workbench.model(workbench.provider(slow.base_url)["id"], visible=True)
    address = by_id(str(model["model_id"]), "/benchmark")
    run = workbench.admin.must("POST", address, {"requests": 3_000}, headers={"prefer": "respond-async"})
    return int(run["id"])


@contextmanager
def _followed(server: Server, visitor: Looker, run: int) -> Iterator[socket.socket]:
    """The stream, its first events read."""
    cookie = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    head = f"GET /admin/runs/{run}/events HTTP/1.1\r\nhost: x\r\ncookie: {cookie}\r\n\r\n"
    with server.raw(head.encode(), timeout_s=60) as stream:
        assert b"text/event-stream" in stream.recv(65536)
        yield stream


def _read_to_its_end(stream: socket.socket) -> bytes:
    """All that still comes; a stream that does not end in time raises TimeoutError."""
    read = b""
    while not read.endswith(END) and (piece := stream.recv(65536)):
        read += piece
    return read


def test_it_ends_when_its_visitor_is_disabled_and_the_run_goes_on(
    server: Server, workbench: Workbench, stranger: Looker, slow: Paced
) -> None:
    made, _ = workbench.person("viewer")
    stranger.sign_in(made["email"], PASSWORD)
    run = _long_run(workbench, slow)
    with _followed(server, stranger, run) as stream:
        workbench.admin.must("PUT", f"/api/admin/people/{made['id']}", {"disabled": True})
        assert _read_to_its_end(stream).endswith(END)
    assert stranger.get(f"/admin/runs/{run}/events").status == 303
    assert workbench.admin.must("GET", f"/api/admin/runs/{run}")["state"] == "running"
    workbench.end_run(run)


def test_it_ends_with_the_server_which_does_not_wait_for_it(tmp_path: Path, slow: Paced) -> None:
    with running_server(tmp_path / "lineup") as own:
        visitor = Looker(own.client()).sign_in()
        run = _long_run(Workbench(own.admin()), slow)
        with _followed(own, visitor, run) as stream:
            code, took_s = own.terminate(within_s=60)
            assert code == 0
            assert took_s < 30
            assert _read_to_its_end(stream).endswith(END), "whole, not cut"
