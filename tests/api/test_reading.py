"""Reading what was written: a revision waited for, pages, versions."""

import re
import threading
import time

import pytest

from model_lineup.api import dependencies
from tests.fakes.asgi import InProcess
from tests.fakes.server import Answer, Server, Workbench, by_id


def test_a_read_waits_for_a_revision(server: Server, workbench: Workbench) -> None:
    made = workbench.model()
    path = f"/api/admin/models/{made['id']}?wait_revision="
    assert workbench.admin.get(f"{path}{made['revision']}").status == 200
    waiting: list[Answer] = []
    reader = server.client(workbench.admin.token)
    thread = threading.Thread(target=lambda: waiting.append(reader.get(f"{path}{made['revision'] + 1}")))
    thread.start()
    time.sleep(0.2)
    assert not waiting
    workbench.admin.must("PUT", f"/api/admin/models/{made['id']}", {"visible": True})
    thread.join()
    assert (waiting[0].status, waiting[0].json["visible"]) == (200, True)


@pytest.mark.parametrize("kind", ["sqlite"])
def test_nobody_waits_for_a_revision_for_ever(admin: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dependencies, "WAIT_S", 0.1)
    late = admin.call("GET", "/api/admin/models?wait_revision=1000")
    assert (late.status, late.code) == (504, "wait_timeout")


FOLLOWING = [
    "/api/admin/models",
    "/api/admin/models.ndjson",
    "/api/admin/aliases",
    "/api/admin/resolve?name=any",
    "/api/admin/providers",
    "/api/admin/people",
    "/api/admin/keys",
    "/api/me/keys",
    "/api/admin/changes",
]


@pytest.mark.parametrize("path", FOLLOWING)
def test_every_read_of_the_configuration_waits_for_a_revision(server: Server, workbench: Workbench, path: str) -> None:
    revision = workbench.model()["revision"]
    joined = f"{path}{'&' if '?' in path else '?'}wait_revision="
    assert workbench.admin.get(f"{joined}{revision}").status == 200
    assert workbench.admin.get(f"{joined}-1").status == 422
    began = time.monotonic()
    assert server.client().get(f"{joined}{revision + 1_000}").status == 401
    assert time.monotonic() - began < 4, "nobody waits for whom nobody knows"


def test_pages_are_linked(workbench: Workbench) -> None:
    provider = workbench.provider()["id"]
    made = [workbench.model(provider)["id"] for _ in range(7)]
    seen: list[int] = []
    path: str | None = f"/api/admin/models?provider_id={provider}&limit=3&sort=-id"
    while path is not None:
        answer = workbench.admin.get(path)
        seen += [model["id"] for model in answer.json["models"]]
        found = re.search(r'<([^>]+)>; rel="next"', answer.headers["link"])
        path = found[1] if found else None
    assert seen == made[::-1]
    assert 'rel="prev"' in answer.headers["link"]
    assert 'rel="first"' in answer.headers["link"]


def test_an_older_version_is_refused_with_the_current_state(workbench: Workbench) -> None:
    made = workbench.model()
    path = f"/api/admin/models/{made['id']}"
    first = workbench.admin.get(path).headers["etag"]
    second = workbench.admin.put(path, {"description": "one"}, headers={"if-match": first})
    assert second.status == 200
    refused = workbench.admin.put(path, {"description": "two"}, headers={"if-match": first})
    assert (refused.status, refused.code) == (412, "version_mismatch")
    current = workbench.admin.must("GET", path)
    assert refused.json["current"] == current
    assert current["description"] == "one"
    for tag in (second.headers["etag"], f"W/{second.headers['etag']}", f'"x", {second.headers["etag"]}', "*"):
        assert workbench.admin.put(path, {"description": "one"}, headers={"if-match": tag}).status == 200
    assert workbench.admin.delete(path, headers={"if-match": first}).status == 412
    unreadable = workbench.admin.put(path, {"description": "three"}, headers={"if-match": '"no tag of ours"'})
    assert unreadable.status == 412
    assert "which If-Match does not name" in unreadable.json["detail"]
    assert "-1" not in unreadable.json["detail"]
    for wrong in ("", '""', "1", f'"{made["id"] + 1}-1"', '"' + "9" * 40 + '-1"'):
        assert workbench.admin.put(path, {"description": "three"}, headers={"if-match": wrong}).status == 412
    by_name = by_id(made["model_id"], provider_id=made["provider_id"])
    assert workbench.admin.delete(by_name, headers={"if-match": second.headers["etag"]}).status == 204
