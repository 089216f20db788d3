"""The tables of every version that was ever released come up to this one's and go back, and no row is another one."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, Engine, FromClause, select

from model_lineup.catalog.tables import effective_facts, stated_facts
from model_lineup.database import engines
from model_lineup.database.metadata import dump
from model_lineup.journal.tables import change_contents
from model_lineup.migrations import upgrade
from model_lineup.operations import store
from tests.migrations.make_released import RELEASED

ENTRY = ("change_id", "position", "entity", "entity_id", "label", "before", "after")
FACT = ("model_row", "field", "source", "value", "at")
Rows = dict[str, tuple[list[str], list[str]]]


def loaded(name: str, folder: Path) -> Engine:
    for file in ("lineup", "activity"):
        with sqlite3.connect(folder / f"{file}.db") as database:
            database.executescript((RELEASED / name / f"{file}.sql").read_text("utf-8"))
        database.close()
    return engines.open_sqlite_for_migration(folder)


def rows(connection: Connection) -> Rows:
    """Table → its columns by name (one that came back stands last), and every row of it as text."""
    by_name = {
        table.fullname: sorted(table.columns, key=lambda column: column.name)
        for table in store.tables(connection)
        if table.name != store.VERSIONS
    }
    return {
        name: (
            [column.name for column in columns],
            sorted(repr(tuple(row)) for row in connection.execute(select(*columns))),
        )
        for name, columns in by_name.items()
    }


def picked(names: tuple[str, ...], values: tuple[Any, ...], columns: list[str]) -> tuple[Any, ...]:
    found = dict(zip(names, values, strict=True))
    return tuple(found[column] for column in columns)


def kept(before: Rows, connection: Connection) -> Rows:
    """The same columns of the same tables as they are now; entries and facts stand elsewhere now."""
    now = {table.fullname: table for table in store.tables(connection)}

    def found(name: str, columns: list[str]) -> Iterator[tuple[Any, ...]]:
        if name == "change_entries":
            for change_id, entries in connection.execute(
                select(change_contents.c.change_id, change_contents.c.entries)
            ):
                yield from (picked(ENTRY, (change_id, *entry), columns) for entry in json.loads(entries))
        elif name == "model_facts":
            for row, source, facts in connection.execute(select(*stated_facts.c)):
                for field, (said, at) in json.loads(facts).items():
                    yield picked(FACT, (row, field, source, dump(said), at), columns)
        else:
            of = now[name]
            beside: dict[str, Any] = dict(of.c)
            there: FromClause = of
            if "facts" in columns and "facts" not in beside:
                beside["facts"] = effective_facts.c.facts
                there = of.join(effective_facts, effective_facts.c.model_row == of.c.id)
            query = select(*(beside[column] for column in columns)).select_from(there)
            yield from map(tuple, connection.execute(query))

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
