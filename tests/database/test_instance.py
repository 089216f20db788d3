"""The row that describes an instance, its canary, and many processes that start at the same time."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select

from model_lineup.database import instance
from model_lineup.database.tables import instance as instance_table
from model_lineup.errors import StartRefused
from model_lineup.rooms import Rooms
from model_lineup.vault import Vault, load_ring, new_ring
from tests.fakes.clock import START as NOW
from tests.fakes.counts import count
from tests.fakes.instances import KINDS
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
    kind: str, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    """The first start migrates, makes the key ring and seals the canary; each of the three is a race."""
    starter = subprocess.Popen(
        [sys.executable, "-c", START % STARTERS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert starter.stdin is not None
    assert starter.stdout is not None
    turns = count(2, 100)
    ended = []
    for turn in range(turns):
        url = postgres_server.fresh_database() if kind == "postgresql" else ""
        starter.stdin.write(f"{tmp_path / str(turn)} {url}\n")
        starter.stdin.flush()
        ended.append(starter.stdout.readline().strip())
        if url:
            postgres_server.drop(url)
    _, errors = starter.communicate(timeout=60)
    assert (ended, errors[-3_000:]) == ([str([0] * STARTERS)] * turns, "")
