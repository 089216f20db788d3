"""Why a staged change was not carried out, and what has changed since it was staged."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row

from model_lineup.changes.staged.shapes import Refusal
from model_lineup.changes.store import staged as store
from model_lineup.errors import LineupError
from model_lineup.journal import store as journal_store

NAMED = 20
"""Changes that a refusal names."""


def refusal_of(connection: Connection, row: Row[Any], about: Mapping[str, list[int]], error: LineupError) -> Refusal:
    """`about`: the rows that the change is about, by entity."""
    return Refusal(code=error.code, message=error.detail[:1_000], changes=_since(connection, row, about))


def _since(connection: Connection, row: Row[Any], about: Mapping[str, list[int]]) -> list[dict[str, Any]]:
    """The newest changes of these rows after it was staged."""
    staged_in = store.change_set_of(connection, row.made_at_revision)
    if staged_in is None:
        return []
    rows = {entity: ids for entity, ids in about.items() if ids}
    met = sorted(journal_store.later(connection, staged_in, rows), key=lambda one: one[0], reverse=True)[:NAMED]
    authors = store.authors(connection, [change_id for change_id, _ in met])
    return [
        {
            "change_id": change_id,
            "by": authors[change_id][0],
            "operation": authors[change_id][1],
            "entity": entry.entity,
            "id": entry.entity_id,
            "label": entry.label,
            "fields": sorted(entry.after or entry.before),
        }
        for change_id, entry in met
    ]
