"""What is refused before any page is asked is told to people on a page too; and to programs under the proxy's path."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.pages import FORM, text_of
from tests.fakes.server import Answer, Server, running_server


@pytest.fixture(scope="module")
def below(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("below"), root_path="/lineup") as server:
        yield server


def is_a_page(answer: Answer, says: str) -> None:
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert b"<h1" in answer.body
    assert says in text_of(answer)
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_form_that_is_too_large(below: Server) -> None:
    answer = below.client().call("POST", "/lineup/admin/keys/new", raw=b"x" * 2_000_000, headers={"content-type": FORM})
    assert answer.status == 413
    is_a_page(answer, "The body is larger than 1 MiB")
    assert b'href="/lineup/admin/static/' in answer.body
    word = {"content-type": FORM, "hx-request": "true"}
    answer = below.client().call("POST", "/lineup/admin/keys/new", raw=b"x" * 2_000_000, headers=word)
    assert (answer.status, answer.headers["hx-reswap"], answer.body) == (413, "none", b"")


def test_a_packed_form(below: Server) -> None:
    answer = below.client().call("POST", "/admin/keys/new", raw=b"x", headers={"content-encoding": "gzip"})
    assert answer.status == 415
    is_a_page(answer, "without Content-Encoding")


def test_a_head_that_is_too_large(below: Server) -> None:
    with below.raw(b"GET /lineup/admin/ HTTP/1.1\r\nhost: x\r\nx-large: " + b"x" * 40_000 + b"\r\n\r\n") as line:
        time.sleep(0.05)
        said = line.recv(65_536)
    assert said.startswith(b"HTTP/1.1 431")
    assert b"text/html" in said
    assert b"<h1>" in said


def test_a_server_that_nobody_has_set_up(tmp_path: Path) -> None:
    with Server(tmp_path / "data", first_admin=False).start(wait_ready=False) as server:
        answer = server.client().get("/admin/")
        assert answer.status == 503
        is_a_page(answer, "Open the set-up link")
        assert server.client().get("/api/admin/models").code == "setup_pending"


@pytest.mark.parametrize("path", ["/lineup/api/admin/me", "/lineup/nowhere", "/api/auth/login"])
def test_what_a_problem_is_about_stands_below_the_path_of_the_proxy(below: Server, path: str) -> None:
    assert below.client().get(path).json["type"].startswith("/lineup/api/docs#error-")
