"""HEAD: what GET would answer, without the body."""

import time

import pytest

from tests.fakes.server import Server, Workbench, by_id

ANYBODYS = ["/livez", "/health", "/readyz", "/api/docs", "/api/openapi.json", "/api/page.css"]
SIGNED_IN = [
    "/api/admin/me",
    "/api/admin/models?limit=1",
    "/api/admin/models.ndjson",
    "/api/admin/providers",
    "/api/admin/runs",
    "/api/admin/changes",
]


def shown(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in ("date", "x-request-id", "transfer-encoding")}


@pytest.mark.parametrize("path", ANYBODYS + SIGNED_IN)
def test_it_has_the_head_of_the_answer_and_no_body(server: Server, workbench: Workbench, path: str) -> None:
    client = server.client(None if path in ANYBODYS else workbench.admin.token)
    read, asked = client.get(path), client.call("HEAD", path)
    assert (asked.status, asked.body) == (200, b"") == (read.status, b"")
    assert shown(asked.headers) == shown(read.headers)
    assert client.get("/livez").status == 200, "the connection goes on"


def test_it_is_refused_as_get_would_be(server: Server, workbench: Workbench) -> None:
    assert server.client().call("HEAD", "/api/admin/models").status == 401
    assert workbench.admin.call("HEAD", "/api/nowhere").status == 404
    assert workbench.admin.call("HEAD", "/api/admin/models?misspelt=1").status == 422
    alone = workbench.admin.call("HEAD", by_id("x", "/benchmark"))
    assert (alone.status, alone.headers["allow"]) == (405, "POST")
    wrong = workbench.admin.call("PATCH", "/api/admin/models")
    assert (wrong.status, wrong.headers["allow"]) == (405, "GET, HEAD, POST")


def test_a_long_answer_is_not_made_for_nobody(server: Server, workbench: Workbench) -> None:
    provider = workbench.provider()["id"]
    for _ in range(3):
        workbench.model(provider)
    began = time.monotonic()
    for _ in range(5):
        assert workbench.admin.call("HEAD", "/api/admin/models.ndjson").status == 200
    assert time.monotonic() - began < 12
    assert '"failed"' not in server.log
