"""`kill -9` of two servers on one data directory while three clients write: nothing acknowledged is lost, nothing is
there by half.

Each writer notes what was acknowledged. One server is killed, or the other, or both; whoever survives must go on. Then
the dead start again, and what was ever acknowledged is compared with what either server says now. A write under way at
the kill may have happened or not, but wholly.
"""

import http.client
import json
import random
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from model_lineup.database.engines import sqlite_module
from tests.fakes.counts import SEED, count
from tests.fakes.server import Client, Server, Workbench

INSTANCES, KILLS = count((1, 3), (4, 50))
BULK, BATCH, MOST_SINGLE = 40, 40, 60
FIRST_WRITE_WITHIN_S = 20
LOOK_AT_THE_JOURNAL_EVERY = 10
MODELS = "/api/admin/models"


class Writer(ABC):
    """Writes until its server is gone, or until it is told to stop."""

    database_may_go = False
    """Then a 503 is no surprise, and says as little about what was written as a connection that broke."""

    def __init__(self, rng: random.Random) -> None:
        self.client: Client
        self.rng = rng
        self.acknowledged = 0
        self.refused = 0
        self.stopped = threading.Event()
        self.wrote = threading.Event()
        self.surprises: list[str] = []

    def run(self, client: Client) -> None:
        self.client = client
        try:
            while not self.stopped.is_set():
                self.write()
                self.acknowledged += 1
                self.wrote.set()
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            return  # the server is gone
        except AssertionError as error:
            self.surprises.append(str(error))

    def send(self, method: str, path: str, body: Any) -> Any:
        """The answer; what was refused because others were writing is sent again, since nothing was written."""
        while (answer := self.client.call(method, path, body)).code == "database_busy":
            self.refused += 1
            time.sleep(0.05)
        if self.database_may_go and answer.status == 503:
            raise ConnectionAbortedError
        assert answer.status in {200, 201}, f"{method} {path}: {answer!r}"
        return answer.json

    @abstractmethod
    def write(self) -> None:
        """One write, remembered when it was acknowledged."""

    @abstractmethod
    def check(self, admin: Client) -> None:
        """Raises AssertionError when something acknowledged is lost, or something is there by half."""


class Single(Writer):
    """Creates models and changes them again and again, one at a time."""

    def __init__(self, rng: random.Random, provider: int) -> None:
        super().__init__(rng)
        self.provider = provider
        self.expected: dict[int, str] = {}
        self.pending: tuple[int | None, str] | None = None  # asked, and never answered

    def write(self) -> None:
        text = f"single-{self.acknowledged}-{self.rng.random()}"
        if len(self.expected) >= MOST_SINGLE or (self.expected and self.rng.random() < 0.6):
            row = self.rng.choice(list(self.expected))
            self.pending = (row, text)
            self.send("PUT", f"{MODELS}/{row}", {"description": text, "listed": self.rng.random() < 0.5})
        else:
            self.pending = (None, text)
            body = {"provider_id": self.provider, "model_id": text, "description": text}
            row = int(self.send("POST", MODELS, body)["id"])
        self.expected[row] = text
        self.pending = None

    def check(self, admin: Client) -> None:
        models = admin.must("GET", f"{MODELS}?limit=1000&q=single-")["models"]
        found = {model["id"]: model["description"] for model in models}
        for row, text in self.expected.items():
            allowed = {text} | ({self.pending[1]} if self.pending and self.pending[0] == row else set())
            assert found.get(row) in allowed, f"model {row}: acknowledged {text!r}, found {found.get(row)!r}"
        assert len(found) <= len(self.expected) + (self.pending is not None and self.pending[0] is None)
        self.expected = found
        self.pending = None


class Bulk(Writer):
    """Flips a flag of many models at once."""

    def __init__(self, rng: random.Random, rows: list[int]) -> None:
        super().__init__(rng)
        self.rows = rows
        self.expected = False
        self.asked = False

    def write(self) -> None:
        self.asked = not self.expected
        body = {"model_ids": self.rows, "agents_enabled": self.asked}
        assert self.send("PUT", f"{MODELS}/bulk/agents-enabled", body)["changed"] == BULK
        self.expected = self.asked

    def check(self, admin: Client) -> None:
        models = admin.must("GET", f"{MODELS}?limit=1000&q=bulk-")["models"]
        flags = {model["agents_enabled"] for model in models if model["id"] in set(self.rows)}
        assert len(flags) == 1, "a bulk change was half applied"
        assert flags <= {self.expected, self.asked}, "an acknowledged bulk change is lost"
        self.expected = self.asked = flags.pop()


class Importer(Writer):
    """Imports the same aliases again and again, all at once, each time with another description."""

    def __init__(self, rng: random.Random, model_id: str) -> None:
        super().__init__(rng)
        self.model_id = model_id
        self.expected = self.asked = 0

    def write(self) -> None:
        self.asked += 1
        items = [
            {"model_id": self.model_id, "alias": f"imported-{n}", "description": str(self.asked)} for n in range(BATCH)
        ]
        self.send("POST", f"{MODELS}/import-aliases", {"mode": "upsert", "aliases": items})
        self.expected = self.asked

    def check(self, admin: Client) -> None:
        aliases = admin.must("GET", "/api/admin/aliases?limit=1000")["aliases"]
        found = {int(alias["description"]) for alias in aliases} or {0}
        assert len(found) == 1, f"an import was half stored: {found}"
        assert len(aliases) in {0, BATCH}
        assert found <= {self.expected, self.asked}, "an acknowledged import is lost"
        self.expected = self.asked = found.pop()


class Pair:
    """Two servers on one data directory, and three writers."""

    def __init__(self, folder: Path, rng: random.Random) -> None:
        self.folder = folder
        self.rng = rng
        self.running = [Server(folder, access_token_minutes=1440, log_level="warning").start() for _ in range(2)]
        self.token = self.running[0].sign_in()
        client = Client(self.running[0].port, self.token)
        workbench = Workbench(client)
        provider = workbench.provider()["id"]
        rows = [workbench.model(provider, f"bulk-{n}")["id"] for n in range(BULK)]
        client.close()
        self.writers = [Single(rng, provider), Bulk(rng, rows), Importer(rng, "bulk-0")]

    def write_and_kill(self) -> int:
        """How many of the servers were killed; those that were not have gone on, and the dead are back."""
        clients = [Client(self.rng.choice(self.running).port, self.token, timeout_s=20) for _ in self.writers]
        threads = [threading.Thread(target=w.run, args=(c,)) for w, c in zip(self.writers, clients, strict=True)]
        for writer, thread in zip(self.writers, threads, strict=True):
            writer.stopped.clear()
            writer.wrote.clear()
            thread.start()
        assert all(writer.wrote.wait(FIRST_WRITE_WITHIN_S) for writer in self.writers), self.surprises()
        time.sleep(self.rng.uniform(0, 0.25))
        victims = self.rng.choice([[0], [1], [0, 1]])
        for victim in victims:
            self.running[victim].kill()
        time.sleep(self.rng.uniform(0, 0.05))
        for writer in self.writers:
            writer.stopped.set()
        for thread, client in zip(threads, clients, strict=True):
            thread.join(25)
            assert not thread.is_alive()
            client.close()
        self.the_files_hold_together()
        for victim in victims:
            self.running[victim].start()
        return len(victims)

    def surprises(self) -> list[str]:
        return [surprise for writer in self.writers for surprise in writer.surprises]

    def the_files_hold_together(self) -> None:
        """SQLite's own checks, and one change set with its entries per revision."""
        for name in ("lineup.db", "activity.db"):
            with closing(sqlite_module().connect(str(self.folder / name))) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
                assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
                if name == "lineup.db":
                    the_journal_is_whole(connection)

    def check(self, *, journal: bool) -> None:
        assert self.surprises() == []
        for server in self.running:
            with closing(Client(server.port, self.token, timeout_s=30)) as admin:
                for writer in self.writers:
                    writer.check(admin)
        if journal:
            with closing(Client(self.running[0].port, self.token)) as admin:
                assert admin.must("GET", "/api/admin/changes/verify")["holds"]

    def end(self) -> None:
        for server in self.running:
            server.__exit__(None, None, None)
        assert '"failed"' not in self.running[0].log


def the_journal_is_whole(connection: Any) -> None:
    """One change set per revision, and as many entries as rows were touched."""
    connection.execute("BEGIN")
    revision = connection.execute("SELECT revision FROM instance").fetchone()[0]
    sets = connection.execute("SELECT count(*), max(revision), sum(touched) FROM change_sets").fetchone()
    entries = connection.execute("SELECT sum(json_array_length(entries)) FROM change_contents").fetchone()[0]
    connection.execute("ROLLBACK")
    assert sets == (revision, revision, entries)


@pytest.mark.hard
@pytest.mark.timeout(2_400)
def test_nothing_acknowledged_is_lost_and_nothing_is_there_by_half(tmp_path: Path, did: Callable[[str], None]) -> None:
    rng = random.Random(SEED)
    acknowledged = refused = killed = 0
    for turn in range(INSTANCES):
        pair = Pair(tmp_path / str(turn), rng)
        try:
            for kill in range(1, KILLS + 1):
                killed += pair.write_and_kill()
                pair.check(journal=kill % LOOK_AT_THE_JOURNAL_EVERY == 0 or kill == KILLS)
        finally:
            pair.end()
        acknowledged += sum(writer.acknowledged for writer in pair.writers)
        refused += sum(writer.refused for writer in pair.writers)
    did(
        f"{INSTANCES * KILLS} times kill -9 of one or both of two servers ({killed} processes), {acknowledged} "
        f"acknowledged writes of three clients: none lost, none by half; {refused} had to be sent again (503)"
    )
