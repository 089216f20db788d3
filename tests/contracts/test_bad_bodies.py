"""Bodies that are too large, compressed, of another type, or of no length: refused before they came, by name."""

import gzip
from contextlib import suppress
from typing import Any

import pytest

from tests.fakes.provider import chunked
from tests.fakes.refusing import Doubter

MODELS = "/api/admin/models"


def test_a_body_of_10_mb_is_refused_before_it_came(desk: Doubter) -> None:
    big = b'{"display_name": "' + b"x" * 10_000_000 + b'"}'
    desk.refused(
        "PUT", f"{MODELS}/1", 413, "body_too_large", "1 MiB", client=desk.server.client(desk.admin.token), raw=big
    )
    path = f"{MODELS}/import-aliases"
    desk.refused("POST", path, 413, "body_too_large", "5 MiB", client=desk.server.client(desk.admin.token), raw=big)
    early = f"PUT {MODELS}/1 HTTP/1.1\r\nhost: x\r\ncontent-length: 10000000\r\ncontent-type: application/json\r\n\r\n"
    with desk.server.raw(early.encode()) as connection:
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")


def test_a_body_without_a_length_is_counted(desk: Doubter) -> None:
    start = (
        f"PUT {MODELS}/1 HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-type: application/json\r\n\r\n"
    )
    before = desk.stored()
    with desk.server.raw(start.encode()) as connection:
        sent, answer = 0, b""
        while not answer and sent < 10_000_000:
            connection.settimeout(10)
            connection.sendall(chunked(b"x" * 65_536))
            sent += 65_536
            connection.settimeout(0.001)
            with suppress(TimeoutError):
                answer = connection.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert sent < 8_000_000
    assert desk.stored() == before


@pytest.mark.parametrize("length", ["-1", "1e3", "5, 6", "99999999999999999999", "0x10"])
def test_a_length_that_is_none(desk: Doubter, length: str) -> None:
    request = (
        f"PUT {MODELS}/1 HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{{}}"
    )
    with desk.server.raw(request.encode(), timeout_s=5) as connection:
        assert connection.recv(65536).split(b" ", 2)[1] in (b"400", b"413")


def test_compressed_bodies_and_other_types_are_refused(desk: Doubter, model: dict[str, Any]) -> None:
    path, body = f"{MODELS}/{model['id']}", b'{"visible": false}'
    for headers, raw in (
        ({"content-encoding": "gzip"}, gzip.compress(body)),
        ({"content-encoding": "br"}, body),
        ({"content-type": "text/plain"}, body),
        ({"content-type": "application/x-www-form-urlencoded"}, b"visible=false"),
        ({"content-type": "application/jsonp"}, body),
        ({"content-type": ""}, body),
    ):
        desk.refused("PUT", path, 415, "unsupported_media_type", raw=raw, headers=headers)
    for kind in ("application/json; charset=utf-8", "APPLICATION/JSON", "application/merge-patch+json"):
        assert desk.admin.put(path, raw=body, headers={"content-type": kind}).status == 200
