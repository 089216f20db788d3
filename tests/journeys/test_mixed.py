"""A server that does everything at once for long: it ends with the memory, the files, the threads and the sockets that
it had when it was warm.

Reads, writes, bulk changes, imports, refused input, sign-ins and refreshes, connection tests and fetches of providers
that answer and of providers that misbehave (a tenth of all), small benchmarks, and callers that leave before the answer
(a twentieth). Memory is what belongs to the process alone (RssAnon), as a straight line over all samples after the
warm-up.
"""

import random
import socket
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import psutil
import pytest

from tests.fakes.counts import HARD, SEED, count
from tests.fakes.faults import Faults, running_faults
from tests.fakes.paced import paced
from tests.fakes.server import EMAIL, PASSWORD, Client, Server, Workbench, by_id, running_server

WARM_UP, OPERATIONS = count((100, 150), (20_000, 100_000))
CALLERS = 4
SAMPLE_EVERY = 1_000
MOST_GROWTH_MIB = 5.0
"""Over 100 000 operations."""
FAULTY = count(4, 16)
MODELS = count(20, 200)
SETTLED_WITHIN_S = 20
ALLOWED = {200, 201, 202, 204, 400, 401, 404, 405, 409, 412, 413, 415, 422, 429, 502, 503, 504}
"""503: the database was busy, which a caller tries again. A 500 is never right."""


@dataclass
class World:
    """What there is to work with."""

    port: int
    token: str
    good: list[str]
    faulty: list[str]
    providers: list[int]
    faulty_providers: list[int]
    rows: list[int]
    statuses: Counter[int] = field(default_factory=Counter)
    done: int = 0


Operation = Callable[[Client, random.Random, World], Any]


def read(client: Client, rng: random.Random, world: World) -> Any:
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


def write(client: Client, rng: random.Random, world: World) -> Any:
    row = rng.choice(world.rows)
    return client.put(f"/api/admin/models/{row}", {"description": f"{rng.random()}", "listed": rng.random() < 0.5})


def write_many(client: Client, rng: random.Random, world: World) -> Any:
    body = {"model_ids": rng.sample(world.rows, 20), "agents_enabled": rng.random() < 0.5}
    return client.put(f"/api/admin/models/bulk/agents-enabled?dry_run={rng.choice(['true', 'false'])}", body)


def alias(client: Client, rng: random.Random, world: World) -> Any:
    model, name = rng.choice(world.good), f"alias-{rng.randrange(40)}"
    if rng.random() < 0.5:
        return client.post(by_id(model, "/aliases"), {"alias": name})
    return client.delete(by_id(model, "/aliases", alias=name))


def import_aliases(client: Client, rng: random.Random, world: World) -> Any:
    items = [{"model_id": rng.choice(world.good), "alias": f"imported-{n}"} for n in range(10)]
    return client.post("/api/admin/models/import-aliases", {"mode": "upsert", "aliases": items})


def bad_input(client: Client, rng: random.Random, world: World) -> Any:
    choice = rng.randrange(4)
    if choice == 0:
        return client.post("/api/admin/models", raw=b'{"provider_id": 1e999, "model_id": "\\ud800"}')
    if choice == 1:
        return client.put(f"/api/admin/models/{rng.choice(world.rows)}", {f"unknown-{rng.random()}": 1})
    if choice == 2:
        return client.get(f"/api/admin/nowhere/{rng.random()}")
    return client.get("/api/admin/models", headers={"authorization": f"Bearer nobody-{rng.random()}"})


def try_good(client: Client, rng: random.Random, world: World) -> Any:
    return client.post(by_id(rng.choice(world.good), "/test/connection"))


def try_faulty(client: Client, rng: random.Random, world: World) -> Any:
    return client.post(by_id(rng.choice(world.faulty), "/test/connection"))


def fetch(client: Client, rng: random.Random, world: World) -> Any:
    return client.post(f"/api/admin/providers/{rng.choice(world.providers)}/fetch?dry_run=true")


def fetch_faulty(client: Client, rng: random.Random, world: World) -> Any:
    return client.post(f"/api/admin/providers/{rng.choice(world.faulty_providers)}/fetch")


def sign_in(client: Client, rng: random.Random, world: World) -> Any:
    stranger = Client(world.port)
    pair = stranger.must("POST", "/api/auth/login", {"email": EMAIL, "password": PASSWORD})
    for _ in range(3):
        pair = stranger.must("POST", "/api/auth/refresh", {"refresh_token": pair["refresh_token"]})
    stranger.token = pair["access_token"]
    answer = stranger.post("/api/auth/logout")
    stranger.close()
    return answer


def leave(client: Client, rng: random.Random, world: World) -> None:
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


def benchmark(client: Client, rng: random.Random, world: World) -> Any:
    body = {"requests": 2, "warmup": 0, "max_tokens": 2, "time_limit_s": 20}
    return client.post(by_id(rng.choice(world.good), "/benchmark"), body)


OPERATIONS_BY_WEIGHT: dict[Operation, float] = {
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
def furnished(folder: Path) -> Iterator[tuple[Server, World]]:
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
        yield server, World(server.port, server.sign_in(), names, faulty, [provider], faulty_providers, rows)


def quick_cases(faults: Faults) -> list[dict[str, Any]]:
    """Cases that fail at once; those that run into deadlines would be all that this test waits for."""
    quick = [fault for fault in faults.cases if not fault.slow and "openai" in fault.base_urls]
    return [fault.fields("openai", "test") for fault in quick[:: max(1, len(quick) // FAULTY)]]


def work(world: World, server: psutil.Process, total: int, seed: int) -> list[tuple[int, float]]:
    """Do so many operations, by several callers; (operations done, RssAnon in MiB) now and then."""
    lock, samples, problems = threading.Lock(), list[tuple[int, float]](), list[str]()
    ends_at = world.done + total

    def caller(number: int) -> None:
        rng, client = random.Random(seed * 1_000 + number), Client(world.port, world.token)
        operations, weights = list(OPERATIONS_BY_WEIGHT), list(OPERATIONS_BY_WEIGHT.values())
        while not problems:
            with lock:
                if world.done >= ends_at:
                    break
                world.done += 1
                if world.done % SAMPLE_EVERY == 0:
                    samples.append((world.done, private_mib(server)))
            chosen = rng.choices(operations, weights)[0]
            try:
                answer = chosen(client, rng, world)
            except Exception as error:
                problems.append(f"{chosen.__name__}: {error!r}")
                break
            if answer is not None:
                world.statuses[answer.status] += 1
                if answer.status not in ALLOWED:
                    problems.append(f"{chosen.__name__}: {answer!r}")
        client.close()

    callers = [threading.Thread(target=caller, args=(number,)) for number in range(CALLERS)]
    for thread in callers:
        thread.start()
    for thread in callers:
        thread.join()
    assert problems == []
    return samples


def private_mib(process: psutil.Process) -> float:
    """Memory that no file backs, of the process alone; what it shares with its parent after a fork does not grow."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no RssAnon; this test needs Linux")


@dataclass(frozen=True)
class Held:
    files: int
    threads: int
    children: int
    close_wait: int

    @classmethod
    def now(cls, process: psutil.Process) -> "Held":
        links = list[str]()
        for link in Path(f"/proc/{process.pid}/fd").iterdir():
            with suppress(OSError):
                links.append(str(link.readlink()))
        waiting = sum(connection.status == "CLOSE_WAIT" for connection in process.net_connections())
        return cls(len(links), process.num_threads(), len(process.children(recursive=True)), waiting)

    def at_most(self, other: "Held") -> bool:
        return self.files <= other.files and self.threads <= other.threads + CALLERS and self.children <= other.children


def settle(process: psutil.Process, baseline: Held | None = None) -> Held:
    """What it holds once it is at rest: connections kept for providers are closed after a few idle seconds."""
    ends_at = time.monotonic() + SETTLED_WITHIN_S
    held = Held.now(process)
    while time.monotonic() < ends_at:
        time.sleep(0.2)
        before, held = held, Held.now(process)
        if held.close_wait == 0 and (held.at_most(baseline) if baseline else held == before):
            break
    return held


def growth_mib(samples: list[tuple[int, float]]) -> float:
    """By the straight line through all samples, over 100 000 operations."""
    return statistics.linear_regression(*zip(*samples, strict=True)).slope * 100_000


@pytest.mark.hard
@pytest.mark.timeout(2_700)
def test_a_server_that_does_everything_for_long_keeps_nothing(tmp_path: Path, did: Callable[[str], None]) -> None:
    with furnished(tmp_path) as (server, world):
        assert server.process is not None
        process = psutil.Process(server.process.pid)
        work(world, process, WARM_UP, SEED)
        baseline = settle(process)
        began = time.monotonic()
        samples = work(world, process, OPERATIONS, SEED + 1)
        took_s = time.monotonic() - began
        after = settle(process, baseline)
        assert after.close_wait == 0
        assert after.at_most(baseline), (baseline, after)
        assert '"failed"' not in server.log, server.log[-4000:]
        if HARD:
            (begin, first), (end, last) = samples[0], samples[-1]
            figures = f"{growth_mib(samples):+.2f} MiB per 100 000, from {first:.1f} at {begin} to {last:.1f} at {end}"
            did(
                f"{OPERATIONS} operations after {WARM_UP} in {took_s:.0f} s: {figures}; {after.files} files, "
                f"{after.threads} threads, no CLOSE_WAIT; statuses {dict(sorted(world.statuses.items()))}"
            )
            assert growth_mib(samples) <= MOST_GROWTH_MIB, figures
