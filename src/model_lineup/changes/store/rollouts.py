"""What a rollout has to know of keys, beyond what decides whether they may call."""

from collections.abc import Iterable

from sqlalchemy import Connection, select

from model_lineup.access.tables import keys, people
from model_lineup.database.values import in_numbers


def owners(connection: Connection, key_ids: Iterable[int]) -> dict[int, tuple[str | None, str]]:
    """E-mail of the owner, and the last four characters, by key."""
    query = select(keys.c.id, people.c.email, keys.c.hint).select_from(keys.outerjoin(people))
    found = connection.execute(query.where(in_numbers(connection, keys.c.id, key_ids)))
    return {key_id: (email, hint) for key_id, email, hint in found}
