"""Two servers on one data directory."""

import threading
from pathlib import Path
from typing import Any

from tests.fakes.server import PASSWORD, Server, Workbench, running_server


def test_two_processes_on_one_data_directory_see_each_others_writes(tmp_path: Path) -> None:
    with running_server(tmp_path) as one, Server(tmp_path / "data") as two:
        first, second = Workbench(one.admin()), two.admin()
        model = first.model(visible=True)
        first.alias(model["model_id"], "shared")
        for visible in (False, True) * 6:
            first.admin.must("PUT", f"/api/admin/models/{model['id']}", {"visible": visible})
            assert second.must("GET", f"/api/admin/models/{model['id']}")["visible"] is visible
            assert second.must("GET", "/api/admin/resolve?name=shared")["status"] == (200 if visible else 404)
        key = first.key("admin")["key"]
        assert two.client(key).get("/api/admin/me").status == 200
        assert second.get("/api/admin/models").status == 200
        first.admin.must("POST", "/api/auth/logout")
        assert two.client(first.admin.token).get("/api/admin/me").status == 401
        racing(one, two, model["id"])
        guessing(one, two)


def racing(one: Server, two: Server, row: int) -> None:
    """Writers in two processes that read, change and write with If-Match: no change is lost."""
    outcomes: list[int] = []

    def write(server: Server) -> None:
        client, done = server.admin(), 0
        while done < 8:
            read = client.get(f"/api/admin/models/{row}")
            count = int(read.json["description"] or 0)
            body: dict[str, Any] = {"description": str(count + 1)}
            answer = client.put(f"/api/admin/models/{row}", body, headers={"if-match": read.headers["etag"]})
            assert answer.status in (200, 412, 503), answer
            outcomes.append(answer.status)
            done += answer.status == 200

    threads = [threading.Thread(target=write, args=(server,)) for server in (one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(200) == 16
    assert one.admin().must("GET", f"/api/admin/models/{row}")["description"] == "16"


def guessing(one: Server, two: Server) -> None:
    """Whoever goes from one process to the other has no more guesses; whoever is in stays in."""
    admin, body = two.admin(), {"email": "admin@example.com", "password": "a wrong password"}
    answers = [server.client().post("/api/auth/login", body) for server in (one, two, one, two, one, two)]
    assert [answer.status for answer in answers] == [401] * 5 + [429]
    assert answers[5].code == "sign_in_throttled"
    assert 1 <= int(answers[5].headers["retry-after"]) <= 30
    right = {"email": "admin@example.com", "password": PASSWORD}
    told = one.client().post("/api/auth/login", right, headers={"x-forwarded-for": "203.0.113.9"})
    assert told.status == 429, "nobody is trusted to speak for others"
    assert admin.get("/api/admin/me").status == 200
    entries = admin.must("GET", "/api/admin/security-log?event=sign_in_failed")["entries"]
    assert [(entry["actor"], entry["address"]) for entry in entries] == [("admin@example.com", "127.0.0.1")] * 5
