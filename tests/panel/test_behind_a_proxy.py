"""Behind a proxy: below a path that it strips or leaves, and with TLS that ends there."""

import http.client
import http.server
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from tests.fakes.pages import FORM, Looker
from tests.fakes.server import EMAIL, PASSWORD, Client, Server, running_server


class Forwarding(http.server.BaseHTTPRequestHandler):
    """Passes a request on, and says by which scheme it came."""

    upstream_port = 0
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        inner = http.client.HTTPConnection("127.0.0.1", self.upstream_port, timeout=20)
        headers = {**dict(self.headers.items()), "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
        inner.request(self.command, self.path, body, headers)
        answer = inner.getresponse()
        content = answer.read()
        inner.close()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET  # noqa: N815 - http.server wants it so

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def tls_proxy(server: Server) -> Iterator[tuple[int, ssl.SSLContext]]:
    """Its port, and a context that trusts it."""
    authority, inside, outside = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(inside)
    authority.configure_trust(outside)
    handler = type("Handler", (Forwarding,), {"upstream_port": server.port})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as proxy:
        proxy.daemon_threads = True
        proxy.socket = inside.wrap_socket(proxy.socket, server_side=True)
        thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield proxy.server_port, outside
        finally:
            proxy.shutdown()
            thread.join()


class TlsClient(Client):
    """A client of the proxy."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        super().__init__(port)
        self.connection = http.client.HTTPSConnection("localhost", port, context=context, timeout=20)


@pytest.fixture(scope="module")
def below(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("below"), root_path="/line/up") as server:
        yield server


@pytest.mark.parametrize("left", ["/line/up", ""], ids=["left in place", "stripped"])
def test_everything_works_below_a_path(below: Server, left: str) -> None:
    looker = Looker(below.client())
    page = looker.get(f"{left}/admin/sign-in")
    assert b'href="/line/up/admin/static/' in page.body
    static = page.body.partition(b'rel="stylesheet" href="/line/up')[2].partition(b'"')[0].decode()
    assert looker.get(left + static).status == 200
    done = looker.send(f"{left}/admin/sign-in", {"email": EMAIL, "password": PASSWORD})
    assert done.headers["location"] == "/line/up/admin/"
    assert "Path=/;" in f"{done.headers['set-cookie']};"
    assert looker.get(f"{left}/admin/").status == 200
    assert looker.get(f"{left}/", accept="text/html").headers["location"] == "/line/up/admin/"

    admin = below.admin()
    made = admin.post(f"{left}/api/admin/keys", {"name": "below", "kind": "user"})
    assert made.headers["location"] == f"/line/up/api/admin/keys/{made.json['id']}"
    assert below.client(made.json["key"]).get(f"{left}/v1/models").status == 200
    assert admin.get(f"{left}/api/docs").status == 200
    assert admin.get("/line/upper/api/docs").status == 404


def test_a_browser_at_the_root_is_led_to_the_panel_and_a_program_is_not(server: Server) -> None:
    client = server.client()
    assert client.get("/", headers={"accept": "text/html,*/*"}).headers["location"] == "/admin/"
    assert client.get("/", headers={"accept": "*/*"}).code == "not_found"
    assert client.post("/", {}, headers={"accept": "text/html"}).status == 404


def test_behind_a_tls_proxy_cookies_are_secure_and_forms_are_ours(tmp_path: Path) -> None:
    with (
        running_server(tmp_path, trusted_proxies="127.0.0.1/32") as server,
        tls_proxy(server) as (port, context),
    ):
        looker = Looker(TlsClient(port, context))
        looker.get("/admin/sign-in")
        fields = {"email": EMAIL, "password": PASSWORD}
        origin = f"https://localhost:{port}"
        assert looker.send("/admin/sign-in", fields, origin=f"http://localhost:{port}").status == 403
        done = looker.send("/admin/sign-in", fields, origin=origin)
        assert done.headers["set-cookie"].startswith("__Host-lineup=lineup_bro_")
        assert "Secure" in done.headers["set-cookie"]
        assert looker.get("/admin/").status == 200
        looker.client.close()
        log = server.admin().must("GET", "/api/admin/security-log")["entries"]
        assert any(entry["address"] == "203.0.113.9" for entry in log)


def test_a_proxy_that_changes_the_host_is_known_by_the_public_address(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    public = f"http://models.example.com:{port}"
    with running_server(tmp_path, port=port, public_url=public) as server:
        looker = Looker(server.client())
        looker.get("/admin/sign-in")
        fields = {"email": EMAIL, "password": PASSWORD}
        assert looker.send("/admin/sign-in", fields, origin="https://evil.example").status == 403
        assert looker.send("/admin/sign-in", fields, origin=public).status == 303


def test_plain_http_from_elsewhere_is_told_why_there_is_no_signing_in(server: Server) -> None:
    answer = server.client().get("/admin/sign-in", headers={"host": "lineup.example:8484"})
    assert b"Signing in needs HTTPS" in answer.body
    refused = server.client().call(
        "POST", "/admin/sign-in", raw=b"a=b", headers={"content-type": FORM, "host": "x.example"}
    )
    assert refused.status == 403
