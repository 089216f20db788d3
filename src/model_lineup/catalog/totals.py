"""How many models a filter lets through, counted once for each state of the configuration."""

import threading
from collections import OrderedDict

from sqlalchemy import Connection

from model_lineup.catalog.shapes import ModelFilter
from model_lineup.catalog.store import selecting

KEPT = 200
"""Filters whose totals are kept; a total is a number, its filter some hundred bytes."""


class Totals:
    """Totals of the newest revision that was asked for.

    Every change of a model raises the revision in its own transaction, so a total that was counted at a revision holds
    for whoever reads that revision. Only `status` depends on tests too, which raise none: it is counted each time.
    """

    def __init__(self) -> None:
        self._revision = -1
        self._totals: OrderedDict[ModelFilter, int] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, connection: Connection, wanted: ModelFilter, revision: int) -> int:
        """`revision` is the one that this connection sees."""
        if wanted.status is not None:
            return selecting.count(connection, wanted)
        known = self._known(wanted, revision)
        if known is None:
            known = selecting.count(connection, wanted)
            self._keep(wanted, revision, known)
        return known

    def _known(self, wanted: ModelFilter, revision: int) -> int | None:
        with self._lock:
            return self._totals.get(wanted) if revision == self._revision else None

    def _keep(self, wanted: ModelFilter, revision: int, total: int) -> None:
        with self._lock:
            if revision < self._revision:
                return
            if revision > self._revision:
                self._revision = revision
                self._totals.clear()
            self._totals[wanted] = total
            if len(self._totals) > KEPT:
                self._totals.popitem(last=False)
