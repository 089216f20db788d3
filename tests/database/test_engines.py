"""Transactions on both databases: what a reader sees, what a write leaves, and what a connection refuses."""

import contextlib
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from model_lineup.app import open_database
from model_lineup.catalog.tables import models, provider_fetches
from model_lineup.database import engines
from model_lineup.database.engines import Database
from model_lineup.database.tables import instance
from model_lineup.errors import StartRefused, Unavailable
from model_lineup.settings import Settings
from tests.database.conftest import FETCH, fetches, raise_revision, revision


def test_a_write_that_raises_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.write() as connection:
            connection.execute(update(instance).values(revision=7))
            raise LookupError

    def fail_activity() -> None:
        with database.write_activity() as connection:
            connection.execute(insert(provider_fetches).values(FETCH))
            raise LookupError

    for attempt in (fail, fail_activity):
        with pytest.raises(LookupError):
            attempt()
    with database.read() as connection:
        assert fetches(connection) == 0
    assert revision(database) == 0
    raise_revision(database)
    assert revision(database) == 1


def test_what_is_written_is_there_for_the_next_process(settings: Settings) -> None:
    with contextlib.closing(open_database(settings)) as first:
        raise_revision(first)
        with contextlib.closing(open_database(settings)) as second:
            assert revision(second) == 1
            raise_revision(second)
        assert revision(first) == 2


def test_a_reader_sees_one_moment_of_both_sets_of_tables(database: Database) -> None:
    with database.read() as reader:
        before = reader.execute(select(instance.c.revision)).scalar_one()
        raise_revision(database)
        with database.write_activity() as connection:
            connection.execute(insert(provider_fetches).values(FETCH))
        assert reader.execute(select(instance.c.revision)).scalar_one() == before
        assert fetches(reader) == 0
    assert revision(database) == before + 1
    with database.read() as connection:
        assert fetches(connection) == 1


def test_the_moment_of_a_reader_is_the_one_in_which_it_begins(sqlite: Database) -> None:
    """On PostgreSQL it is the one of its first statement; nothing hangs on the difference there."""
    with sqlite.read() as reader:
        raise_revision(sqlite)
        assert reader.execute(select(instance.c.revision)).scalar_one() == 0


def test_a_reader_cannot_write(database: Database) -> None:
    for statement in (update(instance).values(revision=9), insert(provider_fetches).values(FETCH)):
        with pytest.raises((DBAPIError, Unavailable), match="read-only"), database.read() as connection:
            connection.execute(statement)
    assert revision(database) == 0


def test_readers_do_not_wait_for_writers_nor_writers_for_readers(database: Database) -> None:
    with database.read() as reader:
        assert reader.execute(select(instance.c.revision)).scalar_one() == 0
        with database.write() as writer, database.write_activity() as other:
            writer.execute(update(instance).values(revision=1))
            other.execute(insert(provider_fetches).values(FETCH))
            assert revision(database) == 0
    assert revision(database) == 1


def test_the_configuration_and_the_activity_are_written_side_by_side(database: Database) -> None:
    with database.write() as configuration:
        configuration.execute(update(instance).values(revision=1))
        with database.write_activity() as activity:
            activity.execute(insert(provider_fetches).values(FETCH))
        with database.read() as reader:
            assert fetches(reader) == 1
    with database.write_activity() as activity:
        activity.execute(insert(provider_fetches).values({**FETCH, "provider_id": 2}))
        raise_revision(database)
    assert revision(database) == 2


def test_every_connection_is_safe_and_durable(sqlite: Database) -> None:
    for open_connection in (sqlite.read, sqlite.write, sqlite.write_activity):
        with open_connection() as connection:
            found = {
                pragma: connection.execute(text(f"PRAGMA {pragma}")).scalar()
                for pragma in ("foreign_keys", "activity.journal_mode", "synchronous", "activity.synchronous")
            }
        assert found == {
            "foreign_keys": 1,
            "activity.journal_mode": "wal",
            "synchronous": 2,
            "activity.synchronous": 2,
        }, open_connection
    with sqlite.read() as connection:
        assert connection.execute(text("PRAGMA main.journal_mode")).scalar() == "wal"


def test_every_table_is_strict_and_its_ids_are_never_given_twice(sqlite: Database) -> None:
    with sqlite.read() as connection:
        for schema in ("main", "activity"):
            query = text(f"SELECT name, strict FROM pragma_table_list WHERE schema = '{schema}' AND type = 'table'")
            lax = {name for name, strict in connection.execute(query) if not strict}
            assert lax <= {"alembic_version", "sqlite_schema", "sqlite_sequence"}
            definitions = text(f"SELECT name, sql FROM {schema}.sqlite_schema WHERE type = 'table'")
            for name, sql in connection.execute(definitions):
                if "id INTEGER NOT NULL PRIMARY KEY" in (sql or ""):
                    assert "AUTOINCREMENT" in sql, name
    with pytest.raises(IntegrityError), sqlite.write() as connection:
        connection.execute(text("UPDATE instance SET revision = 'many'"))


def test_a_row_without_the_row_that_it_points_at_is_refused(database: Database) -> None:
    row = dict.fromkeys(("provider_id", "visible", "listed", "agents_enabled", "version", "created_at"), 1)
    row |= {"updated_at": 1, "changed_at_revision": 1}
    words = {"model_id": "m", "display_name": "m", "task": "chat", "source": "manual"}
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(insert(models).values({**row, **words}))


def test_a_database_out_of_reach_is_told_as_unavailable(postgres_server: Any, postgres_url: str) -> None:
    database = engines.open_postgres(postgres_url, busy_s=1, pool=2)
    with database.read() as connection:
        connection.execute(text("SELECT 1"))
    postgres_server.drop(postgres_url)
    for open_connection in (database.read, database.write, database.write_activity):
        with pytest.raises(Unavailable) as refused, open_connection() as connection:
            connection.execute(text("SELECT 1"))
        assert refused.value.status == 503
    database.close()


def test_an_address_that_is_none_refuses_to_start() -> None:
    for url in ("nonsense", "mysql://host/db", "postgresql://host:port/db", "postgres://host/db", ""):
        with pytest.raises(StartRefused, match="LINEUP_DATABASE_URL") as refused:
            engines.postgres_engine(url, pool=1)
        assert "secret" not in str(refused.value)


def test_a_file_that_was_moved_away_is_out_of_reach_and_does_not_come_back_empty(tmp_path: Path) -> None:
    with contextlib.closing(open_database(Settings.model_validate({"data_dir": tmp_path}))) as database:
        (tmp_path / "lineup.db").rename(tmp_path / "elsewhere")
        with pytest.raises(Unavailable), database.read():
            pass
        assert not (tmp_path / "lineup.db").exists()
        (tmp_path / "elsewhere").rename(tmp_path / "lineup.db")
        with database.read() as connection:
            assert connection.execute(select(instance.c.revision)).all() == []
