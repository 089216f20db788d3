"""Secrets that went in come out nowhere: not in an answer to anybody, a log, a metric, a database, a backup.

A real server at `LOG_LEVEL=debug`, driven through every operation by every role, with a provider that throws what it
was sent back at us. What shows a new secret does so once; those replies are left out by name, and they alone.
"""

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
import trustme

from model_lineup.access.tokens import new_token
from tests.contracts.test_routes import ROUTES
from tests.fakes.canaries import LEAST, Canaries, forms
from tests.fakes.counts import HARD
from tests.fakes.provider import CUT, FakeProvider, Got, fake_provider, head, reply, sse
from tests.fakes.server import Answer, Client, Server, by_id
from tests.fakes.sqlite import damaged

PROVIDER_KEY = "sk-canary/5f1d2c3b+4a59/6877=q"
PASSWORD, NEW_PASSWORD, WRONG = "canary horse/battery+1", "canary staple/battery+2", "canary wrong/battery+3"
HEADER, PROXY = "canary-header/value+4", "canary-proxy-word-5"
AUTHORITY = trustme.CA()
PRIVATE_CA = AUTHORITY.private_key_pem.bytes().decode()
METRICS = "canary-metrics/token+7"
DATABASE = "canaryDatabaseWord8"
EMAIL = "ada@example.com"
SHOWN_ONCE = ("/api/auth/login", "/api/auth/refresh", "/api/admin/keys", "/api/me/keys")
"""Paths of POSTs whose reply is how a caller gets a new secret."""


@dataclass
class Watch:
    """Everything that the server said, and what must not be in it."""

    server: Server
    canaries: Canaries
    said: list[tuple[str, bytes]] = field(default_factory=list)

    def ask(self, client: Client, method: str, path: str, **more: Any) -> Answer:
        answer = client.call(method, path, **more)
        if not (method == "POST" and path in SHOWN_ONCE and answer.status < 300):
            self.said.append((f"{method} {path}", repr(answer.headers).encode() + answer.body))
        return answer

    def new(self, name: str, secret: str) -> str:
        return self.canaries.add(name, secret)


def echoes(how: str) -> Any:
    """What a provider answers that gives back the key that it got."""

    def answer(got: Got) -> Any:
        key = got.header("authorization").removeprefix("Bearer ") or PROVIDER_KEY
        if how == "json":
            return reply({"error": {"message": f"Incorrect API key provided: {key}", "key": key}}, status=401)
        if how == "html":
            return reply(f"<html><b>{key}</b></html>", status=500, content_type="text/html")
        if how == "header":
            return reply({"error": {}}, status=429, headers=[f"x-your-key: {key}", f"retry-after: {key}"])
        if how == "reason":
            return [f"HTTP/1.1 403 {key}\r\ncontent-length: 0\r\n\r\n".encode()]
        if how == "stream":
            return sse({"error": {"message": f"key {key} is bad", "code": key}})
        if how == "encoded":
            return reply({"error": {"message": base64.b64encode(key.encode()).decode()}}, status=400)
        return [head(200, key) + key.encode(), CUT]  # a broken answer, with the key for a content type

    return answer


ECHOES = ("json", "html", "header", "reason", "stream", "encoded", "broken")


@pytest.fixture(params=["sqlite", "postgresql"] if HARD else ["sqlite"])
def watch(
    request: pytest.FixtureRequest, tmp_path: Path, postgres_url: str
) -> Iterator[tuple[Watch, FakeProvider, str | None]]:
    """A server without anybody yet; its metrics token and, on PostgreSQL, the database's password are secrets."""
    url = None
    more: dict[str, Any] = {"log_level": "debug", "metrics_token": METRICS, "upstream_test_s": 4}
    if request.param == "postgresql":
        url = postgres_url
        more["database_url"] = re.sub(r"//([^:/@]+)?(:[^@/]*)?@", rf"//\1:{DATABASE}@", url)
        assert DATABASE in more["database_url"]
    with fake_provider() as provider, _server(tmp_path, more) as server:
        canaries = Canaries(
            {
                "provider key": PROVIDER_KEY,
                "password": PASSWORD,
                "new password": NEW_PASSWORD,
                "wrong password": WRONG,
                "refused header": HEADER,
                "refused proxy password": PROXY,
                "private key among certificates": PRIVATE_CA.splitlines()[1],
                "metrics token": METRICS,
                "database password": DATABASE,
            }
        )
        ring = json.loads((server.data_dir / "keyring.json").read_text())
        for number, key in enumerate([*ring["keys"].values(), ring["pepper"]]):
            canaries.add(f"key of the ring {number}", key)
            canaries.add(f"key of the ring {number}, its bytes in hex", base64.urlsafe_b64decode(key).hex())
        yield Watch(server, canaries), provider, url


def _server(folder: Path, settings: dict[str, Any]) -> Any:
    server = Server(folder / "data", first_admin=False, **settings)
    return server.start(wait_ready=False)


@pytest.mark.hard
def test_secrets_that_went_in_come_out_nowhere(watch: tuple[Watch, FakeProvider, str | None], tmp_path: Path) -> None:
    watching, provider, url = watch
    tokens = sign_everybody_in(watching)
    clients = {name: watching.server.client(token) for name, token in tokens.items()}
    provoke(watching, clients["admin"], provider)
    every_operation(watching, clients)
    break_in(watching, clients["admin"], url)
    backup = tmp_path / "data" / "backup.tar.gz"
    use_the_command_line(watching, backup, url)
    watching.server.terminate()
    assert len(watching.canaries) >= 12
    for where, said in watching.said:
        assert watching.canaries.in_bytes(said) == [], where
    assert watching.canaries.in_bytes(watching.server.log.encode()) == []
    assert "Traceback" not in watching.server.log
    assert '"failed"' in watching.server.log, "something did fail, and was logged with where it was"
    assert watching.canaries.in_folder(watching.server.data_dir, but=frozenset({"keyring.json"})) == []
    if url is not None:
        assert watching.canaries.in_bytes(dump(url)) == []
    assert backup.stat().st_size > 1_000
    assert watching.canaries.in_bytes(PASSWORD.encode()), "who looks would find"


def sign_everybody_in(watch: Watch) -> dict[str, str]:
    """A credential of each sort, used in every way that leaves a trace."""
    server, nobody = watch.server, watch.server.client()
    link = re.search(r"token=(lineup_set_\w+)", _all_said(server))
    assert link is not None
    token = watch.new("set-up token", link[1])
    watch.ask(nobody, "POST", "/api/setup", body={"token": token[:-1] + "x", "email": EMAIL, "password": PASSWORD})
    watch.ask(nobody, "GET", f"/admin/setup?token={token}", headers={})
    watch.said.pop()  # the form that the link opens sends it back to the server
    watch.ask(nobody, "POST", "/api/setup", body={"token": token, "email": EMAIL, "password": PASSWORD})
    for email in (EMAIL, WRONG + "@x"):
        watch.ask(nobody, "POST", "/api/auth/login", body={"email": email, "password": WRONG})
    first = watch.ask(nobody, "POST", "/api/auth/login", body={"email": EMAIL, "password": PASSWORD}).json
    pair = watch.ask(nobody, "POST", "/api/auth/refresh", body={"refresh_token": first["refresh_token"]}).json
    for name, made in (("first", first), ("second", pair)):
        watch.new(f"{name} access token", made["access_token"])
        watch.new(f"{name} refresh token", made["refresh_token"])
    admin = server.client(pair["access_token"])
    for current in (WRONG, PASSWORD):
        change = {"current_password": current, "new_password": NEW_PASSWORD}
        watch.ask(admin, "PUT", "/api/me/password", body=change)
    tokens = {"admin": pair["access_token"]}
    for role in ("viewer", "user"):
        body = {"email": f"{role}@example.com", "role": role, "password": PASSWORD}
        watch.ask(admin, "POST", "/api/admin/people", body=body, headers={"idempotency-key": role})
        sent = {"email": f"{role}@example.com", "password": PASSWORD}
        made = watch.ask(nobody, "POST", "/api/auth/login", body=sent).json
        tokens[role] = watch.new(f"{role}'s access token", made["access_token"])
        watch.new(f"{role}'s refresh token", made["refresh_token"])
    for kind, path in (("admin", "/api/admin/keys"), ("user", "/api/me/keys"), ("agent", "/api/me/keys")):
        body = {"name": kind, "kind": kind}
        headers = {"idempotency-key": kind}
        made = watch.ask(admin, "POST", path, body=body, headers=headers).json
        tokens[f"{kind} key"] = watch.new(f"{kind} key", made["key"])
        again = admin.post(path, body, headers=headers)
        assert again.json["secret_already_shown"] is True
        watch.said.append((f"replay of POST {path}", again.body))
    revoked = admin.must("POST", "/api/admin/keys", {"name": "revoked", "kind": "admin"})
    watch.ask(admin, "DELETE", f"/api/admin/keys/{revoked['id']}")
    tokens["revoked key"] = watch.new("revoked key", revoked["key"])
    return tokens


def _all_said(server: Server) -> str:
    """What stands on standard output, the set-up link included; it is meant for people."""
    return server.said + "".join(path.read_text() for path in server.data_dir.glob("setup-link"))


def provoke(watch: Watch, admin: Client, provider: FakeProvider) -> None:
    """Providers with every secret there can be, some of them refused; and one that repeats what it gets."""
    body = {"type": "openai", "base_url": provider.base_url, "network_scope": "loopback", "api_key": PROVIDER_KEY}
    made = watch.ask(admin, "POST", "/api/admin/providers", body={"name": "echo", **body}).json
    for refused in (
        {"headers": {"authorization": f"Bearer {HEADER}"}},
        {"proxy": f"http://me:{PROXY}@127.0.0.1:9"},
        {"base_url": f"http://me:{PROXY}@127.0.0.1/v1"},
        {"base_url": f"{provider.base_url}?key={PROVIDER_KEY}"},
        {"ca_bundle": AUTHORITY.cert_pem.bytes().decode() + PRIVATE_CA},
        {"api_key": PROVIDER_KEY + "\n"},
        {"api_kye": PROVIDER_KEY},
    ):
        answer = watch.ask(admin, "POST", "/api/admin/providers", body={"name": "refused", **body, **refused})
        assert answer.status == 422, (refused, answer)
    watch.ask(admin, "PUT", f"/api/admin/providers/{made['id']}", body={"base_url": "http://127.0.0.1:9/v1"})
    watch.ask(admin, "PUT", f"/api/admin/providers/{made['id']}", body={"api_key": PROVIDER_KEY})
    watch.ask(admin, "POST", "/api/admin/models", body={"provider_id": made["id"], "model_id": "m", "visible": True})
    for how in ECHOES:
        provider.answer("/models", echoes(how))
        provider.answer("/chat/completions", echoes(how))
        watch.ask(admin, "POST", f"/api/admin/providers/{made['id']}/test")
        watch.ask(admin, "POST", f"/api/admin/providers/{made['id']}/fetch")
        watch.ask(admin, "POST", by_id("m", "/test/connection"))
    watch.ask(admin, "POST", by_id("m", "/benchmark"), body={"requests": 2, "warmup": 0, "time_limit_s": 5})
    watch.ask(admin, "GET", "/api/admin/runs/1/events")
    assert any(got.header("authorization") == f"Bearer {PROVIDER_KEY}" for got in provider.requests)


def every_operation(watch: Watch, clients: dict[str, Client]) -> None:
    """Every route with every credential, and bodies full of secrets that no route takes."""
    nonsense = {"api_key": PROVIDER_KEY, "password": WRONG, "email": WRONG, "token": WRONG, PROVIDER_KEY: NEW_PASSWORD}
    for name, client in {**clients, "nobody": watch.server.client()}.items():
        for method, path, _ in ROUTES:
            if (method, path) == ("POST", "/api/auth/logout") or path.startswith("/admin"):
                continue
            there = path.replace("99999", "1") if method == "GET" else path
            asked = f"{there}?model_id=m" if "by-id" in path else there
            body = {"body": nonsense} if method in ("POST", "PUT") else {}
            watch.ask(client, method, asked, **body)
        for secret in (WRONG, PROVIDER_KEY):
            watch.ask(client, "GET", "/api/admin/me", headers={"authorization": f"Bearer {secret}"})
        assert name
    metrics = watch.server.client(METRICS)
    assert watch.ask(metrics, "GET", "/metrics").status == 200


def break_in(watch: Watch, admin: Client, url: str | None) -> None:
    """Make the server fail where nobody foresaw it, so that it logs where that was."""
    with damaged(watch.server.data_dir, url, "setup_links"):
        body = {"token": new_token("setup"), "email": "eve@example.com", "password": PASSWORD}
        assert watch.ask(admin, "POST", "/api/setup", body=body).status == 500


def use_the_command_line(watch: Watch, backup: Path, url: str | None) -> None:
    """What verbs show, with every secret in their surroundings; and the backup that they make."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LINEUP_")}
    environment |= {"LINEUP_DATA_DIR": str(watch.server.data_dir), "LINEUP_METRICS_TOKEN": METRICS}
    environment |= {"LINEUP_ADMIN_PASSWORD": PASSWORD, "LINEUP_LOG_LEVEL": "debug"}
    if url is not None:
        environment["LINEUP_DATABASE_URL"] = str(watch.server.settings["database_url"])
    script = (
        "import sys, json\nfrom model_lineup.cli import app\n"
        "for line in json.loads(sys.argv[1]):\n"
        "    try:\n        app(line, standalone_mode=False)\n"
        "    except SystemExit:\n        pass\n    except Exception as error:\n        print(repr(error))\n"
    )
    lines = [
        *(["providers", "list", "--json"], ["providers", "show", "echo"], ["people", "list"], ["keys", "list"]),
        *(["changes", "list"], ["changes", "show", "1"], ["security-log"], ["security-log", "--json"]),
        *(["config", "show", "--origin"], ["doctor"], ["test", "m"], ["runs", "list"], ["backup", str(backup)]),
    ]
    done = subprocess.run(
        [sys.executable, "-c", script, json.dumps(lines)], env=environment, capture_output=True, timeout=60
    )
    assert b"echo" in done.stdout
    watch.said.append(("the command line", done.stdout + done.stderr))


def dump(url: str) -> bytes:
    """Every row of every table."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        names = connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables "
            "WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        rows = [connection.execute(f'SELECT * FROM "{schema}"."{name}"'.encode()).fetchall() for schema, name in names]
    assert len(names) > 15
    return repr(rows).encode()


def test_the_search_finds_every_form(tmp_path: Path) -> None:
    """A search that cannot find proves nothing."""
    secret = "canary/with+odd=characters\u00e4"
    canaries = Canaries({"planted": secret})
    for how, form in forms(secret):
        assert len(form) >= LEAST, how
        assert canaries.in_bytes(b"before " + form + b" after"), how
    for before in ("", "a", "ab", "abc"):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            assert canaries.in_bytes(encode(f"{before}{secret} and more".encode())), before
    assert canaries.in_bytes(b"nothing to see") == []
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(secret.encode())
    assert len(canaries.in_folder(tmp_path)) >= 1
    assert canaries.in_folder(tmp_path, but=frozenset({"file"})) == []
