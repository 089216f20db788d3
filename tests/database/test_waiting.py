"""Writers and readers who have to wait: for whom, how long, and what they are told when it takes too long."""

import contextlib
import multiprocessing
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from model_lineup.app import open_database
from model_lineup.catalog.tables import model_health, provider_fetches
from model_lineup.database import engines
from model_lineup.database.engines import Database
from model_lineup.database.tables import instance
from model_lineup.errors import DatabaseBusy
from model_lineup.settings import Settings
from tests.database.conftest import FETCH, elsewhere, fetches, raise_revision, revision
from tests.fakes.counts import patient
from tests.fakes.instances import Kind, Templates


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
            pass
        assert time.monotonic() - started < patient(5)
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
                deadline = time.monotonic() + 15
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
