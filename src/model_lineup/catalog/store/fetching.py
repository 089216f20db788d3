"""What a fetch compares a provider's list with."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, select

from model_lineup.catalog.facts import StatedFact
from model_lineup.catalog.names import fold
from model_lineup.catalog.store import aliases as alias_store
from model_lineup.catalog.store import facts as fact_store
from model_lineup.catalog.tables import model_facts, models
from model_lineup.database.metadata import moment


class StoredModel(NamedTuple):
    id: int
    source: str
    deleted: bool
    missing: bool
    created_at: datetime


def rows(connection: Connection, provider_id: int) -> dict[str, StoredModel]:
    """All rows of a provider by `model_id`, deleted ones too."""
    columns = (models.c.model_id, models.c.id, models.c.source, models.c.deleted_at, models.c.missing_since)
    query = select(*columns, models.c.created_at).where(models.c.provider_id == provider_id).order_by(models.c.id)
    return {
        row.model_id: StoredModel(
            row.id, row.source, row.deleted_at is not None, row.missing_since is not None, moment(row.created_at)
        )
        for row in connection.execute(query)
    }


def replace_provider_facts(connection: Connection, row_id: int, told: Sequence[StatedFact]) -> None:
    """What the provider's list says of this model now, instead of what it said before."""
    connection.execute(delete(model_facts).where(model_facts.c.model_row == row_id, model_facts.c.source == "provider"))
    fact_store.state(connection, [(row_id, fact) for fact in told], new_rows=True)


def aliases_named(connection: Connection, model_ids: Iterable[str]) -> list[str]:
    """Aliases that bear one of these names, without regard to case."""
    return [row.alias for row in alias_store.by_folded(connection, {fold(one) for one in model_ids}).values()]
