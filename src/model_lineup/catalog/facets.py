"""How many models there would be with each value of each filter: what a list offers to narrow it by."""

from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from model_lineup.catalog.kept import Kept
from model_lineup.catalog.shapes import ModelFilter
from model_lineup.catalog.store import counting, providers

KEPT = 50
"""Filters whose counts are kept; some kilobytes each, most of them the providers."""
Counts = dict[str, dict[str, int]]


class Facets(NamedTuple):
    """By field of `ModelFilter`, by value as a query says it (`true`, `unknown`, `chat`, a provider's id): how many
    models have it among those that all *other* filters let through. Values that none has may be missing. `providers`:
    the names of all there are, by id, in their order."""

    counts: Counts
    providers: dict[int, str]

    def number(self, field: str, value: str) -> int:
        return self.counts.get(field, {}).get(value, 0)


class FacetCounts:
    """Counted once for each filter and revision; but for `status`, which tests change without one."""

    def __init__(self) -> None:
        self._kept: Kept[ModelFilter, Counts] = Kept(KEPT)

    def of(self, connection: Connection, wanted: ModelFilter, revision: int) -> Facets:
        """`revision` is the one that this connection sees."""
        statuses = {"status": counting.by_status(connection, msgspec.structs.replace(wanted, status=None))}
        named = providers.names(connection)
        if wanted.status is not None:
            return Facets(counting.by_field(connection, wanted) | statuses, named)
        kept = self._kept.of(wanted, revision, lambda: counting.by_field(connection, wanted))
        return Facets(kept | statuses, named)
