"""Providers that misbehave, met over HTTP by a real server: never our own error, and exactly the requests asked for."""

from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from tests.fakes.counts import HARD
from tests.fakes.faults import Faults
from tests.fakes.server import Server, Workbench

FETCHED = {
    "redirect-temporary": ("protocol", 1),
    "list-pages-repeat": ("protocol", 2),
    "retry-after-seconds": ("quota", 1),
    "tls-wrong-host": ("tls", 0),
    "silent": ("timeout", 1),
}
MEASURED = (
    "retry-after-seconds",
    *(("silent", "stream-cut-in-order", "endless-body", "model-swapped") if HARD else ()),
)
PLAN = {"requests": 2, "warmup": 0, "max_tokens": 16, "time_limit_s": 3}


@pytest.fixture
def providers(workbench: Workbench, faults: Faults) -> Iterator[Any]:
    """Adds a provider with one model for a case; they are gone afterwards."""
    made = []

    def add(case: str, what: Any) -> tuple[int, str]:
        fields = faults.one(case).fields("openai", what)
        body = {"name": f"Fault {case} {what}", "type": "openai", "api_key": "sk-canary-journey", **fields}
        provider = workbench.admin.must("POST", "/api/admin/providers", body)["id"]
        made.append(provider)
        workbench.admin.must("POST", "/api/admin/models", {"provider_id": provider, "model_id": "drill"})
        return provider, f"model_id=drill&provider_id={provider}"

    yield add
    for provider in made:
        workbench.admin.delete(f"/api/admin/providers/{provider}?force=true")


@pytest.mark.hard
def test_a_fetch_tells_the_stage_and_nothing_more_is_asked(
    workbench: Workbench, faults: Faults, providers: Any
) -> None:
    for case, (stage, asked) in FETCHED.items():
        provider, _ = providers(case, "list")
        faults.forget()
        answer = workbench.admin.post(f"/api/admin/providers/{provider}/fetch")
        assert (answer.status, answer.code, answer.json["stage"]) == (502, "upstream_failed", stage), case
        stats = faults.stats()
        assert (stats["asked"].get(case, 0), stats["baited"]) == (asked, []), case
        assert b"sk-canary" not in answer.body
    assert answer.json["reason"] == "timeout"


@pytest.mark.hard
def test_tests_and_benchmarks_tell_what_it_was_and_leave_no_process(
    server: Server, workbench: Workbench, faults: Faults, providers: Any
) -> None:
    assert server.process is not None
    process = psutil.Process(server.process.pid)
    children = {child.pid for child in process.children(recursive=True)}
    for case in MEASURED:
        _, query = providers(case, "test")
        tested = workbench.admin.post(f"/api/admin/models/by-id/test/connection?{query}")
        expected = faults.one(case).expected["test"]
        assert tested.status == 200
        assert (tested.json["stage"] or "passes") == expected.partition("/")[0], case
        measured = workbench.admin.post(f"/api/admin/models/by-id/benchmark?{query}", PLAN)
        assert measured.status in (200, 502), (case, measured)
        report = measured.json if measured.status == 200 else measured.json["report"]
        assert report["succeeded"] == (2 if expected == "passes" else 0), case
        assert tested.json["retry_after_s"] == report["retry_after_s"] == (7 if case.startswith("retry") else None)
    assert {child.pid for child in process.children(recursive=True)} <= children
    if HARD:
        assert faults.none_is_open(within_s=8), "a connection outlived the 4 s that an idle one is kept"
