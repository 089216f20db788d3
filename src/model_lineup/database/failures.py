"""What a driver raises, as what callers can act on: busy, out of reach, full; anything else stays what it is."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from model_lineup.errors import DatabaseBusy, StorageFull, Unavailable

_BUSY_STATES = {"55P03", "57014", "40001", "40P01"}  # lock timeout, statement cancelled, serialization, deadlock
_GONE_STATES = ("08", "53300", "57P")  # connection lost, too many of them, server shutting down
_FULL_STATES = {"53100", "53200"}  # disk full, out of memory
_FULL = "SQLITE_FULL"
_CANNOT_OPEN = "SQLITE_CANTOPEN"
"""The file was moved away, or may not be read any more."""
_IO_ERROR = "SQLITE_IOERR"
"""Also for a limit on the size of files (EFBIG), and pysqlite3 does not say whether writing failed or fsync."""
_PROBE_BYTES = 64 * 1024


@contextlib.contextmanager
def told(file: Path | None = None, on_not_durable: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Raises DatabaseBusy, Unavailable, StorageFull. `file`: the database, where this is a write to SQLite.

    When writing failed although there is room, `on_not_durable` is called: the next attempt may seem to succeed and not
    have done so, since after a failed fsync the system has forgotten which pages were dirty.
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
        failed = file is not None and _name(error).startswith(_IO_ERROR)
        if _name(error) == _FULL or _state(error) in _FULL_STATES or (failed and not _has_room(file)):
            raise StorageFull(
                "Nothing can be written: the disk, or a quota on it, is full. Reading works; make room, then repeat."
            ) from None
        if failed:
            on_not_durable()
            raise not_durable() from None
        raise


def not_durable() -> Unavailable:
    return Unavailable(
        "The disk did not keep what was written, so nothing more is written. See what is wrong with it, run "
        "`lineup doctor`, and start Lineup again."
    )


def _has_room(file: Path | None) -> bool:
    """Whether a file beside this one can be written, and reach the disk."""
    if file is None:
        return True
    try:
        with tempfile.TemporaryFile(prefix=".lineup-", dir=file.parent, buffering=0) as probe:
            written = probe.write(b"x" * _PROBE_BYTES)
            os.fsync(probe.fileno())
    except OSError:
        return False
    return written == _PROBE_BYTES


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
