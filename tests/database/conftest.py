"""Databases that refuse quickly, on SQLite and PostgreSQL, and what tests write into them."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from model_lineup.app import open_database
from model_lineup.catalog.tables import provider_fetches
from model_lineup.database.engines import Database
from model_lineup.database.tables import instance
from model_lineup.settings import Settings
from tests.fakes.instances import Kind, Templates

FETCH = {"provider_id": 1, "at": 1, "outcome": "{}"}


@pytest.fixture
def settings(kind: Kind, templates: Templates, tmp_path: Path) -> Iterator[Settings]:
    with templates.settings(kind, tmp_path / "instance") as settings:
        yield settings.model_copy(update={"database_busy_s": 0.2})


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    database = open_database(settings)
    yield database
    database.close()


@pytest.fixture
def sqlite(templates: Templates, tmp_path: Path) -> Iterator[Database]:
    with templates.settings("sqlite", tmp_path / "instance") as settings:
        database = open_database(settings.model_copy(update={"database_busy_s": 0.2, "writer_queue": 2}))
        yield database
        database.close()


def revision(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(select(instance.c.revision)).scalar_one())


def raise_revision(database: Database) -> None:
    with database.write() as connection:
        connection.execute(update(instance).values(revision=instance.c.revision + 1))


def fetches(connection: Any) -> int:
    return len(connection.execute(select(provider_fetches)).all())


@contextlib.contextmanager
def elsewhere(work: Callable[[], None]) -> Iterator[list[BaseException]]:
    """Run in a thread beside the block; what it raised is in the list when the block has ended."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    yield raised
    thread.join()
