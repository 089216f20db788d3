"""Who bears a `model_id`, for many ids at once."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, select

from model_lineup.catalog.tables import models, providers
from model_lineup.database.values import in_words


class Candidate(NamedTuple):
    id: int
    provider_id: int


def by_model_id(connection: Connection, model_ids: Iterable[str]) -> dict[str, list[Candidate]]:
    """Living models of these ids, each in the providers' order."""
    query = (
        select(models.c.model_id, models.c.id, models.c.provider_id)
        .select_from(models.join(providers))
        .where(models.c.deleted_at.is_(None), in_words(connection, models.c.model_id, model_ids))
        .order_by(providers.c.position, models.c.id)
    )
    found: dict[str, list[Candidate]] = {}
    for model_id, row_id, provider_id in connection.execute(query):
        found.setdefault(model_id, []).append(Candidate(row_id, provider_id))
    return found
