"""Which names a change of some models can give another meaning: the candidates that `moves.NameGuard` compares."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, exists, select

from model_lineup.catalog.store import aliases as alias_store
from model_lineup.catalog.tables import MODEL_LIST, models, providers
from model_lineup.database.dialects import using
from model_lineup.database.values import in_numbers


def by_availability(connection: Connection, rows: Iterable[int]) -> list[str]:
    """Hiding, showing, switching a provider: only ids that several models share can move."""
    other = models.alias()
    shared = exists().where(
        other.c.model_id == models.c.model_id, other.c.id != models.c.id, other.c.deleted_at.is_(None)
    )
    query = select(models.c.model_id).where(models.c.deleted_at.is_(None), in_numbers(connection, models.c.id, rows))
    return list(connection.execute(using(query, models, MODEL_LIST).where(shared).distinct()).scalars())


def by_existence(connection: Connection, rows: Iterable[int]) -> list[str]:
    """Deleting or restoring: ids, `slug/model_id`, and the aliases of the models."""
    ids = list(rows)
    query = select(models.c.model_id, providers.c.slug).select_from(models.join(providers))
    found = connection.execute(query.where(in_numbers(connection, models.c.id, ids))).all()
    names = [name for row in found for name in (row.model_id, f"{row.slug}/{row.model_id}")]
    return [*names, *alias_store.names_of(connection, ids)]


def by_arrival(connection: Connection, provider_id: int, model_ids: Iterable[str]) -> Iterator[str]:
    """New models at a provider."""
    slug = connection.execute(select(providers.c.slug).where(providers.c.id == provider_id)).scalar_one()
    return (name for model_id in model_ids for name in (model_id, f"{slug}/{model_id}"))
