"""Transactions on both databases: what a reader sees, who waits for whom, and what happens when it takes too long."""

import contextlib
import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from model_lineup.app import open_database
from model_lineup.catalog.tables import model_health, models, provider_fetches
from model_lineup.database import engines
from model_lineup.database.engines import Database
from model_lineup.database.tables import instance
from model_lineup.errors import DatabaseBusy, StartRefused, Unavailable
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


def test_a_second_process_waits_and_then_is_told_to_come_again(settings: Settings) -> None:
    with contextlib.closing(open_database(settings)) as first, contextlib.closing(open_database(settings)) as second:
        with first.write() as connection:
            connection.execute(update(instance).values(revision=1))
            started = time.monotonic()
            with pytest.raises(DatabaseBusy) as refused:
                raise_revision(second)
            assert time.monotonic() - started >= 0.15
            assert (refused.value.status, refused.value.facts) == (503, {"retry_after": 1})
        raise_revision(second)
        assert revision(first) == 2


def test_a_second_process_goes_on_when_the_first_is_done_in_time(settings: Settings) -> None:
    patient = settings.model_copy(update={"database_busy_s": 10})
    with contextlib.closing(open_database(patient)) as first, contextlib.closing(open_database(patient)) as second:
        with first.write() as connection:
            connection.execute(update(instance).values(revision=1))
            with elsewhere(lambda: raise_revision(second)) as raised:
                pass_on = threading.Event()
                assert not pass_on.wait(0.05)
                connection.commit()
        assert raised == []
        assert revision(first) == 2


def test_a_write_locks_when_it_begins_and_so_never_fails_halfway(sqlite: Database, tmp_path: Path) -> None:
    """SQLite would else refuse the first write after a read with SQLITE_BUSY_SNAPSHOT, however long one may wait."""
    with contextlib.closing(engines.open_sqlite(tmp_path / "instance", busy_s=0.1, queue=2)) as other:
        with sqlite.write() as connection:
            connection.execute(select(instance.c.revision)).one()
            with pytest.raises(DatabaseBusy):
                raise_revision(other)
            connection.execute(update(instance).values(revision=1))
        with sqlite.write_activity() as connection:
            fetches(connection)
            with pytest.raises(DatabaseBusy), other.write_activity():
                pass
            connection.execute(insert(provider_fetches).values(FETCH))


def test_a_writer_in_the_same_process_waits_for_its_turn_and_not_for_ever(database: Database) -> None:
    with database.write() as connection:
        connection.execute(update(instance).values(revision=1))
        started = time.monotonic()
        with elsewhere(lambda: raise_revision(database)) as raised:
            time.sleep(0.4)
        assert time.monotonic() - started < 5
        assert isinstance(raised[0], DatabaseBusy)
    raise_revision(database)
    assert revision(database) == 2


def test_more_writers_than_may_wait_are_refused_at_once(templates: Templates, tmp_path: Path) -> None:
    with templates.settings("sqlite", tmp_path / "instance") as settings:
        patient = settings.model_copy(update={"database_busy_s": 20, "writer_queue": 2})
        with contextlib.closing(open_database(patient)) as database:
            with contextlib.ExitStack() as waiting, database.write() as connection:
                connection.execute(update(instance).values(revision=1))
                raised = [waiting.enter_context(elsewhere(lambda: raise_revision(database))) for _ in range(5)]
                deadline = time.monotonic() + 10
                while sum(map(len, raised)) < 3 and time.monotonic() < deadline:
                    time.sleep(0.01)
                refused = [error for errors in raised for error in errors]
                assert [type(error) for error in refused] == [DatabaseBusy] * 3
                connection.commit()
            assert revision(database) == 3


def _write_many(settings: Settings, turns: int, failures: Any) -> None:
    database = open_database(settings)
    for _ in range(turns):
        try:
            raise_revision(database)
        except DatabaseBusy:
            failures.put("busy")
        except Exception as error:
            failures.put(repr(error))
    database.close()


def test_many_writers_of_two_processes_lose_nothing(settings: Settings) -> None:
    patient = settings.model_copy(update={"database_busy_s": 20})
    context = multiprocessing.get_context("spawn")
    failures = context.SimpleQueue()
    other = context.Process(target=_write_many, args=(patient, 20, failures))
    other.start()
    with contextlib.closing(open_database(patient)) as database:
        with contextlib.ExitStack() as threads:
            raised = [threads.enter_context(elsewhere(lambda: raise_revision(database))) for _ in range(20)]
        other.join()
        found = [] if failures.empty() else [failures.get()]
        assert (raised, found) == ([[]] * 20, [])
        assert revision(database) == 40


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
    words = {"model_id": "m", "display_name": "m", "task": "chat", "facts": "{}", "source": "manual"}
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(insert(models).values({**row, **words}))


def test_all_readers_in_use_is_told_as_busy(templates: Templates, tmp_path: Path, kind: Kind) -> None:
    with templates.settings(kind, tmp_path / "instance") as settings:
        url = settings.database_url
        if url is None:
            few = engines.open_sqlite(tmp_path / "instance", busy_s=1, queue=1, readers=8, wait_s=0.05)
        else:
            few = engines.open_postgres(url.get_secret_value(), busy_s=1, pool=8, wait_s=0.05)
        with contextlib.closing(few), contextlib.ExitStack() as busy:
            for _ in range(8):
                busy.enter_context(few.read())
            with pytest.raises(DatabaseBusy, match="in use"), few.read():
                pass


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


def test_health_is_written_by_several_at_once(database: Database) -> None:
    """The first test and the first benchmark of a model may end in the same moment."""
    from model_lineup.catalog.store import health

    ready = threading.Barrier(8)

    def record() -> None:
        ready.wait()
        with database.write_activity() as connection:
            health.record_test(connection, 1, passed=True, last_test="{}")

    with contextlib.ExitStack() as threads:
        raised = [threads.enter_context(elsewhere(record)) for _ in range(8)]
    assert [error for errors in raised for error in errors if not isinstance(error, DatabaseBusy)] == []
    with database.read() as connection:
        assert len(connection.execute(select(model_health)).all()) == 1


def test_a_file_that_was_moved_away_is_out_of_reach_and_does_not_come_back_empty(tmp_path: Path) -> None:
    with contextlib.closing(open_database(Settings.model_validate({"data_dir": tmp_path}))) as database:
        (tmp_path / "lineup.db").rename(tmp_path / "elsewhere")
        with pytest.raises(Unavailable), database.read():
            pass
        assert not (tmp_path / "lineup.db").exists()
        (tmp_path / "elsewhere").rename(tmp_path / "lineup.db")
        with database.read() as connection:
            assert connection.execute(select(instance.c.revision)).all() == []
