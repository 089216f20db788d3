"""Noticing that the configuration was written, by whichever process, without reading it.

SQLite keeps a number for each connection that moves when another connection has committed to the file. Asking for it
takes about 3 µs, which is why it may be asked on the event loop, for every request. PostgreSQL has no such number; its
followers read the revision itself, every now and then.
"""

from pathlib import Path
from typing import Any

from model_lineup.database.engines import Database, sqlite_module


class Watch:
    """Says whether something may have been written. Not for several threads at once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._file = database.file
        self._error: type[Exception] = sqlite_module().Error
        self._connection: Any = None
        self._cursor: Any = None

    @property
    def sees_others(self) -> bool:
        """Whether `mark` moves with what other processes write, too."""
        return self._file is not None

    def mark(self) -> int | None:
        """Equal marks: nothing was written in between that this watch can see. None: nothing can be said now."""
        if self._file is None:
            return self._database.written
        try:
            if self._connection is None:
                self._connection = _connect(self._file)
                self._cursor = self._connection.cursor()
            mark: int = self._cursor.execute("PRAGMA data_version").fetchone()[0]
        except self._error:
            return None
        return mark

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _connect(file: Path) -> Any:
    """It never waits for a lock: whoever asks has other things to do."""
    connection = sqlite_module().connect(
        f"{file.absolute().as_uri()}?mode=rw", timeout=0, isolation_level=None, check_same_thread=False, uri=True
    )
    connection.execute("PRAGMA query_only = ON")
    return connection
