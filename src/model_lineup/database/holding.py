"""Who works with an instance: many processes together, or one alone, which a restore has to be.

SQLite: a lock on a file *beside* the databases, since opening the database's own file to lock it would drop SQLite's
locks on it. PostgreSQL: an advisory lock that every connection holds while it is open.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from model_lineup import durable
from model_lineup.errors import StartRefused

LOCK_FILE = "lineup.lock"
START_LOCK_FILE = "start.lock"
ADVISORY_LOCK = 0x6C696E66  # one after the migrations' lock


@contextlib.contextmanager
def together(folder: Path) -> Iterator[None]:
    """Work with the instance in this folder beside others. Raises StartRefused while somebody has it alone."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(durable.locked(folder / LOCK_FILE, alone=False, wait=False))
        except BlockingIOError:
            raise StartRefused(f"{folder} is being restored. Wait until `lineup restore` has ended.") from None
        yield


@contextlib.contextmanager
def in_turn(folder: Path) -> Iterator[None]:
    """One process after the other: SQLite does not wait while another makes the files and turns on their WAL, but says
    "database is locked" at once."""
    with durable.locked(folder / START_LOCK_FILE, alone=True, wait=True):
        yield


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Nobody else works with the instance in this folder. Raises StartRefused while somebody does."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(durable.locked(folder / LOCK_FILE, alone=True, wait=False))
        except BlockingIOError:
            raise StartRefused(
                f"A Lineup is running on {folder}. Stop it (and every other `lineup` command on it), then repeat."
            ) from None
        yield
