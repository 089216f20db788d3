"""PostgreSQL tells of changes; whether that comes through is tried, and what is lost costs nothing but time."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from model_lineup.database import engines, listening
from model_lineup.database.engines import Database
from model_lineup.database.listening import Listener, State
from model_lineup.errors import Unavailable
from tests.fakes.cable import cable

PATIENCE_S = 60


@contextlib.contextmanager
def opened(url: str, *, silence_s: float = 30) -> Iterator[Database]:
    with contextlib.closing(engines.open_postgres(url, busy_s=1, pool=2, silence_s=silence_s)) as database:
        with database.write() as connection:
            connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS written (n int)")
        yield database


@contextlib.contextmanager
def listening_on(database: Database) -> Iterator[tuple[Listener, threading.Event]]:
    """A listener, and what is set when it hears something."""
    heard = threading.Event()
    with contextlib.closing(Listener(database, heard.set)) as listener:
        listener.start()
        yield listener, heard


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def becomes(listener: Listener, state: State) -> None:
    until(lambda: listener.state == state)


def write(database: Database, *, fails: bool = False) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("INSERT INTO written VALUES (1)")
        listening.tell(connection, 1)
        if fails:
            raise ValueError


def test_what_is_committed_is_heard(postgres_url: str) -> None:
    with opened(postgres_url) as database, listening_on(database) as (listener, heard):
        becomes(listener, "ok")
        assert heard.wait(PATIENCE_S), "there may have been something before it listened"
        for _ in range(2):
            heard.clear()
            write(database)
            assert heard.wait(PATIENCE_S)
    assert not listener._thread.is_alive()


def test_what_is_rolled_back_is_not_heard(postgres_url: str) -> None:
    with opened(postgres_url) as database, listening_on(database) as (listener, heard):
        becomes(listener, "ok")
        assert heard.wait(PATIENCE_S)
        heard.clear()
        with pytest.raises(ValueError):
            write(database, fails=True)
        assert not heard.wait(0.3)


def test_through_a_pooler_it_is_said_that_nothing_comes(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "TEST_S", 0.2)
    with cable(postgres_url, deaf=True) as pooler, opened(pooler.url) as database:
        assert not listening.comes_through(database)
        with listening_on(database) as (listener, _):
            becomes(listener, "polling")
    with opened(postgres_url) as database:
        assert listening.comes_through(database)


def test_a_connection_that_breaks_is_made_anew(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "_AGAIN_S", 0.01)
    with (
        cable(postgres_url) as between,
        opened(between.url) as database,
        listening_on(database) as (listener, heard),
    ):
        becomes(listener, "ok")
        between.cut()
        becomes(listener, "polling")
        heard.clear()
        between.mend()
        becomes(listener, "ok")
        assert heard.wait(PATIENCE_S), "what was written meanwhile is looked for"


def test_a_database_that_falls_silent_is_out_of_reach(postgres_url: str) -> None:
    with cable(postgres_url) as between, opened(between.url, silence_s=0.3) as database:
        with pytest.raises(Unavailable):
            answers(database, before=between.hold)
        between.mend()
        until(lambda: reachable(database))


def reachable(database: Database) -> bool:
    try:
        answers(database)
    except Unavailable:
        return False
    return True


def answers(database: Database, *, before: Callable[[], None] = lambda: None) -> None:
    with database.read() as connection:
        before()
        assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1
