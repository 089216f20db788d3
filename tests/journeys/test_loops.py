"""Providers whose base URL leads back to the Lineup that asks, straight or through another."""

import time
from pathlib import Path

from tests.fakes.relay import relay
from tests.fakes.server import Answer, Server, Workbench, running_server

ROOT = "/api/admin/providers"


def leads_to(workbench: Workbench, model: str, base_url: str, key: str) -> None:
    """`model` of this server is the same one there."""
    row = workbench.provider(base_url, api_key=key)["id"]
    workbench.model(row, model, visible=True)


def chat(server: Server, key: str, model: str, *, stream: bool = False) -> Answer:
    body = {"model": model, "stream": stream, "messages": [{"role": "user", "content": "Hi"}]}
    return server.client(key).post("/v1/chat/completions", body)


def refused_at(server: Server) -> int:
    last = server.client().get("/livez").headers["x-request-id"]
    ends_at = time.monotonic() + 5
    while last not in server.log and time.monotonic() < ends_at:  # lines are written together, in their order
        time.sleep(0.02)
    return server.log.count('"status": 508')


def test_two_that_point_at_each_other_end_at_the_first_return(
    server: Server, workbench: Workbench, tmp_path: Path
) -> None:
    with running_server(tmp_path, from_nothing=True) as other:  # with a name of its own
        there = Workbench(other.admin())
        key, other_key = workbench.key("user")["key"], there.key("user")["key"]
        model, before = workbench.name("circle"), refused_at(server)
        leads_to(workbench, model, f"{other.url}/v1", other_key)
        leads_to(there, model, f"{server.url}/v1", key)
        for stream in (False, True):
            got = chat(server, key, model, stream=stream)
            assert (got.status, got.json["error"]["code"]) == (508, "loop_detected")
        assert (refused_at(server) - before, refused_at(other)) == (4, 2)
        got = workbench.admin.post(f"/api/admin/models/by-id/test/connection?model_id={model}")
        assert (got.status, got.json["passed"], got.json["http_status"]) == (200, False, 508)


def test_one_that_points_at_itself_ends_there_too(server: Server, workbench: Workbench) -> None:
    own = {"name": "Own", "type": "openai", "base_url": f"{server.url}/v1", "network_scope": "loopback"}
    assert workbench.admin.post(ROOT, own).status == 422
    with relay("127.0.0.1", server.port) as detour:
        key, model, before = workbench.key("user")["key"], workbench.name("circle"), refused_at(server)
        leads_to(workbench, model, detour.base_url, key)
        assert chat(server, key, model).status == 508
        assert refused_at(server) - before == 2
