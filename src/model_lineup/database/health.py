"""What can be said of a database without knowing what is in it; for `lineup doctor`."""

from sqlalchemy import text

from model_lineup.database.engines import Database

SAFE_SQLITE = (3, 51, 3)
"""Older ones can damage a WAL that several processes write (docs/decisions/0002)."""


def version(database: Database) -> str:
    """`SQLite 3.51.3` or `PostgreSQL 18.1`."""
    statement, name = (
        ("SELECT sqlite_version()", "SQLite") if database.is_sqlite else ("SHOW server_version", "PostgreSQL")
    )
    with database.read() as connection:
        return f"{name} {str(connection.execute(text(statement)).scalar_one()).split()[0]}"


def damage(database: Database) -> list[str]:
    """What SQLite's quick check finds in both files; PostgreSQL checks its pages whenever it reads them."""
    if not database.is_sqlite:
        return []
    checks = ("PRAGMA main.quick_check", "PRAGMA activity.quick_check")
    with database.read() as connection:
        found = [str(line) for check in checks for line in connection.execute(text(check)).scalars()]
    return [line for line in found if line != "ok"]
