"""Bytes that are no request, or only the beginning of one."""

from contextlib import suppress

import pytest

from tests.fakes.server import Server
from tests.shell.raw import LOGIN, all_of


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"nonsense\r\n\r\n",
        b"GET /livez HTTP/9.9\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /\x80 HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET http://[/ HTTP/1.1\r\nhost: x\r\n\r\n",
        b"POST /api/auth/login HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\nabc",
        b"GET /livez HTTP/1.1\r\nhost: x\r\n" + b"".join(b"x-%d: y\r\n" % n for n in range(150)) + b"\r\n",
        b"GET /livez HTTP/1.1\r\nhost: x\r\n folded: yes\r\n\r\n",
        LOGIN + b"transfer-encoding: chunked\r\n\r\nnot a size\r\n",
    ],
    ids=lambda request: repr(request[:24]),
)
def test_what_is_no_request_gets_a_problem_and_the_headers_of_every_answer(hasty: Server, request_bytes: bytes) -> None:
    with hasty.raw(request_bytes) as connection:
        answer = all_of(connection)
    assert answer.startswith(b"HTTP/1.1 400 "), answer
    assert answer.count(b"HTTP/1.1 ") == 2  # once in the status line, once in the words
    assert b"\r\nx-request-id: " in answer
    assert b"content-type: application/problem+json" in answer
    assert b"content-security-policy: " in answer
    assert b'"code":"bad_request"' in answer


def test_an_endless_head_is_refused_by_its_size(hasty: Server) -> None:
    with hasty.raw(b"GET /livez HTTP/1.1\r\nx-endless: ") as connection:
        said, sent = b"", 0
        with suppress(OSError):  # a reset, for we may still be sending
            while sent < 64 * 1024 * 1024:
                connection.sendall(b"x" * 1024)
                sent += 1024
            said = all_of(connection)
    assert 32 * 1024 <= sent < 64 * 1024 * 1024
    assert said == b"" or said.startswith(b"HTTP/1.1 431 ")


def test_requests_that_stop_in_the_middle_leave_nothing_behind(server: Server) -> None:
    admin = server.admin()
    revision = admin.must("GET", "/api/admin/models")["revision"]
    whole = (
        b"POST /api/admin/providers HTTP/1.1\r\nhost: x\r\nauthorization: Bearer " + str(admin.token).encode() + b"\r\n"
        b'content-type: application/json\r\ncontent-length: 61\r\n\r\n{"name": "Half", "type": "openai", "base_url": "https://a.io"}'
    )
    for cut in range(1, len(whole) - 1, 7):
        server.raw(whole[:cut]).close()
    assert admin.must("GET", "/api/admin/models")["revision"] == revision
