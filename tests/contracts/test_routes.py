"""Who may do what, on every route there is; and what every answer carries, whatever was asked.

The routes come from the application itself, so a new one is in the matrix before anybody thinks of it.
"""

import re
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi.routing import APIRoute

from model_lineup.access.actor import Role
from model_lineup.api import application
from model_lineup.api.dependencies import Needs, policy_of
from model_lineup.errors import StartRefused, error_classes
from tests.fakes.provider import fake_provider, reply
from tests.fakes.server import PASSWORD, Answer, Client, Server, Workbench, running_server

CANARY = "sk-canary-c0ffee-5e12e7"
CODES = {error.code for error in error_classes()}
SECURITY = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}
HOSTS = ["", "evil.example", "localhost/api/docs?", "127.0.0.1@evil.example", "a" * 300, "[::1]:99999", "x:y:z", "\xe9"]


def routes() -> list[tuple[str, str, Role | None]]:
    """(method, path with ids filled in, the role that it needs) of every route; None: open to all."""
    found = []
    for route in application.build(cast(Any, SimpleNamespace())).routes:
        assert isinstance(route, APIRoute)
        policy = policy_of(route.dependant)
        role = policy.role if isinstance(policy, Needs) else None
        filled = re.sub(r"\{.*?\}", "99999", route.path_format)
        found += [(method, filled, role) for method in sorted(route.methods or ())]
    return found


ROUTES = routes()
GUARDED = [(method, path, role) for method, path, role in ROUTES if role is not None]


@dataclass
class Crowd:
    """A server and one credential of each sort. `bad`: by what is wrong with it."""

    server: Server
    workbench: Workbench
    good: dict[str, tuple[Role, str]]
    bad: dict[str, str | None]
    client: Client

    def ask(self, method: str, path: str, token: str | None, **headers: str) -> Answer:
        """With a body that no route takes, so that who passes the door is stopped right behind it."""
        self.client.token = token
        body = b'{"nonsense": true}' if method in ("POST", "PUT") else None
        return self.client.call(method, path, raw=body, headers=headers)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    folder = tmp_path_factory.mktemp("crowd")
    with (
        fake_provider() as provider,
        running_server(folder, log_level="debug", metrics_token="metrics-token-for-tests") as server,
    ):
        provider.answer("/models", reply({"error": {"message": f"bad key {CANARY}"}}, status=401))
        workbench = Workbench(server.admin())
        made = workbench.provider(provider.base_url, api_key=CANARY)
        workbench.model(made["id"], "m", visible=True)
        yield Crowd(server, workbench, _good(workbench), _bad(server, workbench), server.client())


def _good(workbench: Workbench) -> dict[str, tuple[Role, str]]:
    people = {role: workbench.person(role.value)[1] for role in Role}
    return {
        **{role.value: (role, token) for role, token in people.items()},
        "admin key": (Role.ADMIN, workbench.key("admin")["key"]),
        "viewer key": (Role.VIEWER, workbench.key("admin", role="viewer")["key"]),
    }


def _bad(server: Server, workbench: Workbench) -> dict[str, str | None]:
    revoked = workbench.key("admin")
    workbench.admin.must("DELETE", f"/api/admin/keys/{revoked['id']}")
    expired = workbench.key("admin", expires_at=_in(1.0))
    signed_out = workbench.person("admin")[1]
    server.client(signed_out).must("POST", "/api/auth/logout")
    person, disabled = workbench.person("admin")
    workbench.admin.must("PUT", f"/api/admin/people/{person['id']}", {"disabled": True})
    _wait_until_refused(server, expired["key"])
    return {
        "anonymous": None,
        "nonsense": "x",
        "malformed": str(workbench.admin.token)[:-1] + "!",
        "revoked": revoked["key"],
        "expired": expired["key"],
        "signed-out": signed_out,
        "disabled": disabled,
        "user-key": workbench.key("user")["key"],
        "agent-key": workbench.key("agent")["key"],
    }


def _in(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def _wait_until_refused(server: Server, key: str) -> None:
    client, deadline = server.client(key), time.monotonic() + 60
    while client.get("/api/admin/me").status == 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def well_formed(answer: Answer) -> None:
    """What holds for every answer."""
    for name, value in SECURITY.items():
        assert answer.headers[name] == value
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-request-id"]
    assert CANARY.encode() not in answer.body
    assert PASSWORD.encode() not in answer.body
    if answer.status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.code in CODES
        assert answer.json["status"] == answer.status
        assert answer.json["request_id"] == answer.headers["x-request-id"]
        assert {"type", "title", "detail"} <= set(answer.json)


def test_there_are_routes_and_few_of_them_are_open() -> None:
    open_routes = {path for _, path, role in ROUTES if role is None}
    assert len(GUARDED) > 50
    assert open_routes <= {
        "/api/auth/login",
        "/api/auth/refresh",
        "/api/setup",
        "/api/docs",
        "/api/openapi.json",
    } | {path for path in open_routes if path.endswith(".css")}


def test_a_route_without_a_policy_keeps_lineup_from_starting() -> None:
    app = application.build(cast(Any, SimpleNamespace()))
    app.add_api_route("/api/forgotten", lambda: None)
    with pytest.raises(StartRefused, match="/api/forgotten"):
        application.refuse_open_routes(app)


@pytest.mark.parametrize(("method", "path", "role"), GUARDED, ids=lambda value: str(value))
def test_the_door_of_every_route(crowd: Crowd, method: str, path: str, role: Role) -> None:
    for who, token in crowd.bad.items():
        answer = crowd.ask(method, path, token)
        well_formed(answer)
        assert (answer.status, answer.code) == (401, "not_signed_in"), who
        assert answer.headers["www-authenticate"].startswith("Bearer")
    for who, (held, token) in crowd.good.items():
        if (method, path) == ("POST", "/api/auth/logout"):
            continue  # it works without a body, and would end the session of the test
        answer = crowd.ask(method, path, token)
        well_formed(answer)
        if held.reaches(role):
            assert answer.status not in (401, 500), who
            assert answer.status != 403 or "key" in who, who
        else:
            assert (answer.status, answer.code) == (403, "not_allowed"), who


@pytest.mark.parametrize(("method", "path", "role"), ROUTES, ids=lambda value: str(value))
def test_every_other_method_names_those_that_are_taken(crowd: Crowd, method: str, path: str, role: Role | None) -> None:
    taken = {known for known, other, _ in ROUTES if other == path}
    taken |= {"HEAD"} if "GET" in taken else set()
    for other in {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE"} - taken:
        answer = crowd.ask(other, path, crowd.good["admin"][1])
        if other == "HEAD":
            assert answer.status == 405
            continue
        well_formed(answer)
        assert (answer.status, answer.code) == (405, "method_not_allowed"), other
        assert {name.strip() for name in answer.headers["allow"].split(",")} == taken, other


def test_two_credentials_that_differ_are_refused_and_equal_ones_are_one(crowd: Crowd) -> None:
    admin, key = crowd.good["admin"][1], crowd.good["admin key"][1]
    for method, path, _ in GUARDED:
        answer = crowd.ask(method, path, admin, **{"x-api-key": key})
        well_formed(answer)
        assert (answer.status, answer.code) == (400, "conflicting_credentials")
    assert crowd.ask("GET", "/api/admin/me", admin, **{"x-api-key": admin}).status == 200
    doubled = (
        f"GET /api/admin/me HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {admin}\r\nauthorization: Bearer {key}\r\n"
    )
    assert raw_status(crowd.server, doubled) == 400


def test_a_credential_is_taken_from_no_other_place(crowd: Crowd) -> None:
    token = crowd.good["admin"][1]
    for headers in (
        {"cookie": f"access_token={token}; session={token}"},
        {"x-api-key": token},
        {"access-token": token},
    ):
        assert crowd.ask("GET", "/api/admin/me", None, **headers).status == 401
    assert crowd.ask("GET", f"/api/admin/me?access_token={token}", None).status == 422
    assert crowd.ask("GET", "/api/admin/me", None, authorization=f"Basic {token}").status == 401


def test_no_host_header_opens_a_door(crowd: Crowd) -> None:
    for host in HOSTS:
        for forged in ("", "x-forwarded-host: 127.0.0.1\r\n", "x-original-url: /livez\r\nx-rewrite-url: /livez\r\n"):
            for method, path, _ in GUARDED[:: 1 if not forged else 7]:
                head = f"{method} {path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: 0\r\n{forged}"
                assert raw_status(crowd.server, head) in (400, 401)


def raw_status(server: Server, head: str) -> int:
    with server.raw(head.encode("latin-1") + b"connection: close\r\n\r\n") as connection:
        return int(_all(connection).split(b" ", 2)[1])


def _all(connection: socket.socket) -> bytes:
    pieces = []
    while piece := connection.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/api", 404),
        ("GET", "/api/", 404),
        ("GET", "/api/admin/models/", 404),
        ("GET", "/api/admin/models/abc", 404),
        ("GET", "/api/admin/models/-1", 404),
        ("GET", "/api/admin/models/" + "9" * 5000, 404),
        ("GET", "/api/admin/models/9007199254740992", 422),
        ("GET", "/api/../etc/passwd", 404),
        ("GET", "//api/admin/models", 404),
        ("GET", "/v2/models", 404),
        ("GET", "/api/%2e%2e/livez", 404),
        ("GET", "/apiadmin/models", 404),
        ("POST", "/livez", 405),
        ("DELETE", "/readyz", 405),
        ("POST", "/metrics", 405),
        ("GET", "/metrics", 401),
        ("CONNECT", "/api/admin/models", 405),
    ],
)
def test_what_is_not_there_answers_as_everything_else_does(crowd: Crowd, method: str, path: str, status: int) -> None:
    answer = crowd.ask(method, path, crowd.good["admin"][1] if path != "/metrics" else None)
    well_formed(answer)
    assert answer.status == status


def test_pages_that_are_no_api_carry_the_same_headers(crowd: Crowd) -> None:
    for path in ("/livez", "/health", "/readyz", "/api/docs", "/api/openapi.json"):
        answer = crowd.ask("GET", path, None)
        for name, value in SECURITY.items():
            assert answer.headers[name] == value
        assert answer.status == 200


def test_secrets_that_went_in_come_out_nowhere(crowd: Crowd) -> None:
    """The provider's key even when the provider itself repeats it, in every answer, in the log and in the metrics."""
    admin = crowd.workbench.admin
    answers = [
        admin.post("/api/admin/providers/1/test"),
        admin.post("/api/admin/providers/1/fetch"),
        admin.post("/api/admin/models/by-id/test/connection?model_id=m"),
        *(admin.get(path) for method, path, _ in ROUTES if method == "GET"),
        *(admin.get(path) for path in ("/api/admin/providers/1", "/api/admin/providers", "/api/admin/changes/1")),
        *(admin.get(f"/api/admin/changes/{change}") for change in range(1, 30)),
        admin.get("/api/admin/models/by-id/test-results?model_id=m"),
        admin.get("/metrics", headers={"authorization": f"Bearer {crowd.good['admin key'][1]}"}),
    ]
    assert {answer.status for answer in answers} >= {200, 502}
    secrets = [CANARY, PASSWORD, *(token for _, token in crowd.good.values())]
    for secret in secrets:
        assert not [answer for answer in answers if secret.encode() in answer.body]
        assert secret not in crowd.server.log
        for file in crowd.server.data_dir.iterdir():
            assert secret.encode() not in file.read_bytes(), file.name
