"""How many models there are, at which provider, and in which state: for pages that show all at a glance."""

import threading
from collections.abc import Callable, Mapping
from typing import NamedTuple

from model_lineup.catalog.store import census as store
from model_lineup.clock import tick
from model_lineup.database.engines import Database
from model_lineup.journal import store as journal_store


class Counts(NamedTuple):
    """Models that are not deleted: all, those that are visible, for agents, and missing in their provider's list."""

    models: int = 0
    visible: int = 0
    agents: int = 0
    vanished: int = 0


_KEPT_TIMES = 20


class Census:
    """Counts by provider are kept until the configuration is a newer one.

    How models fare also changes with each test, so it is kept for twenty times as long as counting took, and no longer
    than the configuration stays: a few milliseconds for a thousand models, a few seconds for a hundred thousand.
    """

    def __init__(self, database: Database, now: Callable[[], float] = tick) -> None:
        self._database = database
        self._now = now
        self._lock = threading.Lock()
        self._kept: tuple[int, Mapping[int, Counts]] = (-1, {})
        self._faring: tuple[int, float, Mapping[str, int]] = (-1, 0.0, {})

    def by_provider(self) -> Mapping[int, Counts]:
        """Only providers that have models."""
        with self._database.read() as connection:
            revision = journal_store.revision(connection)
            with self._lock:
                if self._kept[0] == revision:
                    return self._kept[1]
            found = {row[0]: Counts(*(int(count) for count in row[1:])) for row in store.by_provider(connection)}
        with self._lock:
            if revision > self._kept[0]:
                self._kept = revision, found
        return found

    def total(self) -> Counts:
        """Of all providers together."""
        return Counts(*(sum(column) for column in zip(*self.by_provider().values(), strict=True)))

    def visible_by_status(self) -> Mapping[str, int]:
        """Of the visible models; states in which none is are missing."""
        with self._database.read() as connection:
            revision, began = journal_store.revision(connection), self._now()
            known, until, found = self._faring
            if known == revision and began < until:
                return found
            found = {status: int(count) for status, count in store.visible_by_status(connection)}
        ended = self._now()
        self._faring = revision, ended + _KEPT_TIMES * (ended - began), found
        return found
