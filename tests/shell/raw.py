"""Reading answers off a bare socket, of a server that has no time."""

import re
import socket
import time

HEAD_S, BODY_S, STALL_S = 0.6, 0.8, 0.7
BUSY_S = 30.0
"""How much longer than it should something may take on a busy machine; without a limit it would not end at all."""
GET_LIVEZ = b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n"
LOGIN = b"POST /api/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"


def all_of(connection: socket.socket) -> bytes:
    """What comes until the server closes."""
    pieces = []
    while piece := connection.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


def wanted(connection: socket.socket) -> None:
    """Waits until the server has begun the request, whose head says `expect: 100-continue`, and asks for its body."""
    said = b""
    while not said.endswith(b"\r\n\r\n"):
        said += connection.recv(1)
    assert said.startswith(b"HTTP/1.1 100 "), said


def one_answer(connection: socket.socket) -> bytes:
    """The next whole answer; its length is told."""
    said = b""
    while b"\r\n\r\n" not in said:
        said += connection.recv(65536)
    head, _, body = said.partition(b"\r\n\r\n")
    found = re.search(rb"content-length: (\d+)", head)
    assert found is not None
    while len(body) < int(found[1]):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def seconds_until_closed(connection: socket.socket, since: float) -> tuple[float, bytes]:
    """From the moment `since`, which is before what starts the server's clock."""
    said = all_of(connection)
    return time.monotonic() - since, said
