"""Copying an instance from one database to another, SQLite or PostgreSQL: every row as it is, all or nothing.

Nobody works with either of them meanwhile. Afterwards every table of the copy is read again and compared with what it
was copied from; only then does the copy stand where it was to be. Secrets stay sealed as they are, so the copy needs
the same key ring.
"""

import contextlib
import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection

from model_lineup.database import engines, holding
from model_lineup.errors import OperationRefused
from model_lineup.migrations import upgrade
from model_lineup.operations import store, swap
from model_lineup.operations.archive import DATABASES
from model_lineup.operations.places import Place, source_of, target_in_postgres

Tell = Callable[[str, int], None]
"""Is told of each table when it is copied: its name, and how many rows it has."""


@dataclass(slots=True)
class Copied:
    """`rows`: by table. `keys`: the ids of the key ring's keys that its secrets are sealed under."""

    source: str
    target: str
    revision: int
    dry_run: bool
    rows: dict[str, int] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)


def copy(source: Place, target: Place, *, dry_run: bool = False, tell: Tell = lambda _table, _rows: None) -> Copied:
    """Raises OperationRefused where a copy would not be one, StartRefused where somebody is at work. Then, and wherever
    it is killed, the target is as empty as before.
    """
    with source_of(source) as rows:
        _refuse_other_tables(rows, source)
        done = Copied(source.name, target.name, store.revision(rows), dry_run, keys=store.keys_in_use(rows))
        with _empty(target, dry_run=dry_run) as connection:
            if connection is None:
                done.rows = store.rows(rows)
            else:
                store.copy(rows, connection, tell=tell)
                done.rows = _compared(rows, connection)
    return done


def _refuse_other_tables(connection: Connection, source: Place) -> None:
    """The copy is made of this version's tables."""
    versions = upgrade.stored_versions(connection)
    if not any(versions.values()):
        raise OperationRefused(f"There is no Lineup in {source.name}, so nothing to copy.")
    if upgrade.pending(connection):
        raise OperationRefused(
            f"The tables of {source.name} are of an older Lineup. Start this one on it once, which brings them up to "
            "date, then repeat."
        )


def _compared(source: Connection, target: Connection) -> dict[str, int]:
    """How many rows each table has, equal on both sides in number, content and next row id. Raises OperationRefused."""
    found = {}
    for each in store.tables(source):
        if each.name == store.VERSIONS:
            continue
        before, after = store.digest(source, each), store.digest(target, each)
        if before != after:
            raise OperationRefused(
                f"The copy of {each.fullname} differs from the original ({before.rows} rows, {after.rows} copied), so "
                "nothing was kept of it. Is anything else writing to either database?"
            )
        found[each.fullname] = before.rows
    return found


@contextlib.contextmanager
def _empty(target: Place, *, dry_run: bool) -> Iterator[Connection | None]:
    """This version's tables with nothing in them, kept when the block ends well; None where it is a rehearsal."""
    if target.url is not None:
        with target_in_postgres(target.url, target.name) as connection:
            if any(upgrade.stored_versions(connection).values()):
                raise _not_empty(target)
            if dry_run:
                yield None
                return
            upgrade.apply(connection)
            yield connection
            store.gather_statistics(connection)
        return
    with _empty_folder(target, dry_run=dry_run) as made:
        yield made


@contextlib.contextmanager
def _empty_folder(target: Place, *, dry_run: bool) -> Iterator[Connection | None]:
    folder = target.folder or Path()
    if any((folder / name).exists() for name in DATABASES):
        raise _not_empty(target)
    if dry_run:
        yield None
        return
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with holding.alone(folder):
        swap.carry_out(folder)
        swap.clear_away(folder)
        if any((folder / name).exists() for name in DATABASES):
            raise _not_empty(target)
        new = Path(tempfile.mkdtemp(prefix=swap.NEW, dir=folder))
        try:
            with _filled(new) as connection:
                yield connection
            swap.replace(folder, swap.Plan(new=new.name, old=_free(folder)))
        finally:
            if not swap.is_planned(folder):
                shutil.rmtree(new, ignore_errors=True)


@contextlib.contextmanager
def _filled(folder: Path) -> Iterator[Connection]:
    engine = engines.open_sqlite_for_migration(folder)
    try:
        upgrade.migrate(engine)
        with engine.begin() as connection:
            store.check_references_at_the_end(connection)
            yield connection
    finally:
        engine.dispose()


def _free(folder: Path) -> str:
    """A name for what there was before: nothing."""
    return next(name for number in itertools.count() if not (folder / (name := f"before-copy-{number}")).exists())


def _not_empty(target: Place) -> OperationRefused:
    return OperationRefused(
        f"{target.name} holds a Lineup already, and a copy replaces nothing. Name an empty one; what is in this one "
        "`lineup backup` keeps."
    )
