"""Notices for whoever is in no transaction of his own."""

from collections.abc import Sequence

from model_lineup.clock import Clock
from model_lineup.database.engines import Database
from model_lineup.database.metadata import micros
from model_lineup.notices import store
from model_lineup.notices.shapes import Notice, NoticeKind, NoticePage


class Notices:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def tell(self, notice: Notice) -> bool:
        """False where the same was told already. Raises Unavailable."""
        with self._database.write_activity() as connection:
            return store.tell(connection, notice, micros(self._clock.now()))

    def settle(self, kind: NoticeKind, found: Sequence[Notice]) -> int:
        """Of this kind these are all that hold now; returns how many of them are news. Raises Unavailable."""
        with self._database.write_activity() as connection:
            return store.settle(connection, kind, found, micros(self._clock.now()))

    def page(self, *, limit: int, offset: int, kind: str | None = None) -> NoticePage:
        """Newest first."""
        with self._database.read() as connection:
            found, total = store.page(connection, limit=limit, offset=offset, kind=kind)
        return NoticePage(found, total, limit, offset)
