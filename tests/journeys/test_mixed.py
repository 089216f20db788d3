"""A server that does everything at once for long: it ends with the memory, the files, the threads and the sockets that
it had when it was warm.

Reads, writes, bulk changes, imports, refused input, sign-ins and refreshes, connection tests and fetches of providers
that answer and of providers that misbehave (a tenth of all), small benchmarks, and callers that leave before the answer
(a twentieth).
"""

import random
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest

from tests.fakes.counts import count
from tests.fakes.endurance import Operation, World, must_keep_nothing, quick_cases
from tests.fakes.faults import running_faults
from tests.fakes.paced import paced
from tests.fakes.server import EMAIL, PASSWORD, Client, Server, Workbench, by_id, running_server

WARM_UP, OPERATIONS = count((100, 150), (20_000, 100_000))
MODELS = count(20, 200)
ALLOWED = {200, 201, 202, 204, 400, 401, 404, 405, 409, 412, 413, 415, 422, 429, 502, 503, 504}
"""503: the database was busy, which a caller tries again. A 500 is never right."""


@dataclass
class Desk(World):
    """What there is to work with."""

    good: list[str] = field(default_factory=list)
    faulty: list[str] = field(default_factory=list)
    providers: list[int] = field(default_factory=list)
    faulty_providers: list[int] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)


def read(client: Client, rng: random.Random, world: Desk) -> Any:
    return client.get(
        rng.choice(
            [
                f"/api/admin/models?limit={rng.choice([1, 20, 100])}&offset={rng.randrange(MODELS)}&sort=-display_name",
                f"/api/admin/models?q={rng.choice(['model', '1', 'zzz', '%25'])}&limit=20",
                f"/api/admin/models/{rng.choice(world.rows)}",
                by_id(rng.choice(world.good)),
                f"/api/admin/resolve?name=never-{rng.random()}&as=user",
                f"/api/admin/resolve?name={quote_plus(rng.choice(world.good))}&as=agent",
                f"/api/admin/changes?limit=20&offset={rng.randrange(50)}",
                "/api/admin/providers",
                "/api/admin/aliases?limit=50",
                by_id(rng.choice(world.good), "/test-results"),
                "/api/admin/runs?limit=10",
                "/api/models",
                "/readyz",
                "/metrics",
            ]
        )
    )


def write(client: Client, rng: random.Random, world: Desk) -> Any:
    row = rng.choice(world.rows)
    return client.put(f"/api/admin/models/{row}", {"description": f"{rng.random()}", "listed": rng.random() < 0.5})


def write_many(client: Client, rng: random.Random, world: Desk) -> Any:
    body = {"model_ids": rng.sample(world.rows, 20), "agents_enabled": rng.random() < 0.5}
    return client.put(f"/api/admin/models/bulk/agents-enabled?dry_run={rng.choice(['true', 'false'])}", body)


def alias(client: Client, rng: random.Random, world: Desk) -> Any:
    model, name = rng.choice(world.good), f"alias-{rng.randrange(40)}"
    if rng.random() < 0.5:
        return client.post(by_id(model, "/aliases"), {"alias": name})
    return client.delete(by_id(model, "/aliases", alias=name))


def import_aliases(client: Client, rng: random.Random, world: Desk) -> Any:
    items = [{"model_id": rng.choice(world.good), "alias": f"imported-{n}"} for n in range(10)]
    return client.post("/api/admin/models/import-aliases", {"mode": "upsert", "aliases": items})


def bad_input(client: Client, rng: random.Random, world: Desk) -> Any:
    choice = rng.randrange(4)
    if choice == 0:
        return client.post("/api/admin/models", raw=b'{"provider_id": 1e999, "model_id": "\\ud800"}')
    if choice == 1:
        return client.put(f"/api/admin/models/{rng.choice(world.rows)}", {f"unknown-{rng.random()}": 1})
    if choice == 2:
        return client.get(f"/api/admin/nowhere/{rng.random()}")
    return client.get("/api/admin/models", headers={"authorization": f"Bearer nobody-{rng.random()}"})


def try_good(client: Client, rng: random.Random, world: Desk) -> Any:
    return client.post(by_id(rng.choice(world.good), "/test/connection"))


def try_faulty(client: Client, rng: random.Random, world: Desk) -> Any:
    return client.post(by_id(rng.choice(world.faulty), "/test/connection"))


def fetch(client: Client, rng: random.Random, world: Desk) -> Any:
    return client.post(f"/api/admin/providers/{rng.choice(world.providers)}/fetch?dry_run=true")


def fetch_faulty(client: Client, rng: random.Random, world: Desk) -> Any:
    return client.post(f"/api/admin/providers/{rng.choice(world.faulty_providers)}/fetch")


def sign_in(client: Client, rng: random.Random, world: Desk) -> Any:
    stranger = Client(world.port)
    pair = stranger.must("POST", "/api/auth/login", {"email": EMAIL, "password": PASSWORD})
    for _ in range(3):
        pair = stranger.must("POST", "/api/auth/refresh", {"refresh_token": pair["refresh_token"]})
    stranger.token = pair["access_token"]
    answer = stranger.post("/api/auth/logout")
    stranger.close()
    return answer


def leave(client: Client, rng: random.Random, world: Desk) -> None:
    """Ask for something that takes a moment, and go."""
    path = rng.choice(
        [
            by_id(rng.choice(world.good), "/test/connection"),
            by_id(rng.choice(world.faulty), "/test/connection"),
            f"/api/admin/providers/{rng.choice(world.providers)}/fetch?dry_run=true",
        ]
    )
    method, path = rng.choice([("POST", path), ("GET", "/api/admin/models.ndjson"), ("GET", "/api/admin/aliases")])
    with socket.create_connection(("127.0.0.1", world.port), timeout=30) as connection:
        lines = f"{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {world.token}\r\n\r\n"
        connection.sendall(lines.encode()[: None if rng.random() < 0.8 else rng.randrange(len(lines))])
        time.sleep(rng.uniform(0, 0.005))


def benchmark(client: Client, rng: random.Random, world: Desk) -> Any:
    body = {"requests": 2, "warmup": 0, "max_tokens": 2, "time_limit_s": 20}
    return client.post(by_id(rng.choice(world.good), "/benchmark"), body)


OPERATIONS_BY_WEIGHT: dict[Operation[Desk], float] = {
    read: 61,
    write: 7,
    write_many: 1,
    alias: 4,
    import_aliases: 0.5,
    bad_input: 5,
    try_good: 5,
    try_faulty: 8,
    fetch: 1,
    fetch_faulty: 2,
    leave: 5,
    sign_in: 0.2,
    benchmark: 0.02,
}


@contextmanager
def furnished(folder: Path) -> Iterator[tuple[Server, Desk]]:
    settings = {"log_level": "warning", "access_token_minutes": 1440, "runs_at_once": 4}
    limits = {"tests_per_minute": 100_000, "benchmarks_per_minute": 100_000}
    with (
        paced("--ttft-ms", "0", "--gap-ms", "0", "--tokens", "2") as good,
        running_faults() as faults,
        running_server(folder, **settings, **limits) as server,
    ):
        workbench = Workbench(server.admin())
        provider = workbench.provider(good.base_url)["id"]
        models = [workbench.model(provider, visible=True) for _ in range(MODELS)]
        names = [model["model_id"] for model in models]
        faulty_providers, faulty = list[int](), list[str]()
        for case in quick_cases(faults):
            made = workbench.provider(**case)["id"]
            faulty_providers.append(made)
            faulty.append(workbench.model(made, visible=True)["model_id"])
        rows = [model["id"] for model in models]
        yield (
            server,
            Desk(server.port, server.sign_in(), Counter(), 0, names, faulty, [provider], faulty_providers, rows),
        )


@pytest.mark.hard
@pytest.mark.timeout(2_700)
def test_a_server_that_does_everything_for_long_keeps_nothing(tmp_path: Path, did: Callable[[str], None]) -> None:
    with furnished(tmp_path) as (server, world):
        must_keep_nothing(server, world, OPERATIONS_BY_WEIGHT, ALLOWED, warm_up=WARM_UP, total=OPERATIONS, did=did)
