"""Large, endless, half and odd bodies sent to `/v1`, over a real connection."""

import json
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.counts import count
from tests.fakes.server import Server
from tests.shell.raw import one_answer

HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
MIB = 1024 * 1024


def told(answer: bytes) -> tuple[int, Any]:
    """Status and error; it must be what both SDKs parse."""
    head, _, body = answer.partition(b"\r\n\r\n")
    said = json.loads(body)
    assert (said["type"], bool(said["error"]["message"])) == ("error", True)
    return int(head.split()[1]), said["error"]


@pytest.mark.parametrize("size", [10 * MIB + 1, 11 * MIB, 40 * MIB])
def test_a_body_that_is_too_large_is_told_so_and_not_reset(hasty: Server, size: int) -> None:
    with hasty.raw(HEAD + b"content-length: %d\r\n\r\n" % size) as connection:
        for _ in range(size // MIB):  # a caller who looks at the answer only when all is sent
            connection.sendall(b" " * MIB)
        connection.sendall(b" " * (size % MIB))
        assert told(one_answer(connection)) == (413, told_too_large())


@pytest.mark.hard
def test_an_endless_body_is_refused_early_and_leaves_no_memory_behind(hasty: Server) -> None:
    before, sent = memory_of(hasty), 0
    with hasty.raw(HEAD + b"transfer-encoding: chunked\r\n\r\n") as connection:
        connection.settimeout(10)
        chunk = b"%x\r\n" % MIB + b" " * MIB + b"\r\n"
        try:
            while sent < count(100, 1024):
                connection.sendall(chunk)
                sent += 1
        except OSError:  # cut off: it went on for long after the answer
            pass
        assert sent >= 10
    assert memory_of(hasty) - before < 48 * MIB
    assert hasty.client().get("/livez").status == 200


def test_half_a_body_is_waited_for_and_then_told(hasty: Server) -> None:
    with hasty.raw(HEAD + b"content-length: 100\r\n\r\n" + b'{"model"') as connection:
        answer = one_answer(connection)
    status, error = told(answer)
    assert (status, error["code"], error["type"]) == (408, "request_timeout", "timeout_error")
    assert b"\r\nconnection: close\r\n" in answer  # whose sender else kept its place for 1.5 s more


def test_a_compressed_body_is_refused(hasty: Server) -> None:
    with hasty.raw(HEAD + b"content-encoding: gzip\r\ncontent-length: 4\r\n\r\n\x1f\x8b\x08\x00") as connection:
        status, error = told(one_answer(connection))
    assert (status, error["code"]) == (415, "unsupported_media_type")


def test_who_asks_first_whether_to_send_is_told_before_it_sends(hasty: Server) -> None:
    with hasty.raw(HEAD + b"expect: 100-continue\r\ncontent-length: %d\r\n\r\n" % (11 * MIB)) as connection:
        assert told(one_answer(connection)) == (413, told_too_large())
    with hasty.raw(HEAD + b"expect: 100-continue\r\ncontent-length: 2\r\n\r\n") as connection:
        assert received(connection, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        assert told(one_answer(connection))[0] == 401


def told_too_large() -> dict[str, Any]:
    message = "The body is larger than 10 MiB. Send less at a time."
    details = {"error_code": "body_too_large"}
    return {
        "type": "request_too_large",
        "code": "body_too_large",
        "message": message,
        "param": None,
        "details": details,
    }


def received(connection: socket.socket, until: bytes) -> bytes:
    said, deadline = b"", time.monotonic() + 60
    while until not in said and time.monotonic() < deadline:
        said += connection.recv(1)
    return said


def memory_of(server: Server) -> int:
    assert server.process is not None
    pages = int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1])
    return pages * 4096
