"""Copies of both databases as SQLite files, of one moment, beside whatever goes on.

SQLite's own backup takes its pages through a read transaction, never the file: a file that is copied lacks what is in
its log, and opening it beside SQLite drops SQLite's locks. Nobody waits for it.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from model_lineup import durable
from model_lineup.database import engines
from model_lineup.errors import OperationRefused
from model_lineup.migrations import upgrade
from model_lineup.operations import store
from model_lineup.operations.archive import DATABASES

_BUSY_S = 60.0
_ATTEMPTS = 10_000


def of_sqlite(folder: Path, into: Path) -> None:
    """Raises OperationRefused."""
    source = engines.open_sqlite(folder, busy_s=_BUSY_S, queue=1, readers=1)
    with contextlib.closing(source), _one_moment(folder, source) as connection:
        driver: Any = connection.connection.driver_connection
        for schema, name in zip(("main", "activity"), DATABASES, strict=True):
            target = into / name
            durable.make_private(target)
            copied = engines.sqlite_module().connect(str(target))
            try:
                copied.execute("PRAGMA synchronous = OFF")  # a copy that a power cut tears is made again
                driver.backup(copied, name=schema)
            finally:
                copied.close()


def of_postgres(source: Engine, into: Path) -> None:
    """Every row, read in one transaction that sees one moment."""
    reader = source.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with reader.begin() as connection:
        of_rows(connection, into)


def of_rows(source: Connection, into: Path) -> None:
    """The same in a transaction of the caller's."""
    versions = upgrade.stored_versions(source)
    if not any(versions.values()):
        raise OperationRefused("There is no Lineup in the database of LINEUP_DATABASE_URL.")
    made = engines.open_sqlite_for_migration(into)
    try:
        with made.begin() as target:
            upgrade.make_as_of(target, versions)
            store.check_references_at_the_end(target)
            store.copy(source, target)
    finally:
        made.dispose()


@contextlib.contextmanager
def _one_moment(folder: Path, source: engines.Database) -> Iterator[Connection]:
    """A read of both files as they were at the same time.

    It sees the one as it was a moment before the other. So it is begun again until nobody has committed to `lineup.db`
    meanwhile, which a third connection tells. Nobody has to wait for that: to hold both write locks at once could take
    for ever beside somebody who writes all the time, with everybody else waiting.
    """
    watch = engines.sqlite_module().connect(str(folder / DATABASES[0]), timeout=_BUSY_S, isolation_level=None)
    with contextlib.closing(watch):
        for _ in range(_ATTEMPTS):
            before = watch.execute("PRAGMA data_version").fetchone()
            with source.read() as connection:
                if watch.execute("PRAGMA data_version").fetchone() == before:
                    yield connection
                    return
    raise OperationRefused("The configuration is being written to all the time. Try again.")
