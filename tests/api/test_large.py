"""Large bodies: nobody waits for what somebody else has sent, and strangers are not read at all."""

import threading
import time
from contextlib import suppress

import psutil
import pytest

from model_lineup.api.strict import strict_json
from model_lineup.errors import MalformedJson
from tests.fakes.counts import count
from tests.fakes.server import Client, Server, Workbench

IMPORT = "/api/admin/models/import-aliases"
MIB = 1024 * 1024
BAD_ITEMS = b'{"aliases": [' + b",".join([b'{"q": 1}'] * 60_000) + b"]}"


def test_a_stranger_learns_who_may_before_anything_is_read(server: Server) -> None:
    refused = server.client().post(IMPORT, raw=BAD_ITEMS)
    assert (refused.status, refused.code) == (401, "not_signed_in")


def test_a_large_body_where_small_ones_belong_is_refused(server: Server, workbench: Workbench) -> None:
    padded = b'{"email": "a@example.com", "password": "wrong wrong"}' + b" " * 40_000
    for client, path in ((server.client(), "/api/auth/login"), (workbench.admin, "/api/admin/providers/1/fetch")):
        assert client.post(path, raw=padded).code == "body_too_large"


def test_a_large_body_that_is_right_does_what_a_small_one_does(workbench: Workbench) -> None:
    model = workbench.model()["model_id"]
    stem = workbench.name("large")
    items = [{"model_id": model, "alias": f"{stem}-{n}", "description": "d" * 200} for n in range(300)]
    assert workbench.admin.must("POST", IMPORT, {"aliases": items})["created"] == 300
    taken = workbench.admin.post(IMPORT, {"aliases": [{**item, "model_id": "nobody"} for item in items]})
    assert (taken.status, taken.code) == (409, "import_conflict")


@pytest.mark.hard
def test_an_endless_upload_is_refused_early_and_takes_no_memory(server: Server) -> None:
    assert server.process is not None
    process = psutil.Process(server.process.pid)
    before = process.memory_info().rss
    chunk = b"100000\r\n" + b"x" * MIB + b"\r\n"
    began, sent = time.monotonic(), 0
    head = f"POST {IMPORT} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    with server.raw(head.encode()) as connection:
        with suppress(OSError):
            for _ in range(count(100, 1_000)):
                connection.sendall(chunk)
                sent += 1
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert sent < 100
    assert time.monotonic() - began < count(20, 5)
    assert process.memory_info().rss - before < 32 * MIB


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", IMPORT, BAD_ITEMS),
        ("PUT", "/api/admin/models/bulk/visibility", b'{"visible": true, "model_ids": [' + b'"x",' * 200_000 + b"1]}"),
        ("PUT", "/api/admin/models/1", b"{" + b",".join(b'"f%d":1' % n for n in range(80_000)) + b"}"),
    ],
)
def test_others_are_answered_while_a_bad_body_is_taken_apart(
    server: Server, workbench: Workbench, method: str, path: str, body: bytes
) -> None:
    slowest, done = [0.0], threading.Event()

    def ask() -> None:
        client = Client(server.port)
        while not done.wait(0.005):
            began = time.monotonic()
            client.get("/livez")
            slowest.append(time.monotonic() - began)
        client.close()

    asking = threading.Thread(target=ask)
    asking.start()
    began = time.monotonic()
    answers = [workbench.admin.call(method, path, raw=body) for _ in range(3)]
    took_s = time.monotonic() - began
    done.set()
    asking.join()
    assert {answer.code for answer in answers} <= {"invalid_input", "malformed_json"}
    assert took_s < 12  # it was 5 s each
    assert max(slowest) < 2


def test_only_the_first_bad_entry_of_a_long_list_is_named(workbench: Workbench) -> None:
    refused = workbench.admin.post(IMPORT, raw=BAD_ITEMS).json["errors"]
    assert {error["pointer"].split("/")[2] for error in refused} == {"0"}


def test_an_object_with_endless_members_is_no_body_of_ours() -> None:
    assert len(strict_json(b"{" + b",".join(b'"%d":1' % n for n in range(1_000)) + b"}")) == 1_000
    with pytest.raises(MalformedJson, match="more than 1000 members"):
        strict_json(b'[{"a": {' + b",".join(b'"%d":1' % n for n in range(1_001)) + b"}}]")
