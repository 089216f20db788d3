"""Providers and Lineup leave each other alone: nobody is asked unasked, and one that hangs holds nobody up."""

import threading
import time
from collections.abc import Iterator

import pytest

from tests.fakes.paced import Paced, paced
from tests.fakes.provider import fake_provider
from tests.fakes.server import Server, Workbench, by_id

LISTS = ("/api/admin/models", "/api/admin/providers", "/api/admin/aliases", "/api/admin/runs", "/api/models", "/readyz")


def test_nobody_is_asked_who_was_not_asked_for(server: Server, workbench: Workbench) -> None:
    """Adding, showing, listing, resolving, time that goes by: a provider that is paid by the request hears nothing."""
    with fake_provider() as provider:
        made = workbench.provider(provider.base_url, api_key="sk-idle-0123456789")
        model = workbench.model(made["id"], visible=True, agents_enabled=True)
        workbench.alias(model["model_id"], workbench.name("idle"))
        user = server.client(workbench.key("user")["key"])
        for path in LISTS:
            assert workbench.admin.get(path).status == 200
        assert user.get("/v1/models").status == 200
        assert user.get(f"/v1/models/{model['model_id']}").status == 200
        workbench.admin.must("GET", f"/api/admin/resolve?name={model['model_id']}")
        workbench.admin.must("PUT", by_id(model["model_id"]), {"description": "still nobody"})
        time.sleep(1.0)  # longer than any beat of what runs beside the requests
        assert provider.requests == []


@pytest.fixture
def hanging() -> Iterator[Paced]:
    with paced("--fault", "hang") as running:
        yield running


def test_a_provider_that_hangs_holds_no_list_up(server: Server, workbench: Workbench, hanging: Paced) -> None:
    """Six are being tested, and none answers; every list comes as if they were not there."""
    made = workbench.provider(hanging.base_url, timeouts={"test_s": 4})
    models = [workbench.model(made["id"])["model_id"] for _ in range(6)]
    ended: list[int] = []

    def test_one(model: str) -> None:
        answer = server.client(workbench.admin.token).post(by_id(model, "/test/connection"))
        ended.append(answer.json["passed"])

    threads = [threading.Thread(target=test_one, args=(model,)) for model in models]
    for thread in threads:
        thread.start()
    client = server.client(workbench.admin.token)
    times: list[float] = []
    for path in LISTS * 4:
        began = time.monotonic()
        assert client.get(path).status == 200
        times.append(time.monotonic() - began)
    assert ended == [], "the lists were asked while all of them hung"
    for thread in threads:
        thread.join()
    assert ended == [False] * 6
    times.sort()
    assert times[len(times) // 2] < 0.1
