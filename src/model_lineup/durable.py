"""Files that are under their name whole or not at all, also after a power cut, and that only their owner reads."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO

PRIVATE = 0o600
try:
    import fcntl
except ImportError:  # Windows: no locks between processes, so nothing here keeps two of them apart
    fcntl = None  # type: ignore[assignment]


@contextlib.contextmanager
def written(path: Path, *, replace: bool) -> Iterator[IO[bytes]]:
    """A file to write to; it stands under `path` when the block ends, and never when the block raises.

    Raises FileExistsError, at the end, where `path` is there already and is not to be replaced.
    """
    half = path.with_name(f".{path.name}.{secrets.token_hex(4)}.half")
    try:
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if replace:
            half.replace(path)
        else:
            _give_name(half, path)
        sync_folder(path.parent)
    finally:
        half.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Names are content of the folder, and reach the disk with it."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_private(path: Path) -> None:
    """An empty file for its owner alone, where there is none; one that is there is not even opened.

    SQLite makes files as the umask says, takes an empty one for a new database, and gives its log files the mode of the
    database. Opening and closing a database's file beside SQLite would drop SQLite's locks on it.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE))


@contextlib.contextmanager
def locked(path: Path, *, alone: bool, wait: bool) -> Iterator[None]:
    """A lock on a file made for that, shared or alone; the kernel drops it when the process ends, however it ends.

    Raises BlockingIOError when it is not to be waited for.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE)
    try:
        if fcntl is not None:
            fcntl.flock(handle, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(handle)


def _give_name(half: Path, path: Path) -> None:
    """Unlike a rename, a link never replaces what is there. Where the file system has no links, a lock stands in."""
    try:
        os.link(half, path)
    except FileExistsError:
        raise
    except OSError:
        with locked(path.with_name(f".{path.name}.lock"), alone=True, wait=True):
            if path.exists():
                raise FileExistsError(str(path)) from None
            half.replace(path)
