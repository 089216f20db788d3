"""A table that is gone for a while, so that the server meets what it does not expect."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg


@contextmanager
def damaged(data_dir: Path, postgres_url: str | None, table: str) -> Iterator[None]:
    """The table of the configuration has another name until the block ends."""
    _rename(data_dir, postgres_url, table, f"{table}_away")
    try:
        yield
    finally:
        _rename(data_dir, postgres_url, f"{table}_away", table)


def _rename(data_dir: Path, postgres_url: str | None, old: str, new: str) -> None:
    statement = f'ALTER TABLE "{old}" RENAME TO "{new}"'
    if postgres_url is not None:
        with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(statement.encode())
        return
    with closing(sqlite3.connect(data_dir / "lineup.db", timeout=10)) as file:
        file.execute(statement)
