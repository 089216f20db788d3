"""A process killed while it writes: what it acknowledged is there, what it began is there whole or not at all."""

import asyncio
import contextlib
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from model_lineup.app import open_database
from model_lineup.catalog.tables import models
from model_lineup.database.tables import instance
from model_lineup.rooms import Rooms
from tests.fakes.clock import ManualClock
from tests.fakes.counts import SEED, count
from tests.fakes.desk import BY, Desk, ScriptedProvider
from tests.fakes.instances import Kind, Templates, must_hold_together

ROWS = 40
KILLS_PER_INSTANCE = 25
"""After so many a new instance: looking at all of a journal that grows takes longer and longer."""
WRITE = """
import os, signal, sys, time
from model_lineup.app import open_instance
from model_lineup.catalog.shapes import Selection
from model_lineup.journal.record import Author
from model_lineup.settings import Settings

ids = list(range(1, %d + 1))

def write(acknowledged, folder, url):
    settings = Settings.model_validate({"data_dir": folder, "database_url": url or None})
    with open_instance(settings) as rooms:
        os.write(acknowledged, b"ready\\n")
        turn = 0
        while True:
            turn += 1
            with rooms.database.read() as connection:
                shown = connection.exec_driver_sql("SELECT visible FROM models WHERE id = 1").scalar_one()
            done = rooms.bulk.set_flag(Selection(model_ids=ids), "visible", not shown, Author("writer"))
            os.write(acknowledged, b"%%d\\n" %% done.revision)

for line in sys.stdin:
    delay, folder, url = line.rstrip("\\n").split(" ")
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        write(writer, folder, url)
    os.close(writer)
    said = os.fdopen(reader)
    assert said.readline() == "ready\\n"
    acknowledged = [int(said.readline())]  # however slow the machine is, something was written
    time.sleep(float(delay))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    acknowledged += [int(line) for line in said if line.endswith("\\n")]
    print(max(acknowledged), len(acknowledged), flush=True)
"""


@pytest.mark.hard
@pytest.mark.timeout(2_400)
def test_nothing_that_was_acknowledged_is_lost_and_nothing_is_half_done(
    kind: Kind, templates: Templates, tmp_path: Path, did: Callable[[str], None]
) -> None:
    draw = random.Random(SEED)
    full = 2_000 if kind == "sqlite" else 500  # PostgreSQL's own log is not ours to prove
    instances, kills = count((1, 6), (full // KILLS_PER_INSTANCE, KILLS_PER_INSTANCE))
    written = 0
    with killing_writer() as killer:
        for turn in range(instances):
            with templates.rooms(kind, tmp_path / str(turn), ManualClock()) as rooms:
                desk = Desk(rooms)
                provider = desk.provider()
                listed = ScriptedProvider(*(f"m{number}" for number in range(ROWS)))
                asyncio.run(desk.discovery(listed).fetch(provider.id, BY))
                written += sum(one_kill(killer, rooms, draw.uniform(0, 0.03)) for _ in range(kills))
    assert written > instances * kills
    did(f"{instances * kills} kills, {written} acknowledged changes of {ROWS} rows each: none lost, none by half")


@contextlib.contextmanager
def killing_writer() -> Iterator[subprocess.Popen[str]]:
    """A process that forks writers and kills them; it imports Lineup once."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITE % ROWS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as killer:
        yield killer
        killer.communicate(timeout=60)


def one_kill(killer: subprocess.Popen[str], rooms: Rooms, after_s: float) -> int:
    """How many writes were acknowledged before it."""
    assert killer.stdin is not None
    assert killer.stdout is not None
    url = rooms.settings.database_url
    killer.stdin.write(f"{after_s} {rooms.settings.data_dir} {url.get_secret_value() if url else ''}\n")
    killer.stdin.flush()
    newest, acknowledged = map(int, killer.stdout.readline().split())
    with contextlib.closing(open_database(rooms.settings)) as database:
        must_hold_together(database)
        with database.read() as connection:
            flags = set(connection.execute(select(models.c.visible)).scalars())
            revision = connection.execute(select(instance.c.revision)).scalar_one()
            if database.is_sqlite:
                assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
    assert len(flags) == 1
    assert revision >= newest
    return acknowledged
