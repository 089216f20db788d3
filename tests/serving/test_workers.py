"""Several workers on one port are one server: whatever was said to one holds in all, and none of them is needed."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.fakes.counts import count, patient
from tests.fakes.paced import Paced, paced
from tests.fakes.provider import delta, event_bytes, fake_provider, stream
from tests.fakes.server import Client, Server, Workbench, by_id, running_server
from tests.fakes.several import one_client_each, workers_of

WORKERS = 3
LONG = {"requests": 10_000, "max_tokens": 4, "warmup": 0}
ASYNC = {"prefer": "respond-async"}


@pytest.fixture(scope="module")
def provider() -> Iterator[Paced]:
    with paced("--ttft-ms", "15", "--gap-ms", "5", "--tokens", "4") as running:
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("workers")
    with running_server(
        folder, workers=WORKERS, access_token_minutes=1440, run_lease_s=2, metrics_token="metrics-token-for-tests"
    ) as server:
        yield server


@pytest.fixture(scope="module")
def workbench(server: Server) -> Workbench:
    return Workbench(server.admin())


@pytest.fixture
def clients(server: Server, workbench: Workbench) -> list[Client]:
    """One for each worker."""
    return list(one_client_each(server, WORKERS, workbench.admin.token).values())


def metrics(client: Client) -> dict[tuple[str, str], float]:
    """Samples by name and worker."""
    text = client.get("/metrics", headers={"authorization": "Bearer metrics-token-for-tests"}).body.decode()
    return {
        (sample.name, sample.labels.get("worker", "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def until(holds: Callable[[], bool], within_s: float = 60) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_withdrawing_a_model_with_terminate_ends_what_runs_at_every_worker(
    clients: list[Client], workbench: Workbench
) -> None:
    with fake_provider() as endless:
        endless.answer("/chat/completions", stream([event_bytes(delta("Hi")), 3600.0]))
        model = workbench.model(workbench.provider(endless.base_url)["id"], visible=True)
        key = workbench.key("user")["key"]
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        body = json.dumps({"model": model["model_id"], "stream": True, "messages": []})
        answers = []
        for client in clients:
            client.connection.request("POST", "/v1/chat/completions", body, headers)
            answers.append(client.connection.getresponse())
            assert b"Hi" in answers[-1].read1(65536)
        workbench.admin.must("PUT", f"/api/admin/models/{model['id']}?terminate=true", {"visible": False})
        began = time.monotonic()
        for answer in answers:
            assert b'"model_withdrawn"' in answer.read()
        assert time.monotonic() - began < patient(5)


@pytest.mark.hard
def test_a_change_holds_for_the_next_request_of_every_worker(clients: list[Client], workbench: Workbench) -> None:
    model = workbench.model(visible=True)
    asked = stale = 0
    for turn in range(count(30, 300)):
        visible = bool(turn % 2)
        clients[turn % WORKERS].must("PUT", f"/api/admin/models/{model['id']}", {"visible": visible})
        for step in range(count(WORKERS, 2)):
            found = clients[(turn + step + 1) % WORKERS].must("GET", f"/api/admin/resolve?name={model['model_id']}")
            asked += 1
            stale += found["status"] != (200 if visible else 404)
    assert (asked >= count(90, 600), stale) == (True, 0)


def test_what_is_revoked_is_revoked_in_every_worker(
    server: Server, clients: list[Client], workbench: Workbench
) -> None:
    key = workbench.key("admin")
    _, token = workbench.person("admin")
    ways: list[tuple[str, Callable[[], object]]] = [
        (key["key"], lambda: clients[0].must("DELETE", f"/api/admin/keys/{key['id']}")),
        (token, lambda: server.client(token).must("POST", "/api/auth/logout")),
    ]
    for credential, revoke in ways:
        headers = {"authorization": f"Bearer {credential}"}
        assert [client.get("/api/admin/me", headers=headers).status for client in clients] == [200] * WORKERS
        revoke()
        assert [client.get("/api/admin/me", headers=headers).status for client in clients] == [401] * WORKERS


def test_a_run_is_started_followed_and_cancelled_in_three_workers(
    clients: list[Client], workbench: Workbench, provider: Paced
) -> None:
    starts, follows, cancels = clients
    place = workbench.provider(provider.base_url)["id"]
    models = [workbench.model(place)["model_id"] for _ in range(WORKERS)]
    answers: list[Any] = [None] * WORKERS

    def start(n: int) -> None:
        answers[n] = clients[n].post(by_id(models[n], "/benchmark"), LONG, headers=ASYNC)

    threads = [threading.Thread(target=start, args=(n,)) for n in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers) == [202, 202, 429]  # runs_at_once is of all workers
    runs = [answer.json["id"] for answer in answers if answer.status == 202]
    busy = models[answers.index(next(answer for answer in answers if answer.status == 202))]
    again = [client.post(by_id(busy, "/benchmark"), LONG, headers=ASYNC) for client in clients]
    assert [(answer.status, answer.code) for answer in again] == [(409, "run_in_progress")] * WORKERS

    until(lambda: starts.must("GET", f"/api/admin/runs/{runs[0]}")["progress"] >= 5)
    for run in runs:
        cancels.must("DELETE", f"/api/admin/runs/{run}")
    heard = follows.get(f"/api/admin/runs/{runs[0]}/events").body.decode()
    rest = cancels.get(f"/api/admin/runs/{runs[0]}/events", headers={"last-event-id": "3"}).body.decode()
    assert heard.endswith(rest)
    assert rest.startswith("id: 4\n")
    assert heard.strip().splitlines()[-2] == "event: cancelled"
    until(lambda: {starts.must("GET", f"/api/admin/runs/{run}")["state"] for run in runs} == {"cancelled"})


def test_a_worker_that_dies_is_replaced_and_its_run_is_interrupted(
    server: Server, workbench: Workbench, provider: Paced
) -> None:
    by_worker = one_client_each(server, WORKERS, workbench.admin.token)
    (victim, starts), (_, asked), _ = by_worker.items()
    before = metrics(asked)
    assert {before["lineup_worker_pid", str(n)] for n in range(WORKERS)} == set(by_worker)
    assert all(before["lineup_snapshot_revision", str(n)] >= 0 for n in range(WORKERS))
    number = next(n for n in range(WORKERS) if before["lineup_worker_pid", str(n)] == victim)
    model = workbench.model(workbench.provider(provider.base_url)["id"])["model_id"]
    run = starts.must("POST", by_id(model, "/benchmark"), LONG, headers=ASYNC)["id"]
    until(lambda: asked.must("GET", f"/api/admin/runs/{run}")["progress"] >= 5)
    measuring = psutil.Process(victim).children()
    psutil.Process(victim).kill()
    until(lambda: ("lineup_worker_pid", str(number)) not in metrics(asked))
    until(lambda: asked.must("GET", f"/api/admin/runs/{run}")["state"] == "interrupted")
    assert asked.must("GET", f"/api/admin/runs/{run}")["report"]["succeeded"] >= 5
    assert not psutil.wait_procs(measuring, timeout=60)[1]
    until(lambda: metrics(asked).get(("lineup_worker_pid", str(number)), victim) != victim)
    assert len(one_client_each(server, WORKERS)) == WORKERS
    name = ("lineup_event_loop_lag_seconds_count", "")
    assert metrics(asked)[name] > before[name]
    assert '"event": "worker died"' in server.log


def test_secrets_reach_a_worker_through_a_pipe_alone(server: Server) -> None:
    for worker in workers_of(server):
        assert [name for name in worker.environ() if name.startswith("LINEUP_")] == []
        assert len(worker.cmdline()) == 4


def test_killing_the_supervisor_leaves_no_orphans_and_ending_it_leaves_whole_files(server: Server) -> None:
    """The last test of this server."""
    orphans = workers_of(server)
    assert len(orphans) == WORKERS
    server.settings["port"] = server.port
    server.kill()
    assert not psutil.wait_procs(orphans, timeout=60)[1]
    server.start()  # nobody holds the port any more
    assert len(list(server.data_dir.glob("metrics-*"))) == 1  # the killed one's are gone
    for client in one_client_each(server, WORKERS, server.sign_in()).values():
        assert client.get("/api/admin/models").status == 200
    code, took_s = server.terminate()
    assert (code, took_s < patient(10)) == (0, True)
    assert [path.name for path in server.data_dir.iterdir() if path.name.endswith("-wal")] == []
    assert list(server.data_dir.glob("metrics-*")) == []
