"""Checks of what is stored: the data folder, the key ring, the database. They look and change nothing."""

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from model_lineup.cli.doctor.check import Check, failed, ok, warned
from model_lineup.cli.owner import refuse_foreign
from model_lineup.database import engines, health
from model_lineup.database.engines import Database
from model_lineup.errors import LineupError
from model_lineup.migrations import upgrade
from model_lineup.operations import store
from model_lineup.settings import Settings
from model_lineup.vault import load_ring

DATABASE = "database"


def examine(settings: Settings) -> Iterator[Check]:
    if not exists(settings):
        yield warned(
            "data folder",
            f"{settings.data_dir} holds no Lineup yet",
            "`lineup serve` or `lineup create-admin EMAIL` makes one; --data-dir names another folder.",
        )
        return
    yield _folder(settings.data_dir)
    yield _ring(settings.keyring_path)
    yield from _database(settings)


def exists(settings: Settings) -> bool:
    """Whether there is anything to look at; of PostgreSQL it is taken for granted."""
    return settings.database_url is not None or (settings.data_dir / "lineup.db").is_file()


def is_sound(found: Iterable[Check]) -> bool:
    """Whether nothing stands against opening it: nothing broken, nothing to migrate."""
    return any(check.name == DATABASE and check.state == "ok" for check in found)


def _folder(folder: Path) -> Check:
    name = "data folder"
    if not folder.exists():
        return warned(name, f"{folder} is not there", "It is made at the next start, with a key ring in it.")
    try:
        refuse_foreign(folder)
    except LineupError as error:
        return failed(name, error.detail)
    if not os.access(folder, os.W_OK | os.X_OK):
        return failed(name, f"{folder} cannot be written to", f"chmod u+rwx {folder}")
    if os.name == "posix" and stat.S_IMODE(folder.stat().st_mode) & 0o077:
        return warned(name, f"{folder} can be opened by others", f"chmod 700 {folder}")
    return ok(name, f"{folder}, {_size(folder)}")


def _size(folder: Path) -> str:
    files = [file for file in folder.iterdir() if file.is_file()]
    return f"{len(files)} files, {sum(file.stat().st_size for file in files) / 1e6:.1f} MB"


def _ring(path: Path) -> Check:
    try:
        ring = load_ring(path)
    except LineupError as error:
        return failed("key ring", error.detail)
    if ring is None:
        return failed("key ring", f"{path} is missing", "Restore it from your backup, or name it: LINEUP_KEYRING_FILE.")
    return ok("key ring", f"{path}, {len(ring.keys)} key(s), for its owner only")


def _database(settings: Settings) -> Iterator[Check]:
    if settings.database_url is None and not (settings.data_dir / "activity.db").is_file():
        yield failed(
            DATABASE, "activity.db is missing beside lineup.db", "Restore it; the next start makes an empty one."
        )
        return
    try:
        database = _open(settings)
    except LineupError as error:
        yield failed(DATABASE, error.detail)
        return
    try:
        yield from _tables(settings, database)
    except Exception as error:  # whatever a driver raises for a file that is none, or a server that is away
        yield failed(DATABASE, f"{type(error).__name__}: {str(error).splitlines()[0]}", _remedy(settings))
    finally:
        database.close()


def _remedy(settings: Settings) -> str:
    if settings.database_url is None:
        return "Restore it from your backup."
    return "Is PostgreSQL running, and LINEUP_DATABASE_URL right?"


def _tables(settings: Settings, database: Database) -> Iterator[Check]:
    version = health.version(database)
    with database.read() as connection:
        due = upgrade.pending(connection)
    if due:
        yield warned(
            DATABASE, f"{version}; its tables are of an older Lineup", "The next start brings them up to date."
        )
        return
    damage = health.damage(database)
    if damage:
        yield failed(DATABASE, f"{version} is damaged: {'; '.join(damage[:3])}", "Restore it from your backup.")
        return
    yield ok(DATABASE, f"{version}; tables up to date{', quick check passed' if database.is_sqlite else ''}")
    yield from _keys_in_use(settings, database)


def _keys_in_use(settings: Settings, database: Database) -> Iterator[Check]:
    """Of several machines on one database each has a ring of its own, and one may have been forgotten."""
    name, ring = "keys in use", load_ring(settings.keyring_path)
    if ring is None:
        return
    with database.read() as connection:
        used = store.keys_in_use(connection)
    if lacking := sorted(set(used) - set(ring.keys)):
        yield failed(
            name,
            f"secrets are sealed under {', '.join(lacking)}, which this key ring does not have",
            f"Copy the key ring from the machine where `lineup rotate-keys` ran to {settings.keyring_path}.",
        )
    elif used:
        yield ok(name, f"all {len(used)} are in this key ring")


def _open(settings: Settings) -> Database:
    """Without migrating. Raises StartRefused."""
    busy_s = settings.database_busy_s
    if settings.database_url is not None:
        return engines.open_postgres(settings.database_url.get_secret_value(), busy_s=busy_s, pool=2)
    return engines.open_sqlite(settings.data_dir, busy_s=busy_s, queue=1, readers=1)
