"""Requests that come slowly or not at all, over real sockets."""

import socket
import time
from collections.abc import Callable
from contextlib import suppress

import psutil
import pytest

from tests.fakes.server import Server
from tests.shell.raw import BODY_S, BUSY_S, GET_LIVEZ, HEAD_S, LOGIN, one_answer, seconds_until_closed


@pytest.mark.parametrize("start", [b"", b"G", b"GET /livez HTTP/1.1\r\nhost: x\r\nx-half: "], ids=["none", "G", "half"])
def test_a_head_that_does_not_come_whole_ends_the_connection(hasty: Server, start: bytes) -> None:
    began = time.monotonic()
    with hasty.raw(start) as connection:
        took_s, _ = seconds_until_closed(connection, began)
    assert HEAD_S - 0.1 <= took_s < HEAD_S + BUSY_S


def test_a_dripped_head_has_no_more_time_than_a_silent_one(hasty: Server) -> None:
    began = time.monotonic()
    with hasty.raw(GET_LIVEZ[:-2]) as connection, suppress(OSError):
        while time.monotonic() - began < HEAD_S + BUSY_S:
            connection.sendall(b"x-a: b\r\n")
            time.sleep(0.05)
    assert time.monotonic() - began < HEAD_S + BUSY_S


def test_the_head_of_a_second_request_is_timed_as_the_first(hasty: Server) -> None:
    with hasty.raw(GET_LIVEZ) as connection:
        assert one_answer(connection).startswith(b"HTTP/1.1 200 ")
        time.sleep(HEAD_S + 0.3)  # idle between requests is no slow head
        connection.sendall(GET_LIVEZ)
        assert one_answer(connection).startswith(b"HTTP/1.1 200 ")
        began = time.monotonic()
        connection.sendall(GET_LIVEZ[:-5])
        took_s, _ = seconds_until_closed(connection, began)
    assert took_s < HEAD_S + BUSY_S


def test_a_connection_that_is_idle_for_long_is_closed(hasty: Server) -> None:
    began = time.monotonic()
    with hasty.raw(GET_LIVEZ) as connection:
        assert one_answer(connection).startswith(b"HTTP/1.1 200 ")
        took_s, said = seconds_until_closed(connection, began)
    assert (1.5 <= took_s < 2 + BUSY_S, said) == (True, b"")


@pytest.mark.parametrize("start", [b'content-length: 100\r\n\r\n{"a', b'transfer-encoding: chunked\r\n\r\n3\r\n{"a'])
def test_a_slow_body_answers_408(hasty: Server, start: bytes) -> None:
    began = time.monotonic()
    with hasty.raw(LOGIN + start) as connection:
        answer = one_answer(connection)
        took_s = time.monotonic() - began
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"request_timeout"' in answer
    assert b"\r\nconnection: close\r\n" in answer
    assert BODY_S - 0.1 <= took_s < BODY_S + BUSY_S


def test_who_goes_on_sending_what_was_answered_is_cut_off(hasty: Server) -> None:
    """To uvicorn every byte is a sign of life."""
    began = time.monotonic()
    with hasty.raw(b"POST /livez HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n") as connection:
        assert one_answer(connection).startswith(b"HTTP/1.1 405 ")
        with suppress(OSError):
            while time.monotonic() - began < 60:
                connection.sendall(b"x")
                time.sleep(0.05)
    assert time.monotonic() - began < 40


def peers(server: Server) -> set[int]:
    """The ports of those whose connections the server holds."""
    assert server.process is not None
    return {one.raddr.port for one in psutil.Process(server.process.pid).net_connections("tcp") if one.raddr}


def until(holds: Callable[[], bool], within_s: float = 60) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_who_does_not_read_is_cut_off(hasty: Server) -> None:
    """As many answers as fit into the buffers of both sides, and no more."""
    asked, answers = 150, 0
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", hasty.port))
        connection.sendall(b"GET /api/openapi.json HTTP/1.1\r\nhost: x\r\n\r\n" * asked)
        port = connection.getsockname()[1]
        until(lambda: port in peers(hasty))
        until(lambda: port not in peers(hasty))
        connection.settimeout(60)
        with suppress(ConnectionResetError):
            while piece := connection.recv(1 << 20):
                answers += piece.count(b"HTTP/1.1 200 ")
    assert answers < asked
    assert hasty.client().get("/livez").status == 200
