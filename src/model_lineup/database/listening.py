"""Being told by PostgreSQL that the configuration was written, sooner than the next look finds out.

A hint and no more: notifications get lost where a connection breaks, and none come through a pooler that hands one
connection to many clients. So whether they do is tried when listening begins, and whoever follows goes on looking.
docs/decisions/0053-replicas-on-postgresql.md.
"""

import contextlib
import random
import threading
from collections.abc import Callable, Iterator
from typing import Any, Literal

from sqlalchemy import Connection, Engine, func, select

from model_lineup.clock import tick
from model_lineup.database.engines import Database, postgres_engine
from model_lineup.telemetry import log

CHANNEL = "lineup"
"""Channels belong to one database, and so does a Lineup."""
TEST_S = 2.0
_PIECE_S = 0.2
"""Between two looks whether this is to end."""
_HEARTBEAT_S = 15.0
_AGAIN_S, _AGAIN_AT_MOST_S = 1.0, 60.0

State = Literal["testing", "ok", "polling"]


def tell(connection: Connection, revision: int) -> None:
    """In the transaction that made this revision; who listens hears it after the commit. SQLite needs none."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_notify(CHANNEL, str(revision)))).close()


def comes_through(database: Database) -> bool:
    """Whether a notification that another connection sends arrives. Raises what the driver does."""
    engine = _engine(database)
    try:
        with _listening(engine) as driver:
            return _heard(database, driver)
    finally:
        engine.dispose()


class Listener:
    """A thread with a connection of its own, from `start` to `close`. `hint` is called in it, now and then for nothing.

    A connection that breaks is made anew after a pause that grows; until then `state` is `polling`.
    """

    def __init__(self, database: Database, hint: Callable[[], None]) -> None:
        self.state: State = "testing"
        self._database = database
        self._hint = hint
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self, *, wait_s: float = 5.0) -> None:
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join(wait_s)

    def _run(self) -> None:
        engine, pause_s = _engine(self._database), _AGAIN_S
        try:
            while not self._closed.is_set():
                # Whatever it is: looking goes on, and this is tried again.
                with contextlib.suppress(Exception), _listening(engine) as driver:
                    if _heard(self._database, driver):
                        pause_s = _AGAIN_S
                        self._serve(driver)
                    else:
                        pause_s = _AGAIN_AT_MOST_S  # the network is as it is
                self._say("polling")
                self._closed.wait(pause_s * random.uniform(0.8, 1.2))  # noqa: S311  # nosec B311
                pause_s = min(2 * pause_s, _AGAIN_AT_MOST_S)
        finally:
            engine.dispose()

    def _serve(self, driver: Any) -> None:
        """Until it is closed. Raises what the driver does when the connection breaks."""
        self._say("ok")
        self._hint()  # what was written before it listened
        asked_at = tick()
        while not self._closed.is_set():
            for _ in driver.notifies(timeout=_PIECE_S, stop_after=1):
                self._hint()
            if tick() - asked_at > _HEARTBEAT_S:  # else a dead connection would be a quiet one
                driver.execute("SELECT 1").close()
                asked_at = tick()

    def _say(self, state: State) -> None:
        if state != self.state and not self._closed.is_set():
            self.state = state
            log().info("notifications of the database", state=state)


def _engine(database: Database) -> Engine:
    return postgres_engine(database.address, pool=1, silence_s=database.silence_s)


@contextlib.contextmanager
def _listening(engine: Engine) -> Iterator[Any]:
    """The driver's connection, closed afterwards: a kept one would go on hearing."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        try:
            connection.exec_driver_sql(f"LISTEN {CHANNEL}").close()
            yield connection.connection.driver_connection
        finally:
            connection.invalidate()


def _heard(database: Database, driver: Any) -> bool:
    """Another connection has to send it: what the same one sends would come back through any pooler."""
    with database.write_activity() as connection:
        connection.execute(select(func.pg_notify(CHANNEL, "test"))).close()
    return any(True for _ in driver.notifies(timeout=TEST_S, stop_after=1))
