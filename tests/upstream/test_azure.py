"""What is Azure's own."""

import asyncio
import json
from typing import Any

import pytest

from model_lineup.catalog.discovery import Discovery
from model_lineup.journal.record import Journal
from model_lineup.rooms import Rooms
from model_lineup.upstream.contract import Ask, Call, Endpoint, Listing, Quirks, Target, Task
from model_lineup.upstream.kinds.azure import KIND
from tests.fakes.azure_wire import WIRE
from tests.fakes.desk import BY, Desk
from tests.fakes.kind_server import KindServer
from tests.fakes.provider import fake_provider, reply


def call(api_version: str | None, model_id: str = "my gpt", task: Task = "chat") -> Call:
    endpoint = Endpoint("azure", "https://example.test", api_version=api_version)
    return KIND.dialect.call(Target(endpoint, model_id, task), Ask.of("hi"), Quirks())


def listed(api_version: str | None) -> Call:
    return KIND.list_call(Endpoint("azure", "https://example.test", api_version=api_version), None)


@pytest.mark.parametrize("version", [None, "v1"])
def test_v1_names_the_deployment_in_the_body(version: str | None) -> None:
    asked = call(version)
    assert (asked.path, asked.query) == ("/openai/v1/chat/completions", ())
    assert json.loads(asked.body or b"")["model"] == "my gpt"
    assert listed(version) == Call("/openai/v1/models")


def test_previews_are_v1_with_a_word() -> None:
    assert (call("preview").path, call("preview").query) == (
        "/openai/v1/chat/completions",
        (("api-version", "preview"),),
    )


def test_a_dated_version_names_the_deployment_in_the_path() -> None:
    dated = (("api-version", "2024-10-21"),)
    asked, embedding = call("2024-10-21"), call("2024-10-21", "a/b", "embedding")
    assert (asked.path, asked.query) == ("/openai/deployments/my%20gpt/chat/completions", dated)
    assert (embedding.path, embedding.query) == ("/openai/deployments/a%2Fb/embeddings", dated)
    assert listed("2024-10-21") == Call("/openai/models", query=dated)


def test_candidates_tell_what_they_are_for_and_until_when() -> None:
    entries: list[Any] = [WIRE.entry("chat"), WIRE.entry("emb"), {"id": "neither", "capabilities": {"inference": True}}]
    entries[1]["capabilities"] |= {"chat_completion": False, "embeddings": True}
    page = KIND.page(json.dumps(WIRE.page(entries)).encode())
    assert page.candidates
    assert [model.facts for model in page.models] == [
        {"task": "chat", "lifecycle": {"state": "generally-available", "retires_at": 1_900_000_000}},
        {"task": "embedding", "lifecycle": {"state": "generally-available", "retires_at": 1_900_000_000}},
        {},
    ]


def test_a_missing_deployment_is_the_models_failure() -> None:
    said = {"error": {"code": "DeploymentNotFound", "message": "The API deployment does not exist."}}
    with fake_provider() as provider:
        [exchange] = KindServer("azure", provider).exchanges(reply(said, status=404))
    assert exchange.failure is not None
    assert exchange.failure.stage == "model"


def test_a_fetch_stores_no_candidate_and_takes_no_deployment_for_gone(rooms: Rooms) -> None:
    async def read_list(_: Endpoint) -> Listing:
        page = KIND.page(json.dumps(WIRE.page([WIRE.entry("gpt")])).encode())
        return Listing((), 1, page.models)

    desk = Desk(rooms)
    provider = desk.provider(type="azure", api_key="secret-key")
    deployment = desk.model(provider, "my-deployment")
    journal = Journal(rooms.database, rooms.clock)
    discovery = Discovery(rooms.database, journal, rooms.providers, rooms.clock, read_list, most=10)
    plan = asyncio.run(discovery.fetch(provider.id, BY))
    assert (plan.added, plan.changed, plan.vanished, plan.reactivated) == ([], [], [], [])
    assert desk.ids() == [deployment.model_id]
