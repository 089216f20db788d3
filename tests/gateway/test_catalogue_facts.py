"""What catalogues say of a model stands in the list of `/v1`, and goes from there with them."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.server import Client, Server, Workbench


@pytest.fixture
def caller(server: Server, workbench: Workbench) -> Client:
    return server.client(workbench.key("user")["key"])


@pytest.fixture
def twins(workbench: Workbench) -> Iterator[tuple[str, str]]:
    """The same id at two services that catalogues know, by the names that callers have; nothing is sent there."""
    model_id = workbench.name("catalogued")
    names = []
    made = []
    for address in ("https://api.openai.com/v1", "https://api.groq.com/openai/v1"):
        provider = workbench.provider(address, network_scope="public")
        workbench.model(provider["id"], model_id, visible=True)
        names.append(f"{provider['slug']}/{model_id}")
        made.append(provider["id"])
    yield model_id, names[1]
    workbench.admin.must("PUT", "/api/admin/catalog", {"id": None})
    for row in made:
        workbench.admin.must("PUT", f"/api/admin/providers/{row}/toggle?confirm=true", {"enabled": False})


def told(caller: Client, name: str) -> tuple[Any, Any, Any]:
    entry = caller.must("GET", f"/v1/models/{name}")
    return entry["context_length"], entry["max_output_tokens"], entry["capabilities"]["tools"]


def test_the_list_follows_a_catalogue_at_once_and_mixes_no_two_services(
    caller: Client, workbench: Workbench, twins: tuple[str, str]
) -> None:
    model_id, other = twins
    assert (told(caller, model_id), told(caller, other)) == ((None, None, None), (None, None, None))
    catalogue = {
        "openai": {"models": {"m": {"id": model_id, "tool_call": True, "limit": {"context": 1_000, "output": 100}}}},
        "groq": {"models": {"m": {"id": model_id, "tool_call": False, "limit": {"context": 2_000}}}},
    }
    workbench.admin.must("POST", "/api/admin/catalog", catalogue)
    assert (told(caller, model_id), told(caller, other)) == ((1_000, 100, True), (2_000, None, False))
    listed = {one["id"]: one["context_length"] for one in caller.must("GET", "/v1/models")["data"]}
    assert (listed[model_id], listed[other]) == (1_000, 2_000)
    row = workbench.admin.must("GET", f"/api/admin/models/by-id?model_id={model_id}&provider_id={_first(workbench)}")
    workbench.admin.must("PUT", f"/api/admin/models/{row['id']}", {"context_length": 5})
    assert told(caller, model_id)[0] == 5
    workbench.admin.must("PUT", f"/api/admin/models/{row['id']}", {"context_length": None})
    assert told(caller, model_id)[0] == 1_000
    workbench.admin.must("PUT", "/api/admin/catalog", {"id": None})
    assert (told(caller, model_id), told(caller, other)) == ((None, None, None), (None, None, None))


def _first(workbench: Workbench) -> int:
    """The provider of the two that came first."""
    found = workbench.admin.must("GET", "/api/admin/providers?limit=1000")["providers"]
    return max(int(one["id"]) for one in found if one["base_url"] == "https://api.openai.com/v1")
