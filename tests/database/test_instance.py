"""The row that describes an instance, its canary, and many processes that start at the same time."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import func, select

from model_lineup.app import open_database
from model_lineup.database import engines, instance
from model_lineup.database.tables import instance as instance_table
from model_lineup.errors import StartRefused
from model_lineup.journal.verify import verify
from model_lineup.migrations import upgrade
from model_lineup.rooms import Rooms
from model_lineup.settings import Settings
from model_lineup.vault import Vault, load_ring, new_ring
from tests.fakes.clock import START as NOW
from tests.fakes.clock import ManualClock
from tests.fakes.counts import count
from tests.fakes.desk import Desk
from tests.fakes.instances import KINDS, Kind, Templates
from tests.fakes.postgres import PostgresServer

STARTERS = 5
START = """
import os, sys, time, traceback
from datetime import UTC, datetime
from pathlib import Path
from model_lineup.app import open_database
from model_lineup.database import instance
from model_lineup.settings import Settings

def start(folder, url, begin):
    while time.monotonic() < begin:
        pass
    database = open_database(Settings.model_validate({"data_dir": folder, "database_url": url or None}))
    instance.open_vault(database, Path(folder) / "keyring.json", datetime.now(UTC))

for line in sys.stdin:
    folder, _, url = line.strip().partition(" ")
    begin = time.monotonic() + 0.05
    children = []
    for _ in range(%d):
        child = os.fork()
        if not child:
            try:
                start(folder, url, begin)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        children.append(child)
    print([os.waitpid(child, 0)[1] for child in children], flush=True)
"""


def test_the_canary_opens_with_the_ring_that_sealed_it_alone(rooms: Rooms) -> None:
    ring = load_ring(rooms.settings.data_dir / "keyring.json")
    assert ring is not None
    instance.check_canary(rooms.database, Vault(ring), NOW)
    with pytest.raises(StartRefused, match="key ring"):
        instance.check_canary(rooms.database, Vault(new_ring()), NOW)
    with rooms.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(instance_table)).scalar_one() == 1


@pytest.mark.hard
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", KINDS)
def test_processes_that_start_at_once_share_one_instance(
    kind: Kind, tmp_path: Path, postgres_server: PostgresServer, did: Callable[[str], None]
) -> None:
    """The first start migrates, makes the key ring and seals the canary; each of the three is a race."""
    turns = count(2, 100)
    with starter() as start:
        for turn in range(turns):
            url = postgres_server.fresh_database() if kind == "postgresql" else ""
            assert start(tmp_path / str(turn), url) == [0] * STARTERS
            if url:
                postgres_server.drop(url)
    did(f"{turns} times {STARTERS} starts at once on a new data directory, all of them well")


@pytest.mark.hard
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", count(KINDS[:1], KINDS))
def test_processes_that_start_at_once_on_an_old_schema_migrate_it_once(
    kind: Kind, templates: Templates, tmp_path: Path, did: Callable[[str], None]
) -> None:
    turns = count(1, 20)
    with starter() as start:
        for turn in range(turns):
            with templates.rooms(kind, tmp_path / str(turn), ManualClock()) as rooms:
                Desk(rooms).provider()
                settings = rooms.settings
                rooms.database.close()
                as_it_was_first(settings)
                url = settings.database_url
                ended = start(settings.data_dir, url.get_secret_value() if url else "")
                assert ended == [0] * STARTERS
                with contextlib.closing(open_database(settings)) as database:
                    assert verify(database).change_sets == 1
    did(f"{turns} times {STARTERS} starts at once on the first schema, all of them well, nothing lost")


def as_it_was_first(settings: Settings) -> None:
    """The tables of the first version of each branch."""
    url = settings.database_url
    engine = (
        engines.postgres_engine(url.get_secret_value(), pool=1)
        if url
        else engines.open_sqlite_for_migration(settings.data_dir)
    )
    with engine.begin() as connection:
        for branch in upgrade.BRANCHES:
            command.downgrade(upgrade.alembic_config(connection, branch), branch.versions[0])
    engine.dispose()


@contextlib.contextmanager
def starter() -> Iterator[Callable[[Path, str], list[int]]]:
    """A process that forks starters; it imports Lineup once. Called, it tells how each of them ended."""
    with subprocess.Popen(
        [sys.executable, "-c", START % STARTERS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def start(folder: Path, url: str) -> list[int]:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(f"{folder} {url}\n")
            process.stdin.flush()
            ended: list[int] = json.loads(process.stdout.readline())
            return ended

        yield start
        process.communicate(timeout=60)
