"""Instances of Lineup for tests: migrated once per session and copied for each test, on both databases."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import psycopg
from sqlalchemy import func, select, text

from model_lineup.app import open_database, open_instance, rooms_over
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
_TABLES = [table for metadata in (activity, configuration) for table in reversed(metadata.sorted_tables)]
_EMPTY = "; ".join(
    [
        *(f"DELETE FROM {table.fullname}" for table in _TABLES if table is not instance),
        "UPDATE instance SET revision = 0",
        "SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S'",
    ]
).encode()


class Templates:
    """A migrated data directory for each kind of database. PostgreSQL databases are emptied and used again, with the
    connections to them: making a new one takes 300 ms, emptying one 5, and each connection 20 until it answers."""

    def __init__(self, folder: Path, server: PostgresServer) -> None:
        self._folder = folder
        self._server = server
        self._free: list[str] = []
        self._kept: dict[str, Database] = {}
        self._emptying: dict[str, psycopg.Connection] = {}

    def close(self) -> None:
        for database in self._kept.values():
            database.close()
        for connection in self._emptying.values():
            connection.close()

    @contextlib.contextmanager
    def settings(self, kind: Kind, folder: Path) -> Iterator[Settings]:
        """Settings of a new instance in `folder`, which is made. Nobody is connected with it."""
        with self._copied(kind, folder) as settings:
            if settings.database_url is not None:
                self._of(settings).close()
            yield settings

    @contextlib.contextmanager
    def rooms(self, kind: Kind, folder: Path, clock: ManualClock, **more: Any) -> Iterator[Rooms]:
        """All rooms of a new instance, with `more` settings; at the end it must hold together."""
        with self._copied(kind, folder) as settings, contextlib.ExitStack() as until_closed:
            settings = settings.model_copy(update=more)
            if settings.database_url is None:
                database = until_closed.enter_context(contextlib.closing(open_database(settings, migrate=False)))
            else:
                database = self._of(settings)
            with rooms_over(database, settings, clock) as rooms:
                yield rooms
                must_hold_together(rooms.database)

    @contextlib.contextmanager
    def _copied(self, kind: Kind, folder: Path) -> Iterator[Settings]:
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
        self._empty(url)
        self._free.append(url)

    def _new_database(self, template: Path) -> str:
        """All of them share one key ring."""
        url = self._server.fresh_database()
        _start(Settings.model_validate({"data_dir": template, "database_url": url}))
        return url

    def _of(self, settings: Settings) -> Database:
        """A new `Database` over the connections that there are already."""
        assert settings.database_url is not None
        url = settings.database_url.get_secret_value()
        if url not in self._kept:
            self._kept[url] = open_database(settings, migrate=False)
        kept = self._kept[url]
        return Database(kept._readers, kept._writer, kept._activity_writer)

    def _empty(self, url: str) -> None:
        """As it was after the first start: only the row of the instance, and every sequence at 1."""
        if url not in self._emptying or self._emptying[url].closed:
            self._emptying[url] = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
            self._emptying[url].execute("SET session_replication_role = replica")  # no triggers
        self._emptying[url].execute(_EMPTY)


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


def _start(settings: Settings) -> None:
    with open_instance(settings, clock=ManualClock()):
        pass
