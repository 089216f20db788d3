"""A query parameter that is not known is refused on every route: a misspelt dry run must not be carried out."""

import pytest
from fastapi.routing import APIRoute

from model_lineup.api.application import ROUTERS
from tests.fakes.server import Workbench

ROUTES = [
    (method, route.path.replace(":row}", "}"))
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute) and route.include_in_schema
    for method in sorted(route.methods or ())
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_an_unknown_parameter_is_refused_and_named(workbench: Workbench, method: str, path: str) -> None:
    filled = "/".join("1" if part.startswith("{") else part for part in path.split("/"))
    answer = workbench.admin.call(method, f"{filled}?dryrun=true")
    assert answer.status == 422
    assert answer.json["errors"][0]["pointer"] == "dryrun"


def test_a_deletion_that_was_meant_to_be_a_dry_run_deletes_nothing(workbench: Workbench) -> None:
    model = workbench.model()
    assert workbench.admin.delete(f"/api/admin/models/{model['id']}?dryrun=true").status == 422
    assert workbench.admin.delete(f"/api/admin/models/{model['id']}?dry_run=true").status == 200
    assert workbench.admin.get(f"/api/admin/models/{model['id']}").status == 200


@pytest.mark.parametrize("query", ["limit=1&limit=2", "q=%FF"])
def test_what_is_said_twice_or_is_no_text_is_refused(workbench: Workbench, query: str) -> None:
    assert workbench.admin.get(f"/api/admin/models?{query}").status == 422


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b'{"provider_id": 1, "model_id": "z", "context_length": NaN}', "/context_length"),
        (b'{"provider_id": 1, "model_id": "\\ud800"}', "/model_id"),
    ],
)
def test_what_json_does_not_have_is_named_with_its_field(workbench: Workbench, body: bytes, pointer: str) -> None:
    answer = workbench.admin.post("/api/admin/models", raw=body)
    assert answer.status == 400
    assert answer.json["errors"][0]["pointer"] == pointer


def test_a_stored_key_does_not_take_another_way_unasked(workbench: Workbench) -> None:
    address = {"base_url": "http://10.9.9.9:8000/v1", "network_scope": "private", "api_key": "sk-canary-0123456789"}
    provider = workbench.provider(**address)
    answer = workbench.admin.put(f"/api/admin/providers/{provider['id']}", {"proxy": "http://10.1.1.1:3128"})
    assert (answer.status, answer.code) == (409, "credential_rebind_required")


@pytest.mark.parametrize("moment", ["0.5", "1764000000", "tomorrow"])
def test_a_moment_is_written_out(workbench: Workbench, moment: str) -> None:
    answer = workbench.admin.get(f"/api/admin/security-log?since={moment}")
    assert answer.status == 422
    assert answer.json["errors"][0]["pointer"] == "since"
    assert workbench.admin.get("/api/admin/security-log?since=2030-01-31T12:00:00Z").status == 200


@pytest.mark.parametrize("moment", ["0.5", "1764000000", 1764000000])
def test_the_end_of_a_key_is_written_out(workbench: Workbench, moment: object) -> None:
    answer = workbench.admin.post("/api/admin/keys", {"name": "a", "kind": "user", "expires_at": moment})
    assert answer.status == 422
    assert answer.json["errors"][0]["pointer"] == "/expires_at"
