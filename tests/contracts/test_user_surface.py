"""The OpenAPI document of `/v1`: a valid one, of all that is there; and answers are as it says."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from model_lineup.gateway.face import SURFACES
from tests.fakes.paced import paced
from tests.fakes.server import Client, Server, Workbench

HELLO = [{"role": "user", "content": "Hello"}]


@pytest.fixture(scope="module")
def document(server: Server) -> dict[str, Any]:
    """Read as anybody."""
    found: dict[str, Any] = server.client().must("GET", "/v1/openapi.json")
    return found


@pytest.fixture(scope="module")
def caller(server: Server, workbench: Workbench) -> Client:
    return server.client(workbench.key("user")["key"])


@pytest.fixture(scope="module")
def name(workbench: Workbench) -> Iterator[str]:
    with paced("--ttft-ms", "1", "--gap-ms", "0", "--tokens", "2") as provider:
        row = workbench.model(workbench.provider(provider.base_url)["id"], "paced-echo", visible=True)
        alias = workbench.name("documented")
        path = f"/api/admin/models/by-id/aliases?model_id=paced-echo&provider_id={row['provider_id']}"
        workbench.admin.must("POST", path, {"alias": alias})
        yield alias


@pytest.mark.parametrize("path", ["/v1/openapi.json", "/api/openapi.json"])
def test_the_document_is_valid(server: Server, path: str) -> None:
    from schemathesis.specs.openapi import definitions  # takes a second to import, in each process that collects tests

    jsonschema_rs.validator_for(definitions.OPENAPI_31).validate(server.client().must("GET", path))


def test_it_tells_every_endpoint_and_no_other(document: dict[str, Any]) -> None:
    assert set(document["paths"]) == {*SURFACES, "/v1/models", "/v1/models/{name}"}


def test_it_is_in_the_reference_page(server: Server, document: dict[str, Any]) -> None:
    page = server.client().get("/api/docs").body.decode()
    assert all(f"{path}</code>" in page for path in document["paths"])


def test_the_lists_are_as_it_says(document: dict[str, Any], caller: Client, workbench: Workbench, name: str) -> None:
    answer = caller.get("/v1/models")
    _matches(document, "ModelList", answer.json)
    one = caller.get(f"/v1/models/{name}")
    _matches(document, "Model", one.json)
    follows = workbench.model(visible=True)
    lifecycle = {"sunset_at": "2127-01-31T12:00:00Z", "successor_id": follows["id"], "message": "It ends."}
    ends = workbench.model(visible=True, supports_vision=True, lifecycle=lifecycle)
    ending = caller.get(f"/v1/models/{ends['model_id']}")
    _matches(document, "Model", ending.json)
    assert {*one.json, *ending.json} == set(document["components"]["schemas"]["Model"]["properties"])
    assert set(document["components"]["schemas"]["Model"]["required"]) <= one.json.keys() & ending.json.keys()
    assert set(document["paths"]["/v1/models"]["get"]["responses"]["200"]["headers"]) <= set(answer.headers)


@pytest.mark.parametrize("stream", [False, True])
def test_answers_and_their_headers_are_as_it_says(
    document: dict[str, Any], caller: Client, name: str, stream: bool
) -> None:
    body = {"model": name, "messages": HELLO, "stream": stream}
    _matches(document, "ChatRequest", body)
    answer = caller.post("/v1/chat/completions", body)
    told = document["paths"]["/v1/chat/completions"]["post"]["responses"]["200"]
    assert answer.status == 200
    assert answer.headers["content-type"].partition(";")[0] in told["content"]
    assert {header for header in answer.headers if header.startswith("x-")} <= {*told["headers"], *_SECURITY}
    if not stream:
        _matches(document, "Answer", answer.json)


_SECURITY = {"x-content-type-options", "x-frame-options"}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/chat/completions", {}, 400),
        ("/v1/messages", {"model": "nobody"}, 404),
        ("/v1/messages/count_tokens", {"model": 1}, 400),
        ("/v1/embeddings", {"model": "nobody", "api_base": "x"}, 400),
        ("/v1/responses", {"model": "nobody"}, 404),
    ],
)
def test_refusals_are_as_it_says(
    document: dict[str, Any], server: Server, caller: Client, path: str, body: Any, status: int
) -> None:
    refused, stranger = caller.post(path, body), server.client("nobody").post(path, body)
    assert (refused.status, stranger.status) == (status, 401)
    told = document["paths"][path]["post"]["responses"]
    for answer in (refused, stranger):
        assert str(answer.status) in told
        _matches(document, "Error", answer.json)


def _matches(document: dict[str, Any], shape: str, value: Any) -> None:
    schema = {"$ref": f"#/components/schemas/{shape}", "components": document["components"]}
    jsonschema_rs.validator_for(schema).validate(value)
