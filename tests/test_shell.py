"""The shell around everything, over real sockets: slow and broken requests, probes, set-up, the end of the process."""

import re
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.fakes.server import PASSWORD, Answer, Client, Server, Workbench, by_id, running_server

HEAD_S, BODY_S = 0.6, 0.8
GET_LIVEZ = b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n"


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that has no time."""
    folder = tmp_path_factory.mktemp("hasty")
    settings = {"header_receipt_s": HEAD_S, "body_receipt_s": BODY_S, "keep_alive_s": 2, "metrics_token": "m" * 24}
    with running_server(folder, **settings) as server:
        yield server


def all_of(connection: socket.socket) -> bytes:
    """What comes until the server closes."""
    pieces = []
    while piece := connection.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


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


def seconds_until_closed(connection: socket.socket) -> tuple[float, bytes]:
    began = time.monotonic()
    said = all_of(connection)
    return time.monotonic() - began, said


# Slow and broken requests


@pytest.mark.parametrize("start", [b"", b"G", b"GET /livez HTTP/1.1\r\nhost: x\r\nx-half: "], ids=["none", "G", "half"])
def test_a_head_that_does_not_come_whole_ends_the_connection(hasty: Server, start: bytes) -> None:
    with hasty.raw(start) as connection:
        took_s, _ = seconds_until_closed(connection)
    assert HEAD_S - 0.1 <= took_s < HEAD_S + 1


def test_a_dripped_head_has_no_more_time_than_a_silent_one(hasty: Server) -> None:
    began = time.monotonic()
    with hasty.raw(GET_LIVEZ[:-2]) as connection, suppress(OSError):
        while time.monotonic() - began < 5:
            connection.sendall(b"x-a: b\r\n")
            time.sleep(0.05)
    assert time.monotonic() - began < HEAD_S + 1


def test_the_head_of_a_second_request_is_timed_as_the_first(hasty: Server) -> None:
    with hasty.raw(GET_LIVEZ) as connection:
        assert one_answer(connection).startswith(b"HTTP/1.1 200 ")
        time.sleep(HEAD_S + 0.3)  # idle between requests is no slow head
        connection.sendall(GET_LIVEZ)
        assert one_answer(connection).startswith(b"HTTP/1.1 200 ")
        connection.sendall(GET_LIVEZ[:-5])
        took_s, _ = seconds_until_closed(connection)
    assert took_s < HEAD_S + 1


def test_a_connection_that_is_idle_for_long_is_closed(hasty: Server) -> None:
    with hasty.raw(GET_LIVEZ) as connection:
        assert one_answer(connection).startswith(b"HTTP/1.1 200 ")
        took_s, said = seconds_until_closed(connection)
    assert (1.5 <= took_s < 4, said) == (True, b"")


LOGIN = b"POST /api/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"


@pytest.mark.parametrize("start", [b'content-length: 100\r\n\r\n{"a', b'transfer-encoding: chunked\r\n\r\n3\r\n{"a'])
def test_a_slow_body_answers_408(hasty: Server, start: bytes) -> None:
    with hasty.raw(LOGIN + start) as connection:
        began = time.monotonic()
        answer = one_answer(connection)
        took_s = time.monotonic() - began
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"request_timeout"' in answer
    assert b"\r\nconnection: close\r\n" in answer
    assert BODY_S - 0.1 <= took_s < BODY_S + 1


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


def test_many_slow_connections_do_not_slow_the_others(hasty: Server) -> None:
    slow = [hasty.raw(b"GET /livez HTTP/1.1\r\nx-slow: ") for _ in range(200)]
    client, times = hasty.client(), []
    for _ in range(50):
        began = time.monotonic()
        assert client.get("/livez").status == 200
        times.append(time.monotonic() - began)
    for connection in slow:
        connection.close()
    assert sorted(times)[45] < 0.1


def test_requests_one_after_the_other_use_one_connection(server: Server) -> None:
    client = server.client()
    client.get("/livez")
    port = client.connection.sock.getsockname()[1]
    for path in ("/livez", "/api/nowhere", "/api/admin/models", "/readyz"):
        client.get(path)
        assert client.connection.sock.getsockname()[1] == port


# Request ids


@pytest.mark.parametrize("given", ["abc", "A.b_c-1", "x" * 64])
def test_a_request_id_of_the_callers_own_comes_back(server: Server, given: str) -> None:
    answer = server.client().get("/api/nowhere", headers={"x-request-id": given})
    assert answer.headers["x-request-id"] == answer.json["request_id"] == given


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "a\x7fb", "<script>", '"', "ü"])
def test_a_request_id_that_could_break_something_is_replaced(server: Server, given: str) -> None:
    answer = server.client().get("/api/nowhere", headers={"x-request-id": given})
    assert re.fullmatch(r"[0-9a-f]{24}", answer.headers["x-request-id"])


def test_a_request_id_stands_in_the_journal(server: Server, workbench: Workbench) -> None:
    body = {"name": "Named", "type": "openai", "base_url": "https://api.example.com"}
    made = workbench.admin.must("POST", "/api/admin/providers", body, headers={"x-request-id": "my-own-id"})
    change = workbench.admin.must("GET", f"/api/admin/changes/{made['change_id']}")
    assert (change["request_id"], change["revision"]) == ("my-own-id", made["revision"])


# Probes and metrics


def test_the_probes_tell_nothing_else(server: Server) -> None:
    client = server.client()
    for path, told in (("/livez", "ok"), ("/health", "ok"), ("/readyz", "ready")):
        answer = client.get(path)
        assert (answer.status, answer.json) == (200, {"status": told})
        assert client.call("HEAD", path).status == 200
        refused = client.post(path)
        assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD")


def test_metrics_need_a_key_of_an_admin_or_their_own_token(hasty: Server) -> None:
    workbench = Workbench(hasty.admin())
    good = ["m" * 24, workbench.key("admin")["key"], workbench.key("admin", role="viewer")["key"]]
    bad = [None, "", "m" * 23, workbench.key("user")["key"], workbench.admin.token]
    for token in good:
        answer = hasty.client(token).get("/metrics")
        assert answer.status == 200
        assert b'lineup_http_requests_total{method="POST",route="/api/admin/keys",status="201"}' in answer.body
    for token in bad:
        assert hasty.client(token).get("/metrics").status == 401


# Before set-up


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Server]:
    """A server that nobody has set up."""
    server = Server(tmp_path / "data", first_admin=False)
    with server.start(wait_ready=False):
        yield server


def link_of(server: Server) -> str:
    found = re.search(r"http://127\.0\.0\.1:\d+(/admin/setup\?token=\S+)", server.said)
    assert found is not None, server.said
    return found[1]


def test_before_set_up_there_are_the_probes_and_the_link_and_nothing_else(fresh: Server) -> None:
    client = fresh.client()
    assert client.get("/livez").status == 200
    assert (client.get("/readyz").status, client.get("/readyz").json) == (503, {"status": "not ready"})
    for path in ("/api/docs", "/api/openapi.json", "/metrics", "/api/admin/models", "/", "/api/nowhere", "/v1/models"):
        answer = client.get(path)
        assert (answer.status, answer.code) == (503, "setup_pending"), path
    answer = client.post("/api/auth/login", {"email": "a@b.c", "password": "x"})
    assert (answer.status, answer.code) == (503, "setup_pending")


def test_the_link_is_told_once_and_kept_where_its_owner_alone_reads(fresh: Server) -> None:
    file = fresh.data_dir / "setup-link"
    assert file.stat().st_mode & 0o777 == 0o600
    assert link_of(fresh) in file.read_text()
    assert link_of(fresh).rpartition("=")[2] not in fresh.log


def test_the_form_makes_the_first_administrator_and_works_once(fresh: Server) -> None:
    client, link = fresh.client(), link_of(fresh)
    page = client.get(link)
    assert (page.status, b"<form" in page.body) == (200, True)
    assert page.headers["cache-control"] == "no-store"
    weak = send_form(client, link, "me@example.com", "aaaaaaaaaa")
    assert (weak.status, b'role="alert"' in weak.body) == (422, True)
    assert send_form(client, link.replace("token=", "token=x"), "me@example.com", PASSWORD).status == 403
    assert client.get("/readyz").status == 503
    done = send_form(client, link, "<b>@example.com", PASSWORD)
    assert (done.status, b"<b>@" in done.body) == (201, False)
    assert client.get("/readyz").status == 200
    assert client.get(link).status == 403
    assert send_form(client, link, "second@example.com", PASSWORD).status in (403, 409)
    assert fresh.sign_in("<b>@example.com", PASSWORD)


def send_form(client: Client, link: str, email: str, password: str) -> Answer:
    body = urlencode({"email": email, "password": password}).encode()
    return client.post(link, raw=body, headers={"content-type": "application/x-www-form-urlencoded"})


def test_of_many_who_use_the_link_at_once_one_is_the_administrator(fresh: Server) -> None:
    token, statuses = link_of(fresh).rpartition("=")[2], []

    def use(number: int) -> None:
        body = {"token": token, "email": f"admin-{number}@example.com", "password": PASSWORD}
        statuses.append(fresh.client().post("/api/setup", body).status)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses)[0] == 201
    assert statuses.count(201) == 1
    assert set(statuses) <= {201, 403, 409}
    with closing(sqlite3.connect(fresh.data_dir / "lineup.db")) as connection:
        assert connection.execute("SELECT count(*) FROM people").fetchone() == (1,)


def test_an_address_that_others_reach_needs_an_administrator_first(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", first_admin=False, host="0.0.0.0")
    said = server.refuse_to_start()
    assert "Nobody can sign in yet" in said
    assert "--allow-remote-setup" in said
    allowed = Server(tmp_path / "data", first_admin=False, host="0.0.0.0", allow_remote_setup=1)
    with allowed.start(wait_ready=False):
        assert allowed.client().get("/livez").status == 200


def test_a_port_that_is_taken_is_named(server: Server, tmp_path: Path) -> None:
    said = Server(tmp_path / "data", port=server.port).refuse_to_start()
    assert f"port {server.port}" in said


# The end


def test_sigterm_lets_requests_finish_and_exits_with_0(tmp_path: Path) -> None:
    with running_server(tmp_path, drain_s=10) as server:
        kept = server.client()
        assert kept.get("/livez").status == 200
        body = b'{"email": "admin@example.com", "password": "wrong wrong"}'
        head = (
            b"POST /api/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        )
        with server.raw(head % len(body) + body[:10]) as running:
            time.sleep(0.2)
            ended: list[tuple[int, float]] = []
            thread = threading.Thread(target=lambda: ended.append(server.terminate()))
            thread.start()
            time.sleep(0.5)
            running.sendall(body[10:])
            assert all_of(running).startswith(b"HTTP/1.1 401 ")
            thread.join()
    assert ended[0][0] == 0
    assert ended[0][1] < 5


def test_sigterm_does_not_wait_longer_than_it_may(tmp_path: Path) -> None:
    with running_server(tmp_path, drain_s=1) as server:
        head = (
            b"POST /api/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n"
        )
        with server.raw(head):
            time.sleep(0.2)
            code, took_s = server.terminate()
    assert (code, took_s < 4) == (0, True)


# Reading what was written, and pages


def test_a_read_waits_for_a_revision(server: Server, workbench: Workbench) -> None:
    made = workbench.model()
    path = f"/api/admin/models/{made['id']}?wait_revision="
    assert workbench.admin.get(f"{path}{made['revision']}").status == 200
    waiting: list[Answer] = []
    reader = server.client(workbench.admin.token)
    thread = threading.Thread(target=lambda: waiting.append(reader.get(f"{path}{made['revision'] + 1}")))
    thread.start()
    time.sleep(0.2)
    assert not waiting
    workbench.admin.must("PUT", f"/api/admin/models/{made['id']}", {"visible": True})
    thread.join()
    assert (waiting[0].status, waiting[0].json["visible"]) == (200, True)
    late = workbench.admin.get(f"{path}{made['revision'] + 1_000}")
    assert (late.status, late.code) == (504, "wait_timeout")


def test_pages_are_linked(workbench: Workbench) -> None:
    provider = workbench.provider()["id"]
    made = [workbench.model(provider)["id"] for _ in range(7)]
    seen: list[int] = []
    path: str | None = f"/api/admin/models?provider_id={provider}&limit=3&sort=-id"
    while path is not None:
        answer = workbench.admin.get(path)
        seen += [model["id"] for model in answer.json["models"]]
        found = re.search(r'<([^>]+)>; rel="next"', answer.headers["link"])
        path = found[1] if found else None
    assert seen == made[::-1]
    assert 'rel="prev"' in answer.headers["link"]
    assert 'rel="first"' in answer.headers["link"]


def test_an_older_version_is_refused_with_the_current_state(workbench: Workbench) -> None:
    made = workbench.model()
    path = f"/api/admin/models/{made['id']}"
    first = workbench.admin.get(path).headers["etag"]
    second = workbench.admin.put(path, {"description": "one"}, headers={"if-match": first})
    assert second.status == 200
    refused = workbench.admin.put(path, {"description": "two"}, headers={"if-match": first})
    assert (refused.status, refused.code) == (412, "version_mismatch")
    current = workbench.admin.must("GET", path)
    assert refused.json["current"] == current
    assert current["description"] == "one"
    for tag in (second.headers["etag"], f"W/{second.headers['etag']}", f'"x", {second.headers["etag"]}', "*"):
        assert workbench.admin.put(path, {"description": "one"}, headers={"if-match": tag}).status == 200
    assert workbench.admin.delete(path, headers={"if-match": first}).status == 412
    for wrong in ("", '""', "1", f'"{made["id"] + 1}-1"', '"' + "9" * 40 + '-1"'):
        assert workbench.admin.put(path, {"description": "three"}, headers={"if-match": wrong}).status == 412
    by_name = by_id(made["model_id"], provider_id=made["provider_id"])
    assert workbench.admin.delete(by_name, headers={"if-match": second.headers["etag"]}).status == 204


def test_two_processes_on_one_data_directory_see_each_others_writes(tmp_path: Path) -> None:
    with running_server(tmp_path) as one, Server(tmp_path / "data") as two:
        first, second = Workbench(one.admin()), two.admin()
        model = first.model(visible=True)
        first.alias(model["model_id"], "shared")
        for visible in (False, True) * 6:
            first.admin.must("PUT", f"/api/admin/models/{model['id']}", {"visible": visible})
            assert second.must("GET", f"/api/admin/models/{model['id']}")["visible"] is visible
            assert second.must("GET", "/api/admin/resolve?name=shared")["status"] == (200 if visible else 404)
        key = first.key("admin")["key"]
        assert two.client(key).get("/api/admin/me").status == 200
        assert second.get("/api/admin/models").status == 200
        first.admin.must("POST", "/api/auth/logout")
        assert two.client(first.admin.token).get("/api/admin/me").status == 401
        racing(one, two, model["id"])


def racing(one: Server, two: Server, row: int) -> None:
    """Writers in two processes that read, change and write with If-Match: no change is lost."""
    outcomes: list[int] = []

    def write(server: Server) -> None:
        client, done = server.admin(), 0
        while done < 8:
            read = client.get(f"/api/admin/models/{row}")
            count = int(read.json["description"] or 0)
            body: dict[str, Any] = {"description": str(count + 1)}
            answer = client.put(f"/api/admin/models/{row}", body, headers={"if-match": read.headers["etag"]})
            assert answer.status in (200, 412, 503), answer
            outcomes.append(answer.status)
            done += answer.status == 200

    threads = [threading.Thread(target=write, args=(server,)) for server in (one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(200) == 16
    assert one.admin().must("GET", f"/api/admin/models/{row}")["description"] == "16"
