"""A process killed while it writes: what it acknowledged is there, what it began is there whole or not at all."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from model_lineup.app import open_database
from model_lineup.catalog.tables import models
from model_lineup.database.tables import instance
from tests.fakes.clock import ManualClock
from tests.fakes.counts import count
from tests.fakes.desk import Desk
from tests.fakes.instances import Kind, Templates, must_hold_together

ROWS = 100
WRITE = """
import os, signal, sys, time
from model_lineup.app import open_instance
from model_lineup.catalog.shapes import Selection
from model_lineup.journal.record import Author
from model_lineup.settings import Settings

settings = Settings.model_validate({"data_dir": sys.argv[1], "database_url": sys.argv[2] or None})
ids = list(range(1, %d + 1))

def write(acknowledged):
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
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        write(writer)
    os.close(writer)
    said = os.fdopen(reader)
    assert said.readline() == "ready\\n"
    acknowledged = [int(said.readline())]  # however slow the machine is, something was written
    time.sleep(float(line))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    acknowledged += [int(line) for line in said if line.endswith("\\n")]
    print(max(acknowledged), flush=True)
"""


@pytest.mark.hard
@pytest.mark.timeout(900)
def test_nothing_that_was_acknowledged_is_lost_and_nothing_is_half_done(
    kind: Kind, templates: Templates, tmp_path: Path
) -> None:
    draw = random.Random(7)
    with templates.rooms(kind, tmp_path / "instance", ManualClock()) as rooms:
        desk = Desk(rooms)
        provider = desk.provider()
        for number in range(ROWS):
            desk.model(provider, f"m{number}")
        url = rooms.settings.database_url
        arguments = [str(tmp_path / "instance"), url.get_secret_value() if url else ""]
        killer = subprocess.Popen(
            [sys.executable, "-c", WRITE % ROWS, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert killer.stdin is not None
        assert killer.stdout is not None
        written = 0
        for _ in range(count(8, 200)):
            killer.stdin.write(f"{draw.uniform(0, 0.05)}\n")
            killer.stdin.flush()
            acknowledged = int(killer.stdout.readline())
            database = open_database(rooms.settings)
            must_hold_together(database)
            with database.read() as connection:
                flags = set(connection.execute(select(models.c.visible)).scalars())
                revision = connection.execute(select(instance.c.revision)).scalar_one()
                if database.is_sqlite:
                    assert connection.exec_driver_sql("PRAGMA quick_check").scalar_one() == "ok"
            database.close()
            assert len(flags) == 1
            assert revision >= acknowledged
            written = max(written, acknowledged)
        killer.communicate(timeout=60)
        assert written > ROWS + 1, "nothing was ever acknowledged, so nothing was tested"
