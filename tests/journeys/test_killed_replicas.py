"""`kill -9` of replicas and of their PostgreSQL while three clients write: nothing acknowledged is lost, nothing is
there by half. The writers are those of `test_kill.py`.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.fakes.counts import HARD, SEED, count
from tests.fakes.postgres import PostgresServer
from tests.fakes.replicas import Replica, replicas
from tests.fakes.server import Client, Workbench
from tests.journeys.test_kill import BULK, Bulk, Importer, Single, Writer

PLACES = 3
REPLICA_KILLS, DATABASE_KILLS = count((1, 1), (40, 10))
FIRST_WRITE_WITHIN_S = 60

pytestmark = [
    pytest.mark.hard,
    pytest.mark.skipif(not HARD, reason="three replicas and a PostgreSQL of their own"),
    pytest.mark.timeout(2_400),
]


class Town:
    def __init__(self, them: list[Replica], rng: random.Random) -> None:
        self.them, self.rng = them, rng
        bench = Workbench(them[0].admin)
        provider = bench.provider()["id"]
        rows = [bench.model(provider, f"bulk-{n}")["id"] for n in range(BULK)]
        self.writers: list[Writer] = [Single(rng, provider), Bulk(rng, rows), Importer(rng, "bulk-0")]
        for writer in self.writers:
            writer.database_may_go = True
        assert them[0].admin.token is not None
        self.token = them[0].admin.token

    @contextmanager
    def written_to(self) -> Iterator[None]:
        """By all writers when the block begins; they have ended when it is over."""
        clients = [Client(self.rng.choice(self.them).server.port, self.token, timeout_s=40) for _ in self.writers]
        threads = [threading.Thread(target=w.run, args=(c,)) for w, c in zip(self.writers, clients, strict=True)]
        for writer, thread in zip(self.writers, threads, strict=True):
            writer.stopped.clear()
            writer.wrote.clear()
            thread.start()
        assert all(writer.wrote.wait(FIRST_WRITE_WITHIN_S) for writer in self.writers), self.surprises()
        time.sleep(self.rng.uniform(0, 0.25))
        yield
        time.sleep(self.rng.uniform(0, 0.05))
        for writer in self.writers:
            writer.stopped.set()
        for thread, client in zip(threads, clients, strict=True):
            thread.join(45)
            assert not thread.is_alive()
            client.close()

    def check(self) -> None:
        assert self.surprises() == []
        for replica in self.them:
            with closing(Client(replica.server.port, self.token, timeout_s=60)) as admin:
                answers(admin)
                for writer in self.writers:
                    writer.check(admin)

    def surprises(self) -> list[str]:
        return [surprise for writer in self.writers for surprise in writer.surprises]


def answers(admin: Client) -> None:
    """Again: connections of the pool that broke are found when they are next used."""
    deadline = time.monotonic() + 60
    while admin.get("/api/admin/models?limit=1").status == 503:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_of_replicas_and_their_database_killed_nothing_acknowledged_is_lost(
    tmp_path: Path, did: Callable[[str], None]
) -> None:
    rng = random.Random(SEED)
    kills = ["replica"] * REPLICA_KILLS + ["database"] * DATABASE_KILLS
    rng.shuffle(kills)
    with PostgresServer(durable=True) as postgres, replicas(tmp_path, postgres.fresh_database(), PLACES) as them:
        town = Town(them, rng)
        for kill in kills:
            victim = rng.choice(them)
            with town.written_to():
                if kill == "replica":
                    victim.server.kill()
                else:
                    postgres.crash()
            if kill == "replica":
                victim.server.start()
            else:
                postgres.start_again()
            town.check()
        with closing(Client(them[0].server.port, town.token, timeout_s=60)) as admin:
            assert admin.must("GET", "/api/admin/changes/verify")["holds"]
        acknowledged = sum(writer.acknowledged for writer in town.writers)
    did(
        f"kill -9 of {REPLICA_KILLS} replicas (of {PLACES}) and {DATABASE_KILLS} times of PostgreSQL, {acknowledged} "
        "acknowledged writes of three clients: none lost, none by half"
    )
