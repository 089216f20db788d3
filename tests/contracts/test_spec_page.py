"""Every request of the spec page does what the page says, as printed, against a real server. Each starts from new.

`<access_token>` comes from a login, `1, 2, 3` are existing rows, `<modelId>` and `<alias>` stand for existing ones.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest

from tests.contracts.spec_blocks import BLOCKS
from tests.fakes.paced import Paced, paced
from tests.fakes.server import Answer, Server, Workbench, by_id, running_server

PAGE = Path(__file__).parents[3] / "shared/spec/model-management.md"
DOCUMENTED_FIELDS = {
    "model_id",
    "display_name",
    "context_length",
    "supports_tools",
    "supports_vision",
    "supports_streaming",
    "visible",
    "agents_enabled",
}
MOVING = {"version", "updated_at", "facts", "revision", "change_id", "aliases"}


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    headers: dict[str, str]
    body: str

    @property
    def name(self) -> str:
        return f"{self.method} {self.target.partition('?')[0]}"


def parsed(block: str) -> Request:
    head, _, body = block.partition("\n\n")
    first, *lines = head.strip().splitlines()
    method, target = first.split(" ", 1)
    return Request(method, target, dict(line.split(": ", 1) for line in lines), body.strip())


@pytest.mark.skipif(not PAGE.exists(), reason="the spec page is not beside this checkout")
def test_the_kept_requests_are_those_of_the_page() -> None:
    assert re.findall(r"```http\n(.*?)```", PAGE.read_text(), re.DOTALL) == BLOCKS


@pytest.fixture(scope="module")
def provider() -> Iterator[Paced]:
    with paced("--ttft-ms", "15", "--gap-ms", "1", "--tokens", "8", "--model", "gpt-4o") as running:
        yield running


@dataclass
class Stage:
    """A new server with provider 1 and the models 1, 2, 3; `send` replays the block, with `<…>` filled in."""

    server: Server
    request: Request
    workbench: Workbench
    models: list[dict[str, Any]]

    def send(self, **placeholders: str) -> Answer:
        filled = {"access_token": self.workbench.admin.token or "", **placeholders}
        target = self.request.target
        for name, value in filled.items():
            target = target.replace(f"<{name}>", quote_plus(value))
        headers = {name: value.replace("<access_token>", filled["access_token"]) for name, value in self._headers()}
        assert "<" not in target
        client = self.server.client()
        return client.call(self.request.method, target, raw=self.request.body.encode() or None, headers=headers)

    def _headers(self) -> list[tuple[str, str]]:
        """As printed; where the page prints no credential one is needed all the same."""
        return list({"Authorization": "Bearer <access_token>", **self.request.headers}.items())

    @property
    def body(self) -> Any:
        return json.loads(self.request.body)

    def get(self, path: str) -> Any:
        return self.workbench.admin.must("GET", path)


@pytest.fixture
def stage(request: pytest.FixtureRequest, tmp_path: Path, provider: Paced) -> Iterator[Stage]:
    with running_server(tmp_path) as server:
        workbench = Workbench(server.admin())
        assert workbench.provider(provider.base_url)["id"] == 1
        models = [workbench.model(1, f"vendor/model-{n}:free") for n in (1, 2, 3)]
        assert [model["id"] for model in models] == [1, 2, 3]
        yield Stage(server, request.param, workbench, models)


def lists_models(stage: Stage) -> None:
    answer = stage.send()
    assert answer.status == 200
    assert [model["id"] for model in answer.json["models"]] == [1, 2, 3]
    for model in answer.json["models"]:
        assert set(model) >= DOCUMENTED_FIELDS
        assert model["provider"]["id"] == 1


def creates_a_model(stage: Stage) -> None:
    answer = stage.send()
    assert answer.status == 201
    stored = stage.get(answer.headers["location"])
    assert {name: stored[name] for name in stage.body} == stage.body
    assert stored == {name: answer.json[name] for name in stored}


def updates_a_model(stage: Stage) -> None:
    before = stage.workbench.model(1, "gpt-4o/with+signs & spaces", agents_enabled=True, context_length=77)
    answer = stage.send(modelId=before["model_id"])
    assert answer.status == 200
    after = stage.get(by_id(before["model_id"]))
    assert {name: after[name] for name in stage.body} == stage.body
    unchanged = set(after) - set(stage.body) - MOVING
    assert {name: after[name] for name in unchanged} == {name: before[name] for name in unchanged}
    assert after["facts"]["context_length"] == before["facts"]["context_length"]


def sets_a_flag(flag: str, value: bool) -> Callable[[Stage], None]:
    def check(stage: Stage) -> None:
        bystander = stage.workbench.model(1, "bystander", visible=True)
        for model in (1, 2):
            stage.workbench.admin.must("PUT", f"/api/admin/models/{model}", {flag: not value})
        stage.workbench.admin.must("PUT", "/api/admin/models/3", {flag: value})
        answer = stage.send()
        assert answer.status == 200
        assert {name: answer.json[name] for name in ("matched", "changed", "unchanged")} == {
            "matched": 3,
            "changed": 2,
            "unchanged": 1,
        }
        models = {model["id"]: model for model in stage.get("/api/admin/models")["models"]}
        assert [models[row][flag] for row in (1, 2, 3)] == [value] * 3
        assert models[bystander["id"]][flag] == bystander[flag]
        assert answer.json["revision"] == stage.get("/api/admin/models")["revision"]

    return check


def lists_aliases(stage: Stage) -> None:
    model = stage.models[1]["model_id"]
    stage.workbench.alias(model, "second")
    stage.workbench.alias(model, "another")
    stage.workbench.alias(stage.models[0]["model_id"], "of-somebody-else")
    answer = stage.send(modelId=model)
    assert answer.status == 200
    assert sorted(alias["alias"] for alias in answer.json["aliases"]) == ["another", "second"]
    assert {alias["model_id"] for alias in answer.json["aliases"]} == {model}


def creates_an_alias(stage: Stage) -> None:
    model = stage.models[1]
    answer = stage.send(modelId=model["model_id"])
    assert answer.status == 201
    listed = stage.get(by_id(model["model_id"], "/aliases"))["aliases"]
    assert [(alias["alias"], alias["description"]) for alias in listed] == [("gpt4", "Shorthand for GPT-4o")]
    stage.workbench.admin.must("PUT", f"/api/admin/models/{model['id']}", {"visible": True})
    assert stage.get("/api/admin/resolve?name=gpt4")["model"]["id"] == model["id"]


def deletes_an_alias(stage: Stage) -> None:
    model = stage.models[1]["model_id"]
    stage.workbench.alias(model, "gone/soon")
    stage.workbench.alias(model, "stays")
    assert stage.send(modelId=model, alias="gone/soon").status == 204
    assert [alias["alias"] for alias in stage.get(by_id(model, "/aliases"))["aliases"]] == ["stays"]
    assert stage.send(modelId=model, alias="gone/soon").status == 404


def imports_aliases(stage: Stage) -> None:
    for item in stage.body["aliases"]:
        stage.workbench.model(1, item["model_id"])
    answer = stage.send()
    assert answer.status == 200
    stored = {alias["alias"]: alias["model_id"] for alias in stage.get("/api/admin/aliases")["aliases"]}
    assert stored == {item["alias"]: item["model_id"] for item in stage.body["aliases"]}
    again = stage.send()
    assert (again.status, again.json["unchanged"], again.json["change_id"]) == (200, 2, None)


def proves_the_connection(stage: Stage) -> None:
    model = stage.models[1]["model_id"]
    answer = stage.send(modelId=model)
    assert answer.status == 200
    assert answer.json["passed"] is True
    assert answer.json["stage"] is None
    assert answer.json["http_status"] == 200
    assert 15 <= answer.json["ttft_ms"] <= answer.json["latency_ms"] < 5000
    kept = stage.get(by_id(model, "/test-results"))
    assert kept["latest"]["connection"]["result"] == answer.json
    shown = stage.get(by_id(model))
    assert (shown["status"], shown["last_test"]["passed"]) == ("ok", True)


def benchmarks(stage: Stage) -> None:
    model = stage.models[1]["model_id"]
    answer = stage.send(modelId=model)
    assert answer.status == 200
    report = answer.json
    assert (report["requests"], report["succeeded"], report["failed"]) == (20, 20, 0)
    assert report["usage"]["completion_tokens"] == 20 * 8
    assert report["response_time_ms"]["p50"] > report["ttft_ms"]["p50"] >= 15
    assert report["throughput"]["output_tokens_per_s"] > 0
    assert stage.get(answer.headers["location"])["report"]["usage"] == report["usage"]
    assert stage.get(by_id(model))["last_benchmark"]["run_id"] == report["run_id"]


EFFECTS: dict[str, Callable[[Stage], None]] = {
    "GET /api/admin/models": lists_models,
    "POST /api/admin/models": creates_a_model,
    "PUT /api/admin/models/by-id": updates_a_model,
    "PUT /api/admin/models/bulk/agents-enabled": sets_a_flag("agents_enabled", True),
    "PUT /api/admin/models/bulk/visibility": sets_a_flag("visible", False),
    "GET /api/admin/models/by-id/aliases": lists_aliases,
    "POST /api/admin/models/by-id/aliases": creates_an_alias,
    "DELETE /api/admin/models/by-id/aliases": deletes_an_alias,
    "POST /api/admin/models/import-aliases": imports_aliases,
    "POST /api/admin/models/by-id/test/connection": proves_the_connection,
    "POST /api/admin/models/by-id/benchmark": benchmarks,
}


def test_every_request_has_its_effect_checked() -> None:
    assert {parsed(block).name for block in BLOCKS} == set(EFFECTS)


@pytest.mark.parametrize("stage", [parsed(block) for block in BLOCKS], ids=lambda request: request.name, indirect=True)
def test_the_request_works_as_printed(stage: Stage) -> None:
    EFFECTS[stage.request.name](stage)
