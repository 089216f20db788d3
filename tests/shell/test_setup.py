"""Before set-up, and how somebody becomes the first administrator."""

import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.fakes.pages import Looker
from tests.fakes.server import PASSWORD, Server


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


def test_the_form_makes_the_first_administrator_signs_him_in_and_works_once(fresh: Server) -> None:
    looker, link = Looker(fresh.client()), link_of(fresh)
    page = looker.get(link)
    assert (page.status, b"<form" in page.body) == (200, True)
    assert page.headers["cache-control"] == "no-store"
    assert looker.get(page.body.decode().partition('stylesheet" href="')[2].partition('"')[0]).status == 200
    weak = looker.send(link, {"email": "me@example.com", "password": "aaaaaaaaaa"})
    assert (weak.status, b'role="alert"' in weak.body) == (422, True)
    assert looker.send(link.replace("token=", "token=x"), {"email": "me@x.y", "password": PASSWORD}).status == 403
    assert looker.client.get("/readyz").status == 503
    done = looker.send(link, {"email": "<b>@example.com", "password": PASSWORD})
    assert (done.status, done.headers["location"]) == (303, "/admin/start")
    first = looker.follow(looker.follow(done))
    assert (first.status, b"<b>@" in first.body) == (200, False)
    assert looker.client.get("/readyz").status == 200
    assert looker.get(link).status == 403
    assert looker.send(link, {"email": "second@example.com", "password": PASSWORD}).status in (403, 409)
    assert fresh.sign_in("<b>@example.com", PASSWORD)


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
    assert set(statuses) <= {201, 403, 409, 429}
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
