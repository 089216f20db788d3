"""Three servers on one data directory: what one of them was told holds on the next request at each of them, and of
administrators who race for one row, as many win as there are new versions."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.counts import SEED, count
from tests.fakes.replicas import replicas
from tests.fakes.server import Client, Server, Workbench, by_id

SERVERS = 3
MODELS = "/api/admin/models"


@pytest.fixture
def clients(tmp_path: Path) -> Iterator[list[Client]]:
    """An administrator at each of the servers."""
    with ExitStack() as stack:
        folder = tmp_path / "data"
        servers = [
            stack.enter_context(Server(folder, access_token_minutes=1440, log_level="warning")) for _ in range(SERVERS)
        ]
        token = servers[0].sign_in()
        yield [server.client(token) for server in servers]


@pytest.fixture(params=count(["sqlite"], ["sqlite", "postgresql"]))
def administrators(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Client]]:
    """One at each of the servers, on either database."""
    if request.param == "sqlite":
        yield request.getfixturevalue("clients")
        return
    with replicas(tmp_path, request.getfixturevalue("postgres_url"), SERVERS) as them:
        yield [replica.admin for replica in them]


def answers(client: Client, name: str) -> int | None:
    """The row that answers a user who says this name, as this server sees it."""
    model = client.must("GET", f"/api/admin/resolve?name={name}&as=user")["model"]
    return None if model is None else int(model["id"])


@pytest.mark.hard
@pytest.mark.timeout(900)
def test_a_change_holds_on_the_next_request_at_every_server(clients: list[Client], did: Callable[[str], None]) -> None:
    rng, flips = random.Random(SEED), count(8, 300)
    bench = Workbench(clients[0])
    provider = bench.provider()["id"]
    row = bench.model(provider, "gpt", visible=True)["id"]
    other = bench.model(provider, "mini", visible=True)["id"]
    bench.alias("gpt", "fast")
    stale = looks = 0
    for turn in range(flips):
        here, *elsewhere = rng.sample(clients, SERVERS)
        what = turn % 4
        if what == 0:
            here.must("PUT", f"{MODELS}/{row}?confirm=true", {"visible": False})
            expected: dict[str, int | None] = {"gpt": None, "fast": None}
        elif what == 1:
            here.must("PUT", f"{MODELS}/{row}?confirm=true", {"visible": True})
            here.must("PUT", by_id("gpt", "/aliases", alias="fast", confirm="true"), {"id": other})
            expected = {"gpt": row, "fast": other}
        elif what == 2:
            here.must("PUT", f"/api/admin/providers/{provider}/toggle?confirm=true", {"enabled": False})
            expected = {"gpt": None, "fast": None}
        else:
            here.must("PUT", f"/api/admin/providers/{provider}/toggle?confirm=true", {"enabled": True})
            here.must("PUT", by_id("mini", "/aliases", alias="fast", confirm="true"), {"id": row})
            expected = {"gpt": row, "fast": row}
        for client in elsewhere:
            for name, wanted in expected.items():
                looks += 1
                stale += answers(client, name) != wanted
    assert stale == 0
    did(f"{flips} changes at one of {SERVERS} servers, {looks} names asked at the others right after: none stale")


@pytest.mark.hard
@pytest.mark.timeout(900)
def test_of_racing_updates_as_many_win_as_there_are_versions(
    administrators: list[Client], did: Callable[[str], None]
) -> None:
    model: dict[str, Any] = Workbench(administrators[0]).model()
    tries, won, lost = count(20, 1_000), [0, 0], [0, 0]
    strange: list[Any] = []

    def race(number: int) -> None:
        client = administrators[number]
        for turn in range(tries):
            read = client.get(f"{MODELS}/{model['id']}")
            body = {"description": f"{number}-{turn}"}
            answer = client.put(f"{MODELS}/{model['id']}", body, headers={"if-match": read.headers["etag"]})
            if answer.status == 200:
                won[number] += 1
            elif answer.status == 412:
                lost[number] += 1
            elif answer.code != "database_busy":
                strange.append(answer)

    racers = [threading.Thread(target=race, args=(number,)) for number in range(2)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert strange == []
    version = administrators[2].must("GET", f"{MODELS}/{model['id']}")["version"]
    assert version - model["version"] == sum(won) > 0
    did(f"2 × {tries} updates with If-Match at two servers: {sum(won)} won, {sum(lost)} refused, {sum(won)} versions")
