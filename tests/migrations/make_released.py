"""Writes the tables and some rows of this version as SQL, to be kept for ever.

`python -m tests.migrations.make_released 0.1.0`, before a release. `test_released.py` migrates each of them up, down
and up again.
"""

import sqlite3
import sys
import tempfile
from pathlib import Path

from alembic import command

from model_lineup.access.actor import LOCAL_ACTOR
from model_lineup.access.shapes import NewKey
from model_lineup.app import open_instance
from model_lineup.database import engines
from model_lineup.migrations import upgrade
from model_lineup.settings import Settings
from tests.access.office import Office
from tests.fakes.clock import ManualClock
from tests.fakes.desk import BY, Desk

RELEASED = Path(__file__).parent / "released"


def main(name: str, down_to: str | None = None) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "data"
        _fill(folder)
        if down_to:
            _go_down(folder, down_to)
        (RELEASED / name).mkdir(parents=True, exist_ok=True)
        for file in ("lineup", "activity"):
            with sqlite3.connect(folder / f"{file}.db") as database:
                dumped = "\n".join(database.iterdump())
            database.close()
            (RELEASED / name / f"{file}.sql").write_text(dumped + "\n", encoding="utf-8")


def _fill(folder: Path) -> None:
    """A row or two of most things, with texts that are easily spoilt."""
    with open_instance(Settings.model_validate({"data_dir": folder}), clock=ManualClock()) as rooms:
        desk, office = Desk(rooms), Office(rooms)
        office.person()
        office.sign_in()
        provider = desk.provider("Größe ⚡", api_key="sk-of-a-fixture-0123456789")
        first = desk.model(provider, "org/model:1 + %2B ' \" \\ Ünïcode")
        desk.model(provider, "m2")
        desk.alias(first, "fast")
        rooms.keys.create(NewKey(name="ci", kind="admin"), LOCAL_ACTOR, BY)
        rooms.models.delete(2, BY)


def _go_down(folder: Path, version: str) -> None:
    engine = engines.open_sqlite_for_migration(folder)
    with engine.begin() as connection:
        for branch in upgrade.BRANCHES:
            command.downgrade(upgrade.alembic_config(connection, branch), version)
    engine.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
