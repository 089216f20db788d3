"""A copy holds every row of every table as it was, on the other database; or nothing is left of it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Table, insert, select

from model_lineup.app import open_database, open_instance
from model_lineup.database import engines
from model_lineup.errors import LineupError, OperationRefused, StartRefused
from model_lineup.migrations import upgrade
from model_lineup.operations import moving, store
from model_lineup.operations.places import Place, place_of, source_of
from model_lineup.settings import Settings
from tests.fakes.clock import ManualClock
from tests.fakes.desk import Desk
from tests.fakes.instances import Kind, Templates
from tests.operations.filling import TABLES, fill

SECRET = "sk-canary-0123456789"


def everything(place: Place) -> dict[str, list[Any]]:
    """All rows, by table, and the last id of each."""
    with source_of(place) as connection:
        last_ids = {one.fullname: store._last_id(connection, one) for one in store.tables(connection)}
        return {table.fullname: [*rows(connection, table), last_ids[table.fullname]] for table in TABLES}


def rows(connection: Connection, table: Table) -> list[Any]:
    return sorted((tuple(row) for row in connection.execute(select(table))), key=repr)


@pytest.fixture
def filled(tmp_path: Path) -> Place:
    folder = tmp_path / "filled"
    folder.mkdir()
    opened = open_database(Settings.model_validate({"data_dir": folder}))
    with contextlib.closing(opened) as database, database._writer.begin() as connection:
        store.check_references_at_the_end(connection)
        fill(connection)
        connection.execute(TABLES[-1].delete())  # a table may be empty
    return place_of(str(folder))


@pytest.fixture
def place(kind: Kind, templates: Templates, tmp_path: Path) -> Iterator[Place]:
    """A Lineup with a provider that has a key, and a model."""
    with templates.settings(kind, tmp_path / "instance") as settings:
        with open_instance(settings, clock=ManualClock()) as rooms:
            desk = Desk(rooms)
            desk.model(desk.provider(api_key=SECRET), "m", visible=True)
        yield _place(settings)


def _place(settings: Settings) -> Place:
    url = settings.database_url
    return place_of(str(settings.data_dir) if url is None else url.get_secret_value())


def test_every_row_of_every_table_goes_to_postgresql_and_back(filled: Place, postgres_url: str, tmp_path: Path) -> None:
    before = everything(filled)
    assert [name for name, found in before.items() if len(found) == 1] == [TABLES[-1].fullname]
    told: dict[str, int] = {}
    there = place_of(postgres_url)
    done = moving.copy(filled, there, tell=told.__setitem__)
    assert done.rows == told == {name: len(found) - 1 for name, found in before.items()}
    assert everything(there) == before
    back = place_of(f"sqlite:{tmp_path / 'back'}")
    assert moving.copy(there, back).rows == done.rows
    assert everything(back) == before == everything(filled)


def test_a_copy_is_the_same_lineup_under_the_same_ring(
    place: Place, kind: Kind, postgres_url: str, tmp_path: Path
) -> None:
    other = Settings.model_validate(
        {"data_dir": tmp_path / "other", "database_url": postgres_url if kind == "sqlite" else None}
    )
    done = moving.copy(place, _place(other))
    assert len(done.keys) == 1
    other.data_dir.mkdir(exist_ok=True)
    (other.data_dir / "keyring.json").write_bytes((tmp_path / "instance" / "keyring.json").read_bytes())
    (other.data_dir / "keyring.json").chmod(0o600)
    with open_instance(other, clock=ManualClock()) as rooms:
        assert rooms.providers.endpoint(1).api_key == SECRET
        desk = Desk(rooms)
        assert (desk.ids(), desk.revision()) == (["m"], done.revision)
        assert desk.model(1, "next").id == 2, "ids go on where they were"


def refused(error: type[LineupError], match: str, source: Place, target: Place, **more: Any) -> None:
    with pytest.raises(error, match=match):
        moving.copy(source, target, **more)


def test_a_target_that_holds_a_lineup_is_left_alone(place: Place, filled: Place) -> None:
    before = everything(place)
    for dry_run in (True, False):
        refused(OperationRefused, "holds a Lineup already", filled, place, dry_run=dry_run)
    assert everything(place) == before


def test_who_is_in_use_is_not_copied(place: Place, kind: Kind, tmp_path: Path, templates: Templates) -> None:
    settings = Settings.model_validate({"data_dir": place.folder or tmp_path / "instance", "database_url": place.url})
    target = place_of(str(tmp_path / "target"))
    with open_instance(settings, clock=ManualClock()):
        refused(StartRefused, "running on", place, target)
    assert not (tmp_path / "target").exists()
    assert moving.copy(place, target, dry_run=True).revision == 2


def test_a_rehearsal_counts_and_writes_nothing(filled: Place, postgres_url: str, tmp_path: Path) -> None:
    folder = place_of(str(tmp_path / "new"))
    for target in (folder, place_of(postgres_url)):
        done = moving.copy(filled, target, dry_run=True)
        assert done.dry_run
        assert sum(done.rows.values()) > len(TABLES)
        refused(OperationRefused, "no ", target, place_of(str(tmp_path / "newer")))
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_copy_that_differs_is_none_and_the_next_one_succeeds(
    kind: Kind, filled: Place, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = place_of(str(tmp_path / "new") if kind == "sqlite" else postgres_url)
    real = store._add

    def lossy(connection: Connection, each: Any, some: Any) -> None:
        real(connection, each, some[1:] if each.name == "aliases" else some)

    with monkeypatch.context() as broken:
        broken.setattr(store, "_add", lossy)
        refused(OperationRefused, r"The copy of aliases differs from the original \(3 rows, 2 copied\)", filled, target)
    refused(OperationRefused, "no ", target, place_of(str(tmp_path / "newer")))
    if target.folder is None:
        return  # its transaction was rolled back
    (target.folder / ".lineup-restore-of-one-that-was-killed").mkdir()
    moving.copy(filled, target)
    assert everything(target) == everything(filled)
    assert {one.name for one in target.folder.iterdir()} == {"lineup.db", "activity.db", "lineup.lock"}


def test_one_value_that_is_another_is_noticed(filled: Place) -> None:
    with source_of(filled) as connection:
        aliases = next(one for one in store.tables(connection) if one.name == "aliases")
        before = store.digest(connection, aliases)
    assert filled.folder is not None
    engine = engines.open_sqlite_for_migration(filled.folder)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE aliases SET description = description || ' ' WHERE id = 2")
        after = store.digest(connection, aliases)
    engine.dispose()
    assert (after.rows, after.last_id) == (before.rows, before.last_id)
    assert after.sum != before.sum


def test_tables_of_an_older_lineup_are_brought_up_to_date_first(tmp_path: Path, postgres_url: str) -> None:
    folder = tmp_path / "old"
    folder.mkdir()
    engine = engines.open_sqlite_for_migration(folder)
    with engine.begin() as connection:
        upgrade.make_as_of(connection, {branch.name: branch.versions[-2] for branch in upgrade.BRANCHES})
        instance = next(one for one in store.tables(connection) if one.name == "instance")
        connection.execute(insert(instance).values(id=1, revision=0, canary="", created_at=0))
    engine.dispose()
    refused(OperationRefused, "of an older Lineup", place_of(str(folder)), place_of(postgres_url))


def test_an_address_is_a_folder_a_postgresql_or_a_variable_and_its_password_is_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NEW_URL", "postgresql://lineup:canary-pw@db.example/lineup")
    found = place_of("env:NEW_URL")
    assert (found.kind, found.name) == ("PostgreSQL", "db.example/lineup")
    for said, folder in (("data", "data"), ("sqlite:data", "data"), ("sqlite:///data", "/data")):
        assert place_of(said).folder == Path(folder)
    for wrong in ("env:NOT_SET", "mysql://host/db", "sqlite://host/data", "sqlite:", ""):
        with pytest.raises(OperationRefused):
            place_of(wrong)
