"""What a fetch compares a provider's list with."""

from collections.abc import Collection, Iterable
from itertools import islice

from sqlalchemy import Connection, select

from model_lineup.catalog.fetch_plan import StoredModel
from model_lineup.catalog.names import fold
from model_lineup.catalog.store import aliases as alias_store
from model_lineup.catalog.tables import models
from model_lineup.database.many import AT_ONCE
from model_lineup.database.metadata import moment
from model_lineup.database.values import in_words


def rows(connection: Connection, provider_id: int, model_ids: Collection[str] | None = None) -> dict[str, StoredModel]:
    """All rows of a provider by `model_id`, deleted ones too; or those of these ids."""
    columns = (models.c.model_id, models.c.id, models.c.source, models.c.deleted_at, models.c.missing_since)
    query = select(*columns, models.c.created_at).where(models.c.provider_id == provider_id).order_by(models.c.id)
    if model_ids is not None:
        query = query.where(in_words(connection, models.c.model_id, model_ids))
    return {
        row.model_id: StoredModel(
            row.id, row.source, row.deleted_at is not None, row.missing_since is not None, moment(row.created_at)
        )
        for row in connection.execute(query)
    }


def aliases_named(connection: Connection, model_ids: Iterable[str]) -> list[str]:
    """Aliases that bear one of these names, without regard to case."""
    waiting, found = iter(model_ids), {}
    while here := {fold(one) for one in islice(waiting, AT_ONCE)}:
        found.update(alias_store.by_folded(connection, here))
    return [row.alias for row in found.values()]
