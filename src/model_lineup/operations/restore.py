"""Putting a backup in the place of what is there: checked first, brought up to date, made safe, then all at once."""

import contextlib
import itertools
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from model_lineup.clock import Clock
from model_lineup.database import engines, holding
from model_lineup.database.engines import Database
from model_lineup.errors import LineupError, OperationRefused, StartRefused
from model_lineup.migrations import upgrade
from model_lineup.operations import archive, backup, copies, rings, store, swap
from model_lineup.operations.archive import DATABASES, Manifest
from model_lineup.operations.store import Earlier
from model_lineup.operations.withdrawal import Told, withdraw
from model_lineup.settings import Settings


@dataclass(frozen=True, slots=True)
class Wanted:
    """`replace`: there may be an instance, which is kept beside. `without_keys`: the key ring may be another one."""

    replace: bool = False
    without_keys: bool = False
    revoke_keys: bool = False


@dataclass(frozen=True, slots=True)
class Restored:
    """`kept`: where that is now what was there before."""

    manifest: Manifest
    told: Told
    kept: Path | None


@dataclass(frozen=True, slots=True)
class _Task:
    path: Path
    settings: Settings
    clock: Clock
    wanted: Wanted
    kept: Path


def restore(path: Path, settings: Settings, clock: Clock, wanted: Wanted) -> Restored:
    """Raises StartRefused while a Lineup runs there, OperationRefused for whatever else stands against it. Then, and
    wherever it is killed, everything is as it was, or everything is restored.
    """
    data_dir = settings.data_dir
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    task = _Task(path, settings, clock, wanted, _free(data_dir / f"before-restore-{clock.now():%Y-%m-%dT%H-%M-%SZ}"))
    with holding.alone(data_dir):
        swap.carry_out(data_dir)
        swap.clear_away(data_dir)
        folder = Path(tempfile.mkdtemp(prefix=swap.NEW, dir=data_dir))
        try:
            return _of_sqlite(task, folder) if settings.database_url is None else _of_postgres(task, folder)
        finally:
            if not swap.is_planned(data_dir):
                shutil.rmtree(folder, ignore_errors=True)


def _of_sqlite(task: _Task, folder: Path) -> Restored:
    data_dir = task.settings.data_dir
    is_there = any((data_dir / name).exists() for name in DATABASES)
    if is_there:
        _refuse_to_replace(task, str(data_dir))
    manifest, told = _prepared(task, folder, _earlier_in(data_dir) if is_there else Earlier())
    swap.replace(data_dir, swap.Plan(new=folder.name, old=task.kept.name))
    return Restored(manifest, told, task.kept if is_there else None)


def _of_postgres(task: _Task, folder: Path) -> Restored:
    """The tables are dropped, made and filled in one transaction."""
    url = task.settings.database_url
    engine = engines.postgres_engine(url.get_secret_value() if url else "", pool=1, held=False)
    with contextlib.ExitStack() as stack:
        stack.callback(engine.dispose)
        connection = stack.enter_context(engine.begin())
        if not store.lock_out_others(connection):
            raise StartRefused("A Lineup is running on this database. Stop every one of them, then repeat.")
        is_there = any(upgrade.stored_versions(connection).values())
        if is_there:
            _refuse_to_replace(task, "The database of LINEUP_DATABASE_URL")
            _keep(task, connection)
        manifest, told = _prepared(task, folder, store.withdrawn_in(connection) if is_there else Earlier())
        store.drop_all(connection)
        upgrade.apply(connection)
        with contextlib.closing(_opened(folder)) as restored, restored.read() as rows:
            store.copy(rows, connection)
    return Restored(manifest, told, task.kept if is_there else None)


def _prepared(task: _Task, folder: Path, earlier: Earlier) -> tuple[Manifest, Told]:
    """The databases in `folder`, ready to be put in place; and the key ring in its place."""
    manifest = archive.unpack(task.path, folder)
    backup.check_copies(folder, manifest, task.path)
    _bring_up_to_date(folder)
    with contextlib.closing(_opened(folder)) as database:
        choice = _ring(task, manifest, folder, database)
        told = withdraw(database, task.clock, manifest, choice, earlier=earlier, revoke_keys=task.wanted.revoke_keys)
    rings.put_in_place(choice, task.settings.keyring_path)
    return manifest, told


def _ring(task: _Task, manifest: Manifest, folder: Path, database: Database) -> rings.Choice:
    ring = task.settings.keyring_path
    with database.read() as connection:
        return rings.choose(connection, manifest, folder, ring, without_keys=task.wanted.without_keys)


def _bring_up_to_date(folder: Path) -> None:
    engine = engines.open_sqlite_for_migration(folder)
    try:
        upgrade.migrate(engine)
    finally:
        engine.dispose()


def _opened(folder: Path) -> Database:
    return engines.open_sqlite(folder, busy_s=1, queue=1, readers=1)


def _earlier_in(data_dir: Path) -> Earlier:
    """What a database that may be damaged, or of any age, still says; nobody else is there."""
    try:
        with contextlib.closing(_opened(data_dir)) as database, database.read() as connection:
            return store.withdrawn_in(connection)
    except (DBAPIError, LineupError):
        return Earlier(is_known=False)


def _keep(task: _Task, connection: Connection) -> None:
    """What a restore replaces on PostgreSQL, as a backup: the tables are dropped."""
    task.kept.mkdir(mode=0o700)
    with backup.scratch(task.settings.data_dir) as scratch:
        copies.of_rows(connection, scratch)
        backup.pack(scratch, task.kept / "lineup-backup.tar.gz", task.clock, database="postgresql")


def _free(folder: Path) -> Path:
    """This name, or with a number that nothing has yet."""
    names = itertools.chain([folder], (folder.with_name(f"{folder.name}-{number}") for number in itertools.count(2)))
    return next(name for name in names if not name.exists())


def _refuse_to_replace(task: _Task, what: str) -> None:
    if not task.wanted.replace:
        raise OperationRefused(
            f"{what} holds a Lineup already. Restore into an empty place, or pass --replace: what is there is then "
            f"kept in {task.kept}."
        )
