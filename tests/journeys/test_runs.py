"""A benchmark's life as its callers see it: started, followed, left, cancelled, interrupted; no sample is lost."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.fakes.counts import patient
from tests.fakes.paced import Paced, paced
from tests.fakes.server import Client, Server, Workbench, by_id, running_server

LONG = {"requests": 10_000, "max_tokens": 4, "warmup": 0}
ASYNC = {"prefer": "respond-async"}


@dataclass(frozen=True)
class Event:
    seq: int
    kind: str
    data: Any


@dataclass
class Track:
    """A server, a provider that answers within 30 ms, and models to benchmark."""

    server: Server
    workbench: Workbench
    provider: int

    @property
    def admin(self) -> Client:
        return self.workbench.admin

    def model(self) -> str:
        return str(self.workbench.model(self.provider)["model_id"])

    def start(self, model: str, **plan: Any) -> dict[str, Any]:
        """A run in the background."""
        answer = self.admin.post(by_id(model, "/benchmark"), {**LONG, **plan}, headers=ASYNC)
        assert answer.status == 202, answer
        run: dict[str, Any] = answer.json
        return run

    def run(self, run_id: int) -> dict[str, Any]:
        found: dict[str, Any] = self.admin.must("GET", f"/api/admin/runs/{run_id}")
        return found

    def until(self, run_id: int, within_s: float = 60, **wanted: Any) -> dict[str, Any]:
        """The run as soon as these fields have these values; `progress` is a least value."""
        deadline = time.monotonic() + within_s
        while True:
            run = self.run(run_id)
            if all(run[name] >= value if name == "progress" else run[name] == value for name, value in wanted.items()):
                return run
            assert time.monotonic() < deadline, run
            time.sleep(0.05)

    def events(self, run_id: int, after: int | None = None) -> list[Event]:
        """Everything until the stream ends."""
        headers = {} if after is None else {"last-event-id": str(after)}
        answer = self.server.client(self.admin.token).get(f"/api/admin/runs/{run_id}/events", headers=headers)
        assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        return [_event(block) for block in answer.body.decode().split("\n\n") if block.startswith("id: ")]


def _event(block: str) -> Event:
    fields = dict(line.split(": ", 1) for line in block.splitlines())
    return Event(int(fields["id"]), fields["event"], json.loads(fields["data"]))


@pytest.fixture(scope="module")
def provider() -> Iterator[Paced]:
    with paced("--ttft-ms", "15", "--gap-ms", "5", "--tokens", "4") as running:
        yield running


@pytest.fixture(scope="module")
def track(tmp_path_factory: pytest.TempPathFactory, provider: Paced) -> Iterator[Track]:
    folder = tmp_path_factory.mktemp("track")
    with running_server(folder, access_token_minutes=1440, runs_at_once=3) as server:
        workbench = Workbench(server.admin())
        yield Track(server, workbench, workbench.provider(provider.base_url)["id"])


@pytest.fixture
def own_track(tmp_path: Path, provider: Paced) -> Iterator[Track]:
    """One whose server may be ended."""
    with running_server(tmp_path, access_token_minutes=1440, run_lease_s=2, drain_s=5) as server:
        workbench = Workbench(server.admin())
        yield Track(server, workbench, workbench.provider(provider.base_url)["id"])


def agree(events: list[Event], report: dict[str, Any]) -> None:
    """The samples that were written down one by one are those that the report is made of."""
    samples = [event.data for event in events if event.kind == "sample"]
    measured = [one for one in samples if one["number"] >= 0 and not one["unfinished"]]
    good = [one for one in measured if one["failure"] is None]
    assert report["requests"] == len(measured)
    assert report["succeeded"] == len(good)
    assert report["usage"]["completion_tokens"] == (sum(one["completion_tokens"] for one in good) or None)
    assert report["ttft_ms"]["n"] == len(good)
    assert report["ttft_ms"]["max"] == max(one["ttft_ms"] for one in good)
    assert report["itl_ms"]["n"] == sum(len(one["itl_ms"]) for one in good)


def test_a_run_in_the_background_is_followed_to_its_report(track: Track) -> None:
    model = track.model()
    answer = track.admin.post(by_id(model, "/benchmark"), {"requests": 25, "max_tokens": 4}, headers=ASYNC)
    assert answer.status == 202
    assert answer.headers["preference-applied"] == "respond-async"
    assert answer.headers["location"] == f"/api/admin/runs/{answer.json['id']}"
    events = track.events(answer.json["id"])
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert [event.kind for event in events] == ["started", *["sample"] * 26, "finished"]
    run = track.run(answer.json["id"])
    assert (run["state"], run["error"], run["report"]) == ("finished", None, events[-1].data)
    assert (run["report"]["requests"], run["report"]["warmup"]["requests"]) == (25, 1)
    agree(events, run["report"])
    for after in (0, 1, 13, 27, 28, 10**6):
        assert track.events(run["id"], after) == events[after:]
    listed = track.admin.must("GET", f"/api/admin/runs?model={run['model']}&state=finished")
    assert [one["id"] for one in listed["runs"]] == [run["id"]]


def test_a_follower_that_comes_back_goes_on_where_it_was(track: Track) -> None:
    run = track.start(track.model())
    track.until(run["id"], progress=10)
    path = f"/api/admin/runs/{run['id']}/events"
    head = f"GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {track.admin.token}\r\n\r\n"
    with track.server.raw(head.encode()) as connection:
        first = connection.recv(65536).decode()
        while "id: 6\n" not in first:
            first += connection.recv(65536).decode()
    track.admin.must("DELETE", f"/api/admin/runs/{run['id']}")
    rest = track.events(run["id"], after=5)
    assert [event.seq for event in rest] == list(range(6, len(rest) + 6))
    assert rest[-1].kind == "cancelled"


def test_what_last_event_id_may_be(track: Track) -> None:
    run = track.start(track.model(), requests=1)
    for wrong in ("x", "-1", "1.5", "", "9" * 30):
        headers = {"last-event-id": wrong}
        answer = track.admin.get(f"/api/admin/runs/{run['id']}/events", headers=headers)
        assert (answer.status, answer.code) == (422, "invalid_input")
    assert track.admin.get("/api/admin/runs/999999/events").status == 404


def test_a_cancelled_run_keeps_what_it_measured(track: Track) -> None:
    run = track.start(track.model(), concurrency=2)
    track.until(run["id"], progress=5)
    began = time.monotonic()
    assert track.admin.delete(f"/api/admin/runs/{run['id']}").status == 202
    ended = track.until(run["id"], state="cancelled")
    assert time.monotonic() - began < patient(5)
    assert ended["report"]["stopped"] == "cancelled"
    assert ended["report"]["succeeded"] >= 5
    agree(track.events(run["id"]), ended["report"])
    again = track.admin.delete(f"/api/admin/runs/{run['id']}")
    assert (again.status, again.json) == (200, ended), "it is over already, and is shown as it is"


def test_a_run_ends_when_its_model_is_hidden_or_deleted(track: Track) -> None:
    model = track.workbench.model(track.provider, visible=True)
    gone = track.model()
    runs = [track.start(name) for name in (model["model_id"], gone)]
    for run in runs:
        track.until(run["id"], progress=5)
    track.admin.must("PUT", by_id(model["model_id"]), {"visible": False})
    track.admin.must("DELETE", by_id(gone))
    began = time.monotonic()
    ended = [track.until(run["id"], state="cancelled") for run in runs]
    assert time.monotonic() - began < patient(5)
    assert [run["error"] for run in ended] == ["model_hidden", "model_deleted"]
    for run in ended:
        assert run["message"]
        assert run["report"]["stopped"] == "cancelled"
        agree(track.events(run["id"]), run["report"])


def test_asking_for_the_head_of_the_events_does_not_wait_for_the_end(track: Track) -> None:
    run = track.start(track.model())
    began = time.monotonic()
    answer = track.server.client(track.admin.token).call("HEAD", f"/api/admin/runs/{run['id']}/events")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert track.run(run["id"])["state"] == "running"
    assert time.monotonic() - began < patient(5)
    track.admin.must("DELETE", f"/api/admin/runs/{run['id']}")
    track.until(run["id"], state="cancelled")


def test_a_second_run_of_a_model_is_refused_naming_the_first(track: Track) -> None:
    model, other = track.model(), track.model()
    run = track.start(model)
    answer = track.admin.post(by_id(model, "/benchmark"), {"requests": 1})
    assert (answer.status, answer.code, answer.json["run_id"]) == (409, "run_in_progress", run["id"])
    assert track.admin.must("POST", by_id(other, "/benchmark"), {"requests": 1})["succeeded"] == 1
    track.admin.must("DELETE", f"/api/admin/runs/{run['id']}")
    track.until(run["id"], state="cancelled")
    assert track.admin.must("POST", by_id(model, "/benchmark"), {"requests": 1})["succeeded"] == 1


def test_one_server_measures_a_few_models_at_a_time(track: Track) -> None:
    runs = [track.start(track.model()) for _ in range(3)]
    answer = track.admin.post(by_id(track.model(), "/benchmark"), {"requests": 1})
    assert (answer.status, answer.code) == (429, "too_many_requests")
    assert int(answer.headers["retry-after"]) > 0
    for run in runs:
        track.admin.must("DELETE", f"/api/admin/runs/{run['id']}")
        track.until(run["id"], state="cancelled")


def test_a_caller_that_leaves_does_not_end_its_run(track: Track) -> None:
    model = track.model()
    body = json.dumps({"requests": 30, "max_tokens": 4}).encode()
    head = f"POST {by_id(model, '/benchmark')} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {track.admin.token}\r\n"
    framing = f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    row = track.admin.must("GET", by_id(model))["id"]
    with track.server.raw((head + framing).encode() + body):
        while not (runs := track.admin.must("GET", f"/api/admin/runs?model={row}")["runs"]):
            time.sleep(0.02)
    ended = track.until(runs[0]["id"], state="finished")
    assert ended["report"]["succeeded"] == 30


def test_a_deleted_model_ends_its_run(track: Track) -> None:
    model = track.model()
    run = track.start(model)
    track.until(run["id"], progress=3)
    assert track.admin.delete(by_id(model)).status == 204
    assert track.until(run["id"], state="cancelled")["report"]["succeeded"] >= 3


def test_a_long_run_needs_a_caller_who_does_not_wait(track: Track) -> None:
    path, plan = by_id(track.model(), "/benchmark"), {"requests": 1, "time_limit_s": 51}
    answer = track.admin.post(path, plan)
    assert (answer.status, answer.code) == (422, "invalid_input")
    assert "Prefer: respond-async" in answer.json["detail"]
    accepted = track.admin.post(path, plan, headers={"prefer": "wait=5, respond-async"})
    assert accepted.status == 202
    assert track.until(accepted.json["id"], state="finished")["plan"]["time_limit_s"] == 51


def test_a_run_that_measured_nothing_is_the_providers_failure(track: Track) -> None:
    with paced("--fault", "unauthorized") as broken:
        model = track.workbench.model(track.workbench.provider(broken.base_url)["id"])["model_id"]
        answer = track.admin.post(by_id(model, "/benchmark"), {"requests": 5})
    assert (answer.status, answer.code, answer.json["stage"]) == (502, "upstream_failed", "auth")
    run = track.run(answer.json["run_id"])
    assert (run["state"], run["error"], run["report"]) == ("failed", "auth", answer.json["report"])
    assert track.admin.must("GET", by_id(model))["last_benchmark"] is None


def children_of(server: Server) -> list[Any]:
    assert server.process is not None
    return list(psutil.Process(server.process.pid).children(recursive=True))


def gone(processes: list[Any], within_s: float = 60) -> bool:
    return not psutil.wait_procs(processes, timeout=within_s)[1]


def test_a_server_that_ends_keeps_what_was_measured_and_tells_who_waits(own_track: Track) -> None:
    track, model, waited_for = own_track, own_track.model(), own_track.model()
    background = track.start(model)
    waiting = track.server.client(track.admin.token)
    body = json.dumps(LONG)
    headers = {"authorization": f"Bearer {track.admin.token}", "content-type": "application/json"}
    waiting.connection.request("POST", by_id(waited_for, "/benchmark"), body, headers)
    track.until(background["id"], progress=5)
    track.until(background["id"] + 1, progress=5)
    children = children_of(track.server)
    assert len(children) == 2
    code, took_s = track.server.terminate()
    answer = waiting.connection.getresponse()
    report = json.loads(answer.read())
    assert (answer.status, report["state"], report["succeeded"] >= 5) == (200, "interrupted", True)
    assert (code, took_s < patient(5)) == (0, True)
    assert gone(children)
    track.server.start()
    track.workbench.admin = track.server.admin()
    for run_id in (background["id"], report["run_id"]):
        run = track.run(run_id)
        assert (run["state"], run["error"]) == ("interrupted", "interrupted")
        agree(track.events(run_id), run["report"])
    assert track.admin.must("POST", by_id(model, "/benchmark"), {"requests": 2})["succeeded"] == 2


def test_a_server_that_was_killed_leaves_an_interrupted_run_and_no_process(own_track: Track) -> None:
    track, model = own_track, own_track.model()
    run = track.start(model)
    track.until(run["id"], progress=5)
    children = children_of(track.server)
    track.server.kill()
    assert gone(children)
    track.server.start()
    track.workbench.admin = track.server.admin()
    ended = track.until(run["id"], state="interrupted")
    assert ended["report"]["succeeded"] >= 5
    events = track.events(run["id"])
    assert events[-1].kind == "interrupted"
    agree(events, ended["report"])
    assert track.admin.must("POST", by_id(model, "/benchmark"), {"requests": 2})["succeeded"] == 2
