"""What a driver raises, as what callers can act on: busy, out of reach, full, read-only, not durable; anything else
stays what it is."""

import contextlib
import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from model_lineup.errors import DatabaseBusy, DatabaseUnreadable, StorageFull, Unavailable

_BUSY_STATES = {"55P03", "57014", "40001", "40P01"}  # lock timeout, statement cancelled, serialization, deadlock
_GONE_STATES = ("08", "53300", "57P")  # connection lost, too many of them, server shutting down
_FULL_STATES = {"53100", "53200"}  # disk full, out of memory
_FULL = "SQLITE_FULL"
_CANNOT_OPEN = "SQLITE_CANTOPEN"
"""The file was moved away, or may not be read any more."""
_IO_ERROR = "SQLITE_IOERR"
"""Also for a limit on the size of files (EFBIG), and pysqlite3 does not say whether writing failed or fsync."""
_READ_ONLY = "SQLITE_READONLY"
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_MAY_NOT_WRITE = {errno.EROFS, errno.EACCES, errno.EPERM}
_PROBE_BYTES = 64 * 1024


@contextlib.contextmanager
def told(file: Path | None = None, on_not_durable: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Raises DatabaseBusy, Unavailable, StorageFull. `file`: the database, where this is a write to SQLite.

    When writing failed although a file beside it can be written, `on_not_durable` is called: the next attempt may seem
    to succeed and not have done so, since after a failed fsync the system has forgotten which pages were dirty.
    """
    try:
        yield
    except PoolTimeout:
        raise DatabaseBusy("All database connections are in use. Try again in a second.", retry_after=1) from None
    except DBAPIError as error:
        if _is_busy(error):
            raise DatabaseBusy("Another process is writing to the database. Try again.", retry_after=1) from None
        if _is_out_of_reach(error):
            raise Unavailable("The database cannot be reached. Try again in a second.", retry_after=1) from None
        _tell_of_storage(error, file, on_not_durable)
        raise


def _tell_of_storage(error: DBAPIError, file: Path | None, on_not_durable: Callable[[], None]) -> None:
    """Raises StorageFull, Unavailable; returns for everything else."""
    name = _name(error)
    failed = name.startswith(_IO_ERROR)
    reason = _why_unwritable(file) if failed and file is not None else None
    if name == _FULL or _state(error) in _FULL_STATES or reason in _NO_ROOM:
        raise StorageFull(
            "Nothing can be written: the disk, or a quota on it, is full. Reading works; make room, then repeat."
        ) from None
    if name.startswith(_READ_ONLY) or reason in _MAY_NOT_WRITE:
        raise Unavailable(
            "Nothing can be written: the data folder is read-only at the moment. Reading works; make it writable "
            "again, then repeat."
        ) from None
    if failed and file is not None:
        on_not_durable()
        raise not_durable() from None
    if failed or name.startswith(_DAMAGED):
        raise DatabaseUnreadable(
            f"The database could not be read ({name}). See what is wrong with the disk, and run `lineup doctor`."
        ) from None


def not_durable() -> Unavailable:
    return Unavailable(
        "The disk did not keep what was written, so nothing more is written and this process ends. See what is wrong "
        "with it, run `lineup doctor`, and start Lineup again."
    )


def _why_unwritable(file: Path) -> int | None:
    """The system's error number where a file beside this one cannot be written, or not reach the disk."""
    try:
        with tempfile.TemporaryFile(prefix=".lineup-", dir=file.parent, buffering=0) as probe:
            written = probe.write(b"x" * _PROBE_BYTES)
            os.fsync(probe.fileno())
    except OSError as error:
        return error.errno
    return None if written == _PROBE_BYTES else errno.ENOSPC


def _name(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlite_errorname", ""))


def _state(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", "")


def _is_busy(error: DBAPIError) -> bool:
    if _state(error) in _BUSY_STATES:
        return True
    return isinstance(error, OperationalError) and "locked" in str(error.orig)


def _is_out_of_reach(error: DBAPIError) -> bool:
    if error.connection_invalidated or _name(error).startswith(_CANNOT_OPEN):
        return True
    state = _state(error)  # psycopg has None where no server answered
    return isinstance(error, OperationalError) and (state is None or str(state).startswith(_GONE_STATES))
