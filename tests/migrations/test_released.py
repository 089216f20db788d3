"""The tables of every version that was ever released come up to this one's and go back, and no row is another one."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, Engine, select

from model_lineup.catalog.tables import stated_facts
from model_lineup.database import engines
from model_lineup.database.metadata import dump
from model_lineup.journal.tables import change_contents
from model_lineup.migrations import upgrade
from model_lineup.operations import store
from tests.migrations.make_released import RELEASED

Rows = dict[str, tuple[list[str], list[str]]]


def loaded(name: str, folder: Path) -> Engine:
    for file in ("lineup", "activity"):
        with sqlite3.connect(folder / f"{file}.db") as database:
            database.executescript((RELEASED / name / f"{file}.sql").read_text("utf-8"))
        database.close()
    return engines.open_sqlite_for_migration(folder)


def rows(connection: Connection) -> Rows:
    """Table → its columns, and every row of it as text."""
    return {
        table.fullname: (
            [column.name for column in table.columns],
            sorted(repr(tuple(row)) for row in connection.execute(select(table))),
        )
        for table in store.tables(connection)
        if table.name != store.VERSIONS
    }


def kept(before: Rows, connection: Connection) -> Rows:
    """The same columns of the same tables as they are now; entries and facts stand together now."""
    now = {table.fullname: table for table in store.tables(connection)}

    def found(name: str, columns: list[str]) -> Iterator[tuple[Any, ...]]:
        if name == "change_entries":
            for change_id, entries in connection.execute(
                select(change_contents.c.change_id, change_contents.c.entries)
            ):
                yield from ((change_id, *entry) for entry in json.loads(entries))
        elif name == "model_facts":
            for row, source, facts in connection.execute(select(*stated_facts.c)):
                yield from ((row, field, source, dump(said), at) for field, (said, at) in json.loads(facts).items())
        else:
            yield from map(tuple, connection.execute(select(*(now[name].c[column] for column in columns))))

    return {name: (columns, sorted(map(repr, found(name, columns)))) for name, (columns, _) in before.items()}


@pytest.mark.parametrize("name", sorted(folder.name for folder in RELEASED.iterdir()))
def test_a_released_version_goes_up_and_down_and_up(name: str, tmp_path: Path) -> None:
    engine = loaded(name, tmp_path)
    with engine.begin() as connection:
        before, versions = rows(connection), upgrade.stored_versions(connection)
    assert sum(len(found) for _, found in before.values()) > 15, "there is something to be lost"
    upgrade.migrate(engine)
    with engine.begin() as connection:
        assert kept(before, connection) == before
        up = rows(connection)
        for branch in upgrade.BRANCHES:
            version = versions[branch.name]
            assert version is not None
            command.downgrade(upgrade.alembic_config(connection, branch), version)
    with engine.begin() as connection:
        assert rows(connection) == before
    upgrade.migrate(engine)
    with engine.begin() as connection:
        assert rows(connection) == up
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    engine.dispose()
