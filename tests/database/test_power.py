"""A power cut while Lineup writes: of what it acknowledged nothing is lost, what it began is there whole or not at all.

The writes and syncs of a real Lineup are recorded (`tests.fakes.disk`); the power is cut at any of them, and Lineup
opens what the disk has kept: what was synced, and of the rest whatever chance leaves.
"""

import contextlib
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import func, select

from model_lineup.app import open_database, open_instance
from model_lineup.catalog.tables import models
from model_lineup.database.engines import sqlite_module
from model_lineup.database.tables import instance
from model_lineup.settings import Settings
from model_lineup.signals.tables import signals
from tests.fakes.clock import ManualClock
from tests.fakes.counts import SEED, count
from tests.fakes.desk import Desk
from tests.fakes.disk import Disk, Happened, library_of
from tests.fakes.instances import Templates, must_hold_together

FILES = ("lineup.db", "activity.db")
ROWS = 20
WRITE = """
import contextlib, os, sys
import msgspec
from pathlib import Path
from model_lineup.app import open_instance
from model_lineup.catalog.shapes import Selection
from model_lineup.database import engines
from model_lineup.journal.record import Author
from model_lineup.settings import Settings
from model_lineup.signals.signals import Signal
from tests.fakes.disk import Happened, library_of, recorded

folder, turns, synchronous = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
engines._PRAGMAS = tuple(one.replace("FULL", synchronous) for one in engines._PRAGMAS)
ids = list(range(1, %d + 1))
with recorded(library_of(engines.sqlite_module())) as happened, contextlib.ExitStack() as stack:
    rooms = stack.enter_context(open_instance(Settings.model_validate({"data_dir": folder})))
    for turn in range(1, turns + 1):
        done = rooms.bulk.set_flag(Selection(model_ids=ids), "visible", bool(turn %% 2), Author("writer"))
        happened.append(Happened("acknowledged", "lineup.db", done.revision))
        rooms.signals.send(Signal("turn", {"said": "x" * 300}))
        happened.append(Happened("acknowledged", "activity.db", turn))
    (folder / "happened").write_bytes(msgspec.msgpack.encode(happened))
    os._exit(0)
"""


@pytest.fixture
def folder(templates: Templates, tmp_path: Path) -> Iterator[Path]:
    """An instance with models, closed in order: nothing of it is in a log."""
    if library_of(sqlite_module()) is None:
        pytest.skip("the SQLite of this Python does not let its writes be recorded")
    with templates.settings("sqlite", tmp_path / "instance") as settings:
        with open_instance(settings, clock=ManualClock()) as rooms:
            desk = Desk(rooms)
            provider = desk.provider()
            for number in range(ROWS):
                desk.model(provider, f"m{number}")
        yield settings.data_dir


class Cuts:
    """Of one recording. `lost`: how many cuts there were that lost something acknowledged."""

    def __init__(self, folder: Path, turns: int, *, synchronous: str = "FULL") -> None:
        self._folder = folder
        self._before = {name: (folder / name).read_bytes() for name in FILES}
        command = [sys.executable, "-c", WRITE % ROWS, str(folder), str(turns), synchronous]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        self.happened = msgspec.msgpack.decode((folder / "happened").read_bytes(), type=list[Happened])
        self.lost = 0

    def at(self, places: list[int], draw: random.Random) -> None:
        """Cut the power after so many of the events; in their order."""
        disk, heard = Disk(self._before), 0
        acknowledged = dict.fromkeys(FILES, 0)
        for place in sorted(places):
            for event in self.happened[heard:place]:
                disk.hear(event)
                if event.what == "acknowledged":
                    acknowledged[event.file] = event.at
            heard = place
            self._look_at(disk.cut(draw), acknowledged)

    def _look_at(self, left: dict[str, bytes], acknowledged: dict[str, int]) -> None:
        """What must hold whatever was lost, and whether something acknowledged was."""
        for file in self._folder.glob("*.db*"):
            file.unlink()
        for name, content in left.items():
            (self._folder / name).write_bytes(content)
        with contextlib.closing(open_database(Settings.model_validate({"data_dir": self._folder}))) as database:
            must_hold_together(database)
            with database.read() as connection:
                for schema in ("main", "activity"):
                    assert connection.exec_driver_sql(f"PRAGMA {schema}.integrity_check").scalar_one() == "ok"
                assert len(set(connection.execute(select(models.c.visible)).scalars())) == 1, "half of a change"
                revision = connection.execute(select(instance.c.revision)).scalar_one()
                said = connection.execute(select(func.coalesce(func.max(signals.c.id), 0))).scalar_one()
        self.lost += revision < acknowledged["lineup.db"] or said < acknowledged["activity.db"]


@pytest.mark.hard
@pytest.mark.timeout(900)
def test_a_power_cut_takes_nothing_that_was_acknowledged_and_leaves_nothing_half(
    folder: Path, did: Callable[[str], None]
) -> None:
    turns, cuts = count((15, 8), (400, 500))
    draw, recording = random.Random(SEED), Cuts(folder, turns)
    synced = {event.file for event in recording.happened if event.what == "sync"}
    logs = {f"{name}-wal" for name in FILES}
    assert synced >= count(logs, {*logs, "lineup.db"}), "also the moving of a log into its database"
    recording.at([draw.randrange(len(recording.happened)) for _ in range(cuts)], draw)
    assert recording.lost == 0
    did(f"{cuts} cuts among {len(recording.happened)} writes and syncs of {2 * turns} changes: none lost, none by half")


@pytest.mark.hard
def test_without_syncing_each_commit_a_power_cut_would_take_some(folder: Path) -> None:
    """Or the test above would hold of anything. SQLite is as whole as before; only its newest commits are gone."""
    turns, cuts = count((8, 5), (100, 100))
    draw, recording = random.Random(SEED), Cuts(folder, turns, synchronous="NORMAL")
    ends = range(len(recording.happened) * 3 // 4, len(recording.happened))
    recording.at([draw.choice(ends) for _ in range(cuts)], draw)
    assert recording.lost > 0
