"""What watches the server: probes, metrics, one connection for many requests."""

from tests.fakes.server import Server, Workbench


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
    good = ["metrics-token-for-tests", workbench.key("admin")["key"], workbench.key("admin", role="viewer")["key"]]
    bad = [None, "", "metrics-token-for-test", workbench.key("user")["key"], workbench.admin.token]
    for token in good:
        answer = hasty.client(token).get("/metrics")
        assert answer.status == 200
        assert b'lineup_http_requests_total{method="POST",route="/api/admin/keys",status="201"}' in answer.body
    for token in bad:
        assert hasty.client(token).get("/metrics").status == 401


def test_requests_one_after_the_other_use_one_connection(server: Server) -> None:
    client = server.client()
    client.get("/livez")
    port = client.connection.sock.getsockname()[1]
    for path in ("/livez", "/api/nowhere", "/api/admin/models", "/readyz"):
        client.get(path)
        assert client.connection.sock.getsockname()[1] == port
