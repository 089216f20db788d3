"""Instances of Lineup for tests: migrated once per session and copied for each test, on both databases."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import psycopg
from sqlalchemy import func, select, text

from model_lineup.app import open_instance
from model_lineup.catalog.tables import aliases, models
from model_lineup.database.engines import Database
from model_lineup.database.metadata import activity, configuration
from model_lineup.database.tables import instance
from model_lineup.journal.tables import change_sets
from model_lineup.journal.verify import verify
from model_lineup.rooms import Rooms
from model_lineup.settings import Settings
from tests.fakes.clock import ManualClock
from tests.fakes.postgres import PostgresServer

Kind = Literal["sqlite", "postgresql"]
KINDS: tuple[Kind, ...] = ("sqlite", "postgresql")


class Templates:
    """A migrated data directory for each kind of database. PostgreSQL databases are emptied and used again: making a
    new one takes 300 ms, emptying one 5."""

    def __init__(self, folder: Path, server: PostgresServer) -> None:
        self._folder = folder
        self._server = server
        self._free: list[str] = []

    @contextlib.contextmanager
    def settings(self, kind: Kind, folder: Path) -> Iterator[Settings]:
        """Settings of a new instance in `folder`, which is made."""
        template = self._folder / kind
        if kind == "sqlite":
            if not template.exists():
                _start(Settings.model_validate({"data_dir": template}))
            shutil.copytree(template, folder)
            yield Settings.model_validate({"data_dir": folder})
            return
        url = self._free.pop() if self._free else self._new_database(template)
        shutil.copytree(template, folder)
        yield Settings.model_validate({"data_dir": folder, "database_url": url})
        _empty(url)
        self._free.append(url)

    def _new_database(self, template: Path) -> str:
        """All of them share one key ring."""
        url = self._server.fresh_database()
        _start(Settings.model_validate({"data_dir": template, "database_url": url}))
        return url

    @contextlib.contextmanager
    def rooms(self, kind: Kind, folder: Path, clock: ManualClock) -> Iterator[Rooms]:
        """All rooms of a new instance; at the end it must hold together."""
        with self.settings(kind, folder) as settings, open_instance(settings, clock=clock) as rooms:
            yield rooms
            must_hold_together(rooms.database)


def must_hold_together(database: Database) -> None:
    """What is true of every instance at every moment, whatever was done to it."""
    with database.read() as connection:
        if database.is_sqlite:
            for schema in ("main", "activity"):
                assert connection.execute(text(f"PRAGMA {schema}.foreign_key_check")).all() == []
        dangling = (
            select(aliases.c.alias)
            .select_from(aliases.join(models))
            .where(aliases.c.deleted_at.is_(None), models.c.deleted_at.is_not(None))
        )
        assert connection.execute(dangling).all() == [], "an alias outlived its model"
        revision = connection.execute(select(instance.c.revision)).scalar_one()
        counted = select(func.count(), func.coalesce(func.max(change_sets.c.revision), 0)).select_from(change_sets)
        assert tuple(connection.execute(counted).one()) == (revision, revision), "a revision without its change set"
    assert verify(database).holds


def _empty(url: str) -> None:
    """As it was after the first start: only the row of the instance, and every sequence at 1."""
    tables = [table for metadata in (activity, configuration) for table in reversed(metadata.sorted_tables)]
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        deletions = "; ".join(f"DELETE FROM {table.fullname}" for table in tables if table is not instance)
        reset = "UPDATE instance SET revision = 0; SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S'"
        connection.execute(f"SET session_replication_role = replica; {deletions}; {reset}".encode())  # no triggers


def _start(settings: Settings) -> None:
    with open_instance(settings, clock=ManualClock()):
        pass
