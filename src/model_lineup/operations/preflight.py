"""What a server or a command looks at before it opens anything, and refuses to start over: one clear line, exit code
78.

Other refusals stand where the fact is known: another key ring (`database/instance.py`), a ring that others can read
(`vault.py`), tables of a newer Lineup or of somebody else (`migrations/upgrade.py`), a restore at work
(`database/holding.py`), a route without a policy (`api/application.py`).
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from model_lineup import durable
from model_lineup.access.passwords import check_strength
from model_lineup.database import engines, health
from model_lineup.errors import DatabaseUnreadable, InvalidInput, StartRefused, Unavailable
from model_lineup.operations import mounts, swap
from model_lineup.operations.archive import DATABASES
from model_lineup.settings import Settings
from model_lineup.telemetry import log

LEAST_TOKEN = 16
LEAST_DIFFERENT = 6
"""Characters: `xxxxxxxxxxxxxxxx` and `1234123412341234` were never drawn at random."""
SERVING = "serving.lock"
COMMANDS_CHECK_S = 0.2
"""A command that is over in a second does not look for damage as long as a server does."""


@contextlib.contextmanager
def passed(settings: Settings) -> Iterator[None]:
    """Everything that can be known beforehand is as it should be, and stays so inside. Raises StartRefused."""
    refuse_weak_secrets(settings)
    make_folder(settings.data_dir)
    with contextlib.ExitStack() as stack:
        if settings.database_url is None:
            refuse_network_folder(settings.data_dir)
            stack.enter_context(_alone_with_old_sqlite(settings.data_dir))
            swap.finish_interrupted(settings.data_dir)
            refuse_damage(settings, settings.start_check_s)
        yield


@contextlib.contextmanager
def passed_by_a_command(settings: Settings) -> Iterator[None]:
    """The same for a command that opens the data folder: what could harm the data, and not the secrets of a server
    that it is not. For `restore`, `doctor` and `backup` nothing of it: they are what helps then. Raises StartRefused.
    """
    with contextlib.ExitStack() as stack:
        if settings.database_url is None:
            refuse_network_folder(settings.data_dir)
            if settings.data_dir.is_dir():
                stack.enter_context(_alone_with_old_sqlite(settings.data_dir, remedy="name it with --url, "))
                swap.finish_interrupted(settings.data_dir)
                refuse_damage(settings, min(settings.start_check_s, COMMANDS_CHECK_S), silent=True)
        yield


def refuse_weak_secrets(settings: Settings) -> None:
    """Raises StartRefused for a secret that is empty, short, or among the first to be guessed."""
    if settings.admin_password is not None:
        try:
            check_strength(settings.admin_password.get_secret_value(), "LINEUP_ADMIN_PASSWORD")
        except InvalidInput as error:
            raise StartRefused(f"{error.detail}.") from None
    if settings.metrics_token is not None:
        token = settings.metrics_token.get_secret_value()
        if len(token) < LEAST_TOKEN or len(set(token)) < LEAST_DIFFERENT:
            raise StartRefused(
                f"LINEUP_METRICS_TOKEN is too easy to guess: it needs {LEAST_TOKEN} characters or more. "
                "`openssl rand -hex 24` makes a good one; without the setting only administrators read /metrics."
            )


def make_folder(folder: Path) -> None:
    """Raises StartRefused where it can be neither made nor written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StartRefused(
            f"The data folder {folder} cannot be made: {error.strerror}. Name another one with --data-dir or "
            "LINEUP_DATA_DIR."
        ) from None
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise StartRefused(f"The data folder {folder} cannot be written to. Run: chmod u+rwx {folder}")


def refuse_network_folder(folder: Path) -> None:
    """Raises StartRefused: locks and shared memory of SQLite do not hold across machines."""
    kind = mounts.network_file_system(folder)
    if kind is not None:
        raise StartRefused(
            f"{folder} is on a network file system ({kind}), where SQLite damages its files. Put it on a local disk, "
            "or use PostgreSQL (LINEUP_DATABASE_URL)."
        )


def refuse_damage(settings: Settings, within_s: float, *, silent: bool = False) -> None:
    """Raises StartRefused for what SQLite's quick check finds in this time. `silent`: no word where it is too short."""
    if within_s == 0 or not all((settings.data_dir / name).is_file() for name in DATABASES):
        return
    opened = engines.open_sqlite(settings.data_dir, busy_s=settings.database_busy_s, queue=1, readers=1)
    try:
        with contextlib.closing(opened):
            damage = health.damage_found_in_time(opened, within_s)
    except DatabaseUnreadable as error:
        damage = [error.detail]
    except Unavailable:
        return  # busy: somebody else is at work, and has looked
    if damage:
        raise StartRefused(
            f"The database in {settings.data_dir} is damaged: {'; '.join(damage[:3])}. Keep a copy of the folder, then "
            "`lineup restore BACKUP --replace`."
        )
    if damage is None and not silent:
        log().warning("quick check not ended in time; lineup doctor checks all")


@contextlib.contextmanager
def _alone_with_old_sqlite(folder: Path, remedy: str = "") -> Iterator[None]:
    """SQLite before 3.51.3 can damage a WAL that several processes write, so there one process keeps others away."""
    if tuple(map(int, engines.sqlite_module().sqlite_version.split("."))) >= health.SAFE_SQLITE:
        yield
        return
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(durable.locked(folder / SERVING, alone=True, wait=False))
        except BlockingIOError:
            version = engines.sqlite_module().sqlite_version
            raise StartRefused(
                f"Another Lineup has {folder} open, and SQLite {version} allows one only. "
                f"Stop it, {remedy}install pysqlite3, or use PostgreSQL (LINEUP_DATABASE_URL)."
            ) from None
        yield
