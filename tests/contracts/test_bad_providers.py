"""Providers that lead astray or misbehave: a clear answer that says where, and nothing changed."""

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.provider import CUT, HANG, FakeProvider, fake_provider, head, reply, stream
from tests.fakes.refusing import Doubter
from tests.fakes.server import Server, by_id

MODELS = "/api/admin/models"


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeProvider]:
    with fake_provider() as running:
        yield running


@pytest.mark.parametrize(
    ("base_url", "scope", "code", "words"),
    [
        ("https://user:pass@api.example.com/v1", "public", "invalid_input", "user name"),
        ("https://user@api.example.com/v1", "public", "invalid_input", "user name"),
        ("http://169.254.169.254/v1", "public", "egress_refused", ""),
        ("http://169.254.169.254/v1", "private", "egress_refused", ""),
        ("http://169.254.169.254/v1", "loopback", "egress_refused", ""),
        ("http://[::ffff:169.254.169.254]/v1", "loopback", "egress_refused", ""),
        ("http://2852039166/v1", "private", "egress_refused", ""),
        ("http://127.0.0.1:8000/v1", "public", "egress_refused", "loopback"),
        ("http://localhost:8000/v1", "public", "egress_refused", "loopback"),
        ("http://10.0.0.1/v1", "public", "egress_refused", "private"),
        ("http://api.example.com/v1", "public", "egress_refused", ""),
        ("ftp://api.example.com/", "public", "invalid_input", "https://"),
        ("file:///etc/passwd", "loopback", "invalid_input", "https://"),
        ("api.example.com/v1", "public", "invalid_input", "absolute"),
        ("https://api.example.com/v1?key=1", "public", "invalid_input", "query"),
        ("https://api.example.com/v1#x", "public", "invalid_input", "fragment"),
        ("https://", "public", "invalid_input", "host"),
        ("https://api.example.com:99999/", "public", "invalid_input", "port"),
        ("https://api.example.com:22/", "public", "egress_refused", "22"),
        ("https://exa mple.com/", "public", "invalid_input", "space"),
    ],
)
def test_a_base_url_that_leads_astray(desk: Doubter, base_url: str, scope: str, code: str, words: str) -> None:
    body = {"name": "P", "type": "openai", "base_url": base_url, "network_scope": scope, "api_key": "sk-entered-key"}
    answer = desk.refused("POST", "/api/admin/providers", 422, code, words, body=body)
    assert answer.json["errors"][0]["pointer"] in ("/base_url", "/network_scope")
    assert b"sk-entered-key" not in answer.body
    assert b"pass@" not in answer.body


def test_a_changed_origin_needs_the_key_again(desk: Doubter) -> None:
    provider = desk.workbench.provider(
        "https://api.example.com/v1", api_key="sk-first-key-0001", network_scope="public"
    )
    path = f"/api/admin/providers/{provider['id']}"
    for base_url in (
        "https://api.example.org/v1",
        "https://api.example.com:8443/v1",
        "https://api.example.com.evil.net/",
    ):
        desk.refused("PUT", path, 409, "credential_rebind_required", "api_key", body={"base_url": base_url})
    assert desk.admin.must("PUT", path, {"base_url": "https://API.example.com/v2"})["api_key_set"]
    moved = desk.admin.must("PUT", path, {"base_url": "https://api.example.org/v1", "api_key": "sk-second-key-002"})
    assert moved["api_key_last4"] == "-002"


def listing_of(*ids: str) -> dict[str, Any]:
    return {"object": "list", "data": [{"id": one, "object": "model"} for one in ids]}


REDIRECTED = [head(302, "text/plain", "location: http://127.0.0.1:9/", "content-length: 0")]
HTML = reply("<html><body>Welcome to nginx</body></html>", content_type="text/html")
LISTS_GONE_WRONG = {
    "redirects": (REDIRECTED, "protocol"),
    "answers HTML": (HTML, "protocol"),
    "answers no JSON": (reply("{"), "protocol"),
    "lists nothing": (reply(listing_of()), None),
    "lists 100 000": (reply(listing_of(*(f"m-{n}" for n in range(100_000)))), "protocol"),
    "lists one twice over with a bad one": (reply(listing_of("fine", "x" * 600)), "protocol"),
    "lists a lone surrogate": (reply(b'{"data": [{"id": "a\\ud800"}]}'), "protocol"),
    "cuts": (stream([b'{"data": [{"id": "half"}', CUT]), "protocol"),
    "fails": (reply({"error": {"message": "no"}}, status=500), None),
    "refuses the key": (reply({"error": {"message": "bad key"}}, status=401), "auth"),
    "has no quota": (reply({"error": {"message": "quota"}}, status=429), "quota"),
    "hangs": ([HANG], "timeout"),
}


@pytest.mark.parametrize("what", LISTS_GONE_WRONG)
def test_a_fetch_that_goes_wrong_changes_nothing(desk: Doubter, provider: FakeProvider, what: str) -> None:
    made = desk.workbench.provider(provider.base_url, timeouts={"test_s": 0.5})
    path = f"/api/admin/providers/{made['id']}/fetch"
    provider.answer("/models", reply(listing_of("kept")))
    desk.admin.must("POST", path)
    kept = desk.admin.must("GET", by_id("kept", provider_id=made["id"]))
    answer, stage = LISTS_GONE_WRONG[what]
    provider.answer("/models", answer)
    refusal = desk.refused("POST", path, 502, "upstream_failed")
    if stage is not None:
        assert refusal.json["stage"] == stage
    assert refusal.json["detail"]
    assert desk.admin.must("GET", by_id("kept", provider_id=made["id"])) == kept
    outcome = desk.admin.must("GET", f"/api/admin/providers/{made['id']}")["last_fetch"]
    assert outcome["outcome"] == "failed"


TALKS_GONE_WRONG = {
    "redirects": (REDIRECTED, {"protocol"}),
    "answers HTML": (HTML, {"protocol"}),
    "cuts before the first": ([CUT], {"protocol"}),
    "cuts": (
        stream([b'data: {"choices": [{"index": 0, "delta": {"content": "Hel"}}]}\n\n', CUT]),
        {"protocol"},
    ),
    "says nothing": (stream([b"data: [DONE]\n\n"]), {"empty", "protocol"}),
    "refuses the key": (reply({"error": {"message": "bad key"}}, status=401), {"auth"}),
    "has no quota": (reply({"error": {"message": "quota"}}, status=429), {"quota"}),
    "does not know it": (reply({"error": {"message": "no such model"}}, status=404), {"model"}),
    "hangs": ([HANG], {"timeout"}),
}


@pytest.mark.parametrize("what", TALKS_GONE_WRONG)
def test_a_test_that_goes_wrong_says_where(desk: Doubter, provider: FakeProvider, what: str) -> None:
    made = desk.workbench.provider(provider.base_url, timeouts={"test_s": 0.5})
    model = desk.workbench.model(made["id"])
    answer, stages = TALKS_GONE_WRONG[what]
    provider.answer("/chat/completions", answer)
    before = desk.stored()
    result = desk.admin.must("POST", by_id(model["model_id"], "/test/connection"))
    assert (result["passed"], result["stage"] in stages) == (False, True), result
    assert result["message"]
    assert desk.stored() == before
    assert desk.admin.must("GET", by_id(model["model_id"]))["status"] == "failing"


def test_no_provider_is_there_at_all(desk: Doubter) -> None:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = desk.workbench.provider(f"http://127.0.0.1:{port}/v1")
    model = desk.workbench.model(made["id"])
    desk.refused("POST", f"/api/admin/providers/{made['id']}/fetch", 502, "upstream_failed", str(port))
    result = desk.admin.must("POST", by_id(model["model_id"], "/test/connection"))
    assert (result["passed"], result["stage"]) == (False, "connect")


def test_a_key_ring_and_a_log_hold_nothing_that_was_refused(desk: Doubter, server: Server) -> None:
    assert json.loads((Path(server.data_dir) / "keyring.json").read_text())
    assert "sk-entered-key" not in server.log
    assert '"error": "internal' not in server.log
    assert '"event": "failed"' not in server.log
