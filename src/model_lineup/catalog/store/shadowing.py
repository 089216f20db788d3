"""Models that bear the name of an alias."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from model_lineup.catalog.names import fold
from model_lineup.catalog.tables import models
from model_lineup.database.values import in_words


class Named(NamedTuple):
    id: int
    model_id: str
    visible: bool


def models_named(connection: Connection, folded: Iterable[str]) -> dict[str, list[Named]]:
    """Living models by their folded `model_id`, of these folded names."""
    wanted = set(folded)
    found: dict[str, list[Named]] = {}
    if not wanted:
        return found
    query = select(models.c.id, models.c.model_id, models.c.visible).where(
        models.c.deleted_at.is_(None), in_words(connection, func.lower(models.c.model_id), wanted)
    )
    for row_id, model_id, visible in connection.execute(query.order_by(models.c.id)):
        if fold(model_id) in wanted:
            found.setdefault(fold(model_id), []).append(Named(row_id, model_id, bool(visible)))
    return found
