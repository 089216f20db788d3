"""`kill -9` of the server while three clients write: what was acknowledged is there, and nothing is there by half.

Each writer notes what was acknowledged. After each kill the server starts again on the same data, and everything that
was ever acknowledged is compared with what it says now. A write under way at the kill may have happened or not, but
wholly.
"""

import http.client
import json
import random
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from model_lineup.database.engines import sqlite_module
from tests.fakes.counts import count
from tests.fakes.server import Client, Server, Workbench, running_server

KILLS = count(5, 40)
BULK, BATCH = 100, 100
MODELS = "/api/admin/models"


class Writer:
    """Writes until the server is gone."""

    def __init__(self, rng: random.Random) -> None:
        self.client: Client
        self.rng = rng
        self.acknowledged = 0
        self.surprises: list[str] = []

    def run(self, client: Client) -> None:
        self.client = client
        try:
            while True:
                self.write()
                self.acknowledged += 1
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            return  # the server is gone
        except AssertionError as error:
            self.surprises.append(str(error))

    def write(self) -> None:
        raise NotImplementedError

    def check(self, admin: Client) -> None:
        """Raises AssertionError when something acknowledged is lost, or something is there by half."""
        raise NotImplementedError


class Single(Writer):
    """Creates models and changes them again and again, one at a time."""

    def __init__(self, rng: random.Random, provider: int, stem: str) -> None:
        super().__init__(rng)
        self.provider = provider
        self.stem = stem
        self.expected: dict[int, str] = {}
        self.pending: tuple[int | None, str] | None = None  # asked, and never answered

    def write(self) -> None:
        text = f"{self.stem}-{self.acknowledged}-{self.rng.random()}"
        if self.expected and self.rng.random() < 0.6:
            row = self.rng.choice(list(self.expected))
            self.pending = (row, text)
            self.client.must("PUT", f"{MODELS}/{row}", {"description": text, "listed": self.rng.random() < 0.5})
        else:
            self.pending = (None, text)
            body = {"provider_id": self.provider, "model_id": text, "description": text}
            row = int(self.client.must("POST", MODELS, body)["id"])
        self.expected[row] = text
        self.pending = None

    def check(self, admin: Client) -> None:
        for row, text in self.expected.items():
            found = admin.must("GET", f"{MODELS}/{row}")["description"]
            allowed = {text} | ({self.pending[1]} if self.pending and self.pending[0] == row else set())
            assert found in allowed, f"model {row}: acknowledged {text!r}, found {found!r}"
            self.expected[row] = found


class Bulk(Writer):
    """Flips a flag of 100 models at once."""

    def __init__(self, rng: random.Random, rows: list[int]) -> None:
        super().__init__(rng)
        self.rows = rows
        self.expected = False
        self.asked = False

    def write(self) -> None:
        self.asked = not self.expected
        body = {"model_ids": self.rows, "agents_enabled": self.asked}
        assert self.client.must("PUT", f"{MODELS}/bulk/agents-enabled", body)["changed"] == BULK
        self.expected = self.asked

    def check(self, admin: Client) -> None:
        models = admin.must("GET", f"{MODELS}?limit=1000&q=bulk-")["models"]
        flags = {model["agents_enabled"] for model in models if model["id"] in set(self.rows)}
        assert len(flags) == 1, "a bulk change was half applied"
        assert flags <= {self.expected, self.asked}
        self.expected = self.asked = flags.pop()


class Importer(Writer):
    """Imports aliases, 100 at once."""

    def __init__(self, rng: random.Random, model_id: str, stem: str) -> None:
        super().__init__(rng)
        self.model_id = model_id
        self.stem = stem
        self.batches = 0
        self.expected: set[int] = set()
        self.asked: set[int] = set()

    def write(self) -> None:
        self.batches += 1
        self.asked.add(self.batches)
        items = [{"model_id": self.model_id, "alias": f"{self.stem}-{self.batches}-{n}"} for n in range(BATCH)]
        assert self.client.must("POST", f"{MODELS}/import-aliases", {"aliases": items})["created"] == BATCH
        self.expected.add(self.batches)

    def check(self, admin: Client) -> None:
        counts: dict[int, int] = {}
        for alias in all_aliases(admin):
            if alias.startswith(f"{self.stem}-"):
                batch = int(alias.split("-")[-2])
                counts[batch] = counts.get(batch, 0) + 1
        assert set(counts.values()) <= {BATCH}, "an import was half stored"
        assert self.expected <= set(counts) <= self.asked
        self.expected = set(counts)


def all_aliases(admin: Client) -> list[str]:
    found: list[str] = []
    while True:
        page = admin.must("GET", f"/api/admin/aliases?limit=1000&offset={len(found)}")
        found += [alias["alias"] for alias in page["aliases"]]
        if len(found) >= page["total"]:
            return found


@pytest.mark.hard
@pytest.mark.timeout(900)
def test_nothing_acknowledged_is_lost_and_nothing_is_there_by_half(tmp_path: Path) -> None:
    rng = random.Random(20261123)
    with running_server(tmp_path, access_token_minutes=1440, log_level="warning") as server:
        token = server.sign_in()
        writers = furnished(server, rng)
        acknowledged = 0
        for _ in range(KILLS):
            acknowledged += write_until_killed(server, token, writers, rng.uniform(0.1, 0.7))
            the_files_hold_together(server.data_dir)
            server.start()
            admin = server.client(token, timeout_s=30)
            for writer in writers:
                assert writer.surprises == []
                writer.check(admin)
            the_journal_is_whole(server.data_dir, admin)
            admin.close()
        assert acknowledged > KILLS * 5
        print(f"\n{KILLS} kills, {acknowledged} acknowledged writes, none lost, none half applied")


def furnished(server: Server, rng: random.Random) -> list[Writer]:
    workbench = Workbench(server.admin())
    provider = workbench.provider()["id"]
    rows = [workbench.model(provider, f"bulk-{n}")["id"] for n in range(BULK)]
    return [Single(rng, provider, "single"), Bulk(rng, rows), Importer(rng, "bulk-0", "imported")]


def write_until_killed(server: Server, token: str, writers: list[Writer], after_s: float) -> int:
    """The writes that were acknowledged before the kill."""
    before = sum(writer.acknowledged for writer in writers)
    clients = [Client(server.port, token, timeout_s=10) for _ in writers]
    threads = [threading.Thread(target=w.run, args=(c,), daemon=True) for w, c in zip(writers, clients, strict=True)]
    for thread in threads:
        thread.start()
    time.sleep(after_s)
    server.kill()
    for thread, client in zip(threads, clients, strict=True):
        thread.join(15)
        assert not thread.is_alive()
        client.close()
    return sum(writer.acknowledged for writer in writers) - before


def the_files_hold_together(folder: Path) -> None:
    """As the kill left them: SQLite's own checks, with the journal that is still to be replayed."""
    for name in ("lineup.db", "activity.db"):
        with closing(sqlite_module().connect(str(folder / name))) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def the_journal_is_whole(folder: Path, admin: Client) -> None:
    """One change set per revision, and entries in each."""
    with closing(sqlite3.connect(f"file:{folder / 'lineup.db'}?mode=ro", uri=True)) as connection:
        revision = connection.execute("SELECT revision FROM instance").fetchone()[0]
        sets: list[Any] = connection.execute("SELECT revision, touched FROM change_sets ORDER BY revision").fetchall()
        entries = connection.execute("SELECT count(*) FROM change_entries").fetchone()[0]
    assert [number for number, _ in sets] == list(range(1, revision + 1))
    assert sum(touched for _, touched in sets) == entries
    assert admin.must("GET", f"{MODELS}?limit=1")["revision"] == revision
