"""What can be said of a database without knowing what is in it; for `lineup doctor`."""

from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from model_lineup.clock import tick
from model_lineup.database.engines import Database

SAFE_SQLITE = (3, 51, 3)
"""Older ones can damage a WAL that several processes write (docs/decisions/0002)."""


_STEPS = 500
"""Pages, or steps of SQLite's machine, between two looks at the clock: a millisecond or less."""


def version(database: Database) -> str:
    """`SQLite 3.51.3` or `PostgreSQL 18.1`."""
    statement, name = (
        ("SELECT sqlite_version()", "SQLite") if database.is_sqlite else ("SHOW server_version", "PostgreSQL")
    )
    with database.read() as connection:
        return f"{name} {str(connection.execute(text(statement)).scalar_one()).split()[0]}"


def damage_found_in_time(database: Database, limit_s: float) -> list[str] | None:
    """The same, in both files together no longer than this; None when it could not be ended in time."""
    if not database.is_sqlite:
        return []
    until = tick() + limit_s
    with database.read() as connection:
        driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(lambda: int(tick() > until), _STEPS)
        try:
            return _damage(connection)
        except OperationalError as error:
            if "interrupted" in str(error.orig):
                return None
            raise
        finally:
            driver.set_progress_handler(None, 0)


def damage(database: Database) -> list[str]:
    """What SQLite's quick check finds in both files; PostgreSQL checks its pages whenever it reads them."""
    if not database.is_sqlite:
        return []
    with database.read() as connection:
        return _damage(connection)


def broken_references(database: Database) -> dict[str, int]:
    """Rows whose foreign key refers to nothing, by table; PostgreSQL lets none in."""
    if not database.is_sqlite:
        return {}
    found: dict[str, int] = {}
    with database.read() as connection:
        for check in ("PRAGMA main.foreign_key_check", "PRAGMA activity.foreign_key_check"):
            for row in connection.execute(text(check)):
                found[str(row[0])] = found.get(str(row[0]), 0) + 1
    return found


def _damage(connection: Connection) -> list[str]:
    checks = ("PRAGMA main.quick_check", "PRAGMA activity.quick_check")
    found = [str(line) for check in checks for line in connection.execute(text(check)).scalars()]
    return [line for line in found if line != "ok"]
