"""How many models a filter lets through, counted once for each state of the configuration."""

from sqlalchemy import Connection

from model_lineup.catalog.kept import Kept
from model_lineup.catalog.shapes import ModelFilter
from model_lineup.catalog.store import selecting

KEPT = 200
"""Filters whose totals are kept; a total is a number, its filter some hundred bytes."""


class Totals:
    """Totals of the newest revision that was asked for.

    Only `status` depends on tests too, which raise no revision: it is counted each time.
    """

    def __init__(self) -> None:
        self._kept: Kept[ModelFilter, int] = Kept(KEPT)

    def of(self, connection: Connection, wanted: ModelFilter, revision: int) -> int:
        """`revision` is the one that this connection sees."""
        if wanted.status is not None:
            return selecting.count(connection, wanted)
        return self._kept.of(wanted, revision, lambda: selecting.count(connection, wanted))
