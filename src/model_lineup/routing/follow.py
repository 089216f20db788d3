"""Keeps a snapshot as new as the configuration."""

import threading

from model_lineup.database.engines import Database
from model_lineup.journal import store as journal_store
from model_lineup.routing.snapshot import Snapshot, load


class Follower:
    """Reads the revision each time it is asked, and the catalog only when the revision has moved."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._snapshot: Snapshot | None = None
        self._lock = threading.Lock()

    def current(self) -> Snapshot:
        """A snapshot of the newest committed configuration. Reads the database: call it in a thread."""
        with self._lock, self._database.read() as connection:
            newest = journal_store.revision(connection)
            if self._snapshot is None or self._snapshot.revision != newest:
                self._snapshot = load(connection)
            return self._snapshot
