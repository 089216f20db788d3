"""Requests that are sent again after `kill -9`: each is carried out once, whenever the server died."""

import http.client
import random
import threading
import time
from pathlib import Path

import pytest

from tests.fakes.counts import count
from tests.fakes.server import Answer, Server, Workbench, running_server


@pytest.mark.hard
@pytest.mark.timeout(900)
def test_nothing_is_done_twice_whenever_the_server_dies(tmp_path: Path) -> None:
    luck = random.Random(7)
    with running_server(tmp_path, idempotency_lease_s=3) as server:
        provider = Workbench(server.admin()).provider()["id"]
        for turn in range(count(1, 40)):
            sent = {
                f"{turn}-{number}": {"provider_id": provider, "model_id": f"m-{turn}-{number}"} for number in range(60)
            }
            answered = send_until_killed(server, sent, after_s=luck.uniform(0.01, 0.2))
            server.start()
            again = send_again(server, sent)
            assert {answer.status for answer in again.values()} <= {201, 409}
            for key, answer in again.items():
                assert answer.status == 201 or answer.code == "idempotency_answer_lost", answer
                assert answer.status == 201 or key not in answered
                assert key not in answered or answer.body == answered[key].body
            made = server.admin().must("GET", f"/api/admin/models?q=m-{turn}-&limit=1000")
            assert sorted(model["model_id"] for model in made["models"]) == sorted(
                body["model_id"] for body in sent.values()
            )


def send_until_killed(server: Server, sent: dict[str, dict[str, object]], *, after_s: float) -> dict[str, Answer]:
    """Answers that came; the server dies at any moment of one of the requests."""
    client, answered = server.admin(), {}
    killer = threading.Timer(after_s, lambda: server.process is not None and server.process.kill())
    killer.start()
    try:
        for key, body in sent.items():
            answer = client.post("/api/admin/models", body, headers={"idempotency-key": key})
            assert answer.status == 201, answer
            answered[key] = answer
    except (OSError, http.client.HTTPException):
        pass
    finally:
        killer.join()
        server.kill()
    return answered


def send_again(server: Server, sent: dict[str, dict[str, object]]) -> dict[str, Answer]:
    """Until each has a final answer."""
    client, answered = server.admin(), {}
    for key, body in sent.items():
        for _ in range(100):
            answer = client.post("/api/admin/models", body, headers={"idempotency-key": key})
            if answer.code != "idempotency_in_progress":
                break
            time.sleep(0.1)
        answered[key] = answer
    return answered
