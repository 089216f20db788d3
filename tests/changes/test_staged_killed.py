"""Processes that carry out the same staged changes at once, and are killed at it: each change happens exactly once."""

import contextlib
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from model_lineup.app import open_database
from model_lineup.catalog.shapes import Selection
from model_lineup.catalog.tables import models, staged_changes
from model_lineup.changes.staged.shapes import FlagWanted, NewStaged
from model_lineup.journal.tables import change_sets
from model_lineup.rooms import Rooms
from tests.fakes.clock import ManualClock
from tests.fakes.counts import HARD, SEED
from tests.fakes.desk import BY, Desk
from tests.fakes.instances import Kind, Templates, must_hold_together

RACERS, ROWS = 3, 20
WORK = """
import os, signal, sys, time
from model_lineup.app import open_instance
from model_lineup.settings import Settings

def work(folder, url, begun, ids):
    settings = Settings.model_validate({"data_dir": folder, "database_url": url or None})
    with open_instance(settings) as rooms:
        os.write(begun, b"ready\\n")
        for staged in ids:
            rooms.staging.carry_out(staged)
    os._exit(0)

for line in sys.stdin:
    kill_after, racers, first, last, folder, url = line.rstrip("\\n").split(" ")
    reader, writer = os.pipe()
    children = []
    for _ in range(int(racers)):
        child = os.fork()
        if not child:
            os.close(reader)
            work(folder, url, writer, range(int(first), int(last) + 1))
        children.append(child)
    os.close(writer)
    said = os.fdopen(reader)
    for _ in children:
        said.readline()
    if float(kill_after) >= 0:
        time.sleep(float(kill_after))
        for child in children:
            os.kill(child, signal.SIGKILL)
    ends = [os.waitpid(child, 0)[1] for child in children]
    print(max(ends), flush=True)
"""


@pytest.mark.hard
@pytest.mark.skipif(not HARD, reason="processes are started hundreds of times; threads race in test_staged every day")
@pytest.mark.timeout(1_200)
def test_each_is_carried_out_once_whoever_races_and_whoever_is_killed(
    kind: Kind, templates: Templates, tmp_path: Path, did: Callable[[str], None]
) -> None:
    draw, changes, kills = random.Random(SEED), 40, 60
    with racing() as work, templates.rooms(kind, tmp_path / "instance", ManualClock()) as rooms:
        desk = Desk(rooms)
        provider = desk.provider()
        ids = [desk.model(provider, f"m{number}", visible=True).id for number in range(ROWS)]
        at = rooms.clock.now() + timedelta(seconds=1)  # the clock of the others is months ahead
        for turn in range(changes):
            wanted = FlagWanted(chosen=Selection(model_ids=ids), flag="visible", value=turn % 2 == 1)
            rooms.staging.stage(NewStaged(wanted=wanted, at=at + timedelta(seconds=turn)), BY)
        for _ in range(kills):
            race(work, rooms, changes, kill_after_s=draw.uniform(0, 0.05))
            must_be_whole(rooms)
        assert race(work, rooms, changes, kill_after_s=-1) == 0
        must_be_whole(rooms)
        with rooms.database.read() as connection:
            states = list(connection.execute(select(staged_changes.c.state)).scalars())
            carried = select(change_sets.c.actor).where(change_sets.c.operation == "staged.carry_out")
            actors = list(connection.execute(carried).scalars())
        assert states == ["done"] * changes
        assert sorted(actors) == sorted(f"staged change {one} by tester" for one in range(1, changes + 1))
    did(f"{changes} staged changes of {ROWS} rows, {RACERS} processes, {kills} times all killed: each once")


@contextlib.contextmanager
def racing() -> Iterator[subprocess.Popen[str]]:
    """A process that forks workers; it imports Lineup once."""
    with subprocess.Popen(
        [sys.executable, "-c", WORK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as one:
        yield one
        one.communicate(timeout=60)


def race(work: subprocess.Popen[str], rooms: Rooms, last: int, *, kill_after_s: float) -> int:
    """How they ended. Below 0: nobody is killed."""
    assert work.stdin is not None
    assert work.stdout is not None
    url = rooms.settings.database_url
    address = url.get_secret_value() if url else ""
    work.stdin.write(f"{kill_after_s} {RACERS} 1 {last} {rooms.settings.data_dir} {address}\n")
    work.stdin.flush()
    return int(work.stdout.readline())


def must_be_whole(rooms: Rooms) -> None:
    """What is done is done to all rows, by a change set of its own."""
    with contextlib.closing(open_database(rooms.settings)) as database:
        must_hold_together(database)
        with database.read() as connection:
            flags = set(connection.execute(select(models.c.visible)).scalars())
            done = select(staged_changes.c.id).where(staged_changes.c.state == "done")
            ended = list(connection.execute(done).scalars())
            carried = select(change_sets.c.id).where(change_sets.c.operation == "staged.carry_out")
            sets = list(connection.execute(carried).scalars())
    assert len(flags) == 1
    assert len(sets) == len(ended)
