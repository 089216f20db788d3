"""The headers that every answer carries, whatever was asked and whoever answers: pages, probes, errors, /v1."""

import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from model_lineup.api import application
from tests.fakes.provider import FakeProvider, fake_provider, hello, reply
from tests.fakes.server import Answer, Client, Server, Workbench
from tests.shell.raw import all_of

GOLDEN = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}
MAY_BE_KEPT = {"/api/page.css": "max-age=3600"}
"""What a browser may keep; all the rest is `no-store`."""
NEVER = {"server", "x-powered-by", "set-cookie", "x-aspnet-version", "via"}
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,128}")

Ask = Callable[[], Answer]


def as_they_must_be(answer: Answer, path: str = "") -> None:
    """Each of them once: two of one name would be joined by a comma."""
    pages = {"referrer-policy": "same-origin"} if path.startswith("/admin") else {}
    assert {name: answer.headers.get(name) for name in GOLDEN} == {**GOLDEN, **pages}, answer
    assert answer.headers["cache-control"] == MAY_BE_KEPT.get(path, "no-store"), (path, answer)
    assert REQUEST_ID.fullmatch(answer.headers["x-request-id"])
    assert not NEVER & answer.headers.keys()
    assert not [name for name in answer.headers if name.startswith("access-control-")], "CORS is off"


def get_routes() -> list[str]:
    routes = application.build(cast(Any, SimpleNamespace())).routes
    return sorted(
        re.sub(r"\{.*?\}", "99999", getattr(route, "path_format", ""))
        for route in routes
        if "GET" in (getattr(route, "methods", None) or ())
    )


@pytest.mark.parametrize("path", get_routes())
def test_every_page_and_every_list(server: Server, workbench: Workbench, path: str) -> None:
    for client in (workbench.admin, server.client()):
        for method in ("GET", "HEAD", "OPTIONS", "PATCH"):
            answer = client.call(method, path)
            as_they_must_be(answer, path if answer.status == 200 else "")


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/livez", "/health", "/readyz", "/metrics", "/api", "/api/", "/nowhere", "/api/nowhere"),
        *("/v1", "/v1/", "/v1/nowhere", "/v1/models", "/v1/models/x", "/v1/chat/completions", "/v1/messages"),
    ],
)
def test_what_is_there_and_what_is_not(server: Server, path: str) -> None:
    for method in ("GET", "HEAD", "POST", "OPTIONS", "DELETE"):
        as_they_must_be(server.client().call(method, path), path)


@pytest.mark.parametrize("path", ["/admin/sign-in", "/admin/", "/admin/setup", "/admin/nowhere"])
def test_pages(server: Server, path: str) -> None:
    """A page for a stranger gives him one cookie, which his form needs."""
    for method in ("GET", "HEAD", "PATCH"):
        answer = server.client().call(method, path)
        assert answer.headers.pop("set-cookie", "lineup-").startswith("lineup-")
        as_they_must_be(answer, path)


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with fake_provider() as provider:
        yield provider


@pytest.fixture
def user(server: Server, workbench: Workbench) -> Client:
    return server.client(workbench.key("user")["key"])


def test_answers_and_refusals_of_v1(provider: FakeProvider, workbench: Workbench, user: Client) -> None:
    made = workbench.provider(provider.base_url)
    name = workbench.model(made["id"], visible=True)["model_id"]
    provider.answer(
        "/chat/completions",
        reply({"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}]}),
        hello(),
        reply({"error": {"message": "no"}}, status=429),
        reply({"error": {"message": "no"}}, status=500),
    )
    body = {"model": name, "messages": [{"role": "user", "content": "x"}]}
    plain = user.post("/v1/chat/completions", body)
    streamed = user.post("/v1/chat/completions", {**body, "stream": True})
    failed = [user.post("/v1/chat/completions", body) for _ in range(2)]
    refused = [
        user.post("/v1/chat/completions", {**body, "model": "nobody"}),
        user.post("/v1/chat/completions", {**body, "api_key": "x"}),
        user.call("POST", "/v1/chat/completions", raw=b"{"),
        user.call("POST", "/v1/messages", raw=b"{}", headers={"content-encoding": "gzip"}),
        user.get("/v1/models"),
        user.get(f"/v1/models/{name}"),
    ]
    assert (plain.status, streamed.status) == (200, 200)
    for answer in (plain, streamed, *failed, *refused):
        as_they_must_be(answer)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET /livez HTTP/1.1\r\nhost: x\r\n" + b"x-a: b\r\n" * 200 + b"\r\n", 400),
        (b"GET /livez HTTP/1.1\r\nhost: x\r\nx-a: " + b"b" * 70_000 + b"\r\n\r\n", 431),
        (b"POST /api/auth/login HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999\r\n\r\n", 413),
        (b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999\r\n\r\n", 413),
        (b"POST /api/auth/login HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ncontent-encoding: gzip\r\n\r\n{}", 415),
    ],
    ids=["not HTTP", "too many headers", "too large a head", "too large a body", "the same for /v1", "compressed"],
)
def test_what_is_refused_before_anybody_looks_at_it(server: Server, request_: bytes, status: int) -> None:
    with server.raw(request_) as connection:
        connection.settimeout(10)
        head, _, body = all_of_one(connection).partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        headers[name.lower()] = f"{headers[name.lower()]}, {value}" if name.lower() in headers else value
    assert first.split(" ")[1] == str(status), head
    as_they_must_be(Answer(status, headers, body))


def all_of_one(connection: Any) -> bytes:
    """Until the server closes; who still waits for the rest of a body is told that none comes."""
    connection.shutdown(1)
    return all_of(connection)
