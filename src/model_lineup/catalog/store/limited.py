"""What is limited to groups: counts, and the limits of many models at once."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, func, select

from model_lineup.access.groups.groups import Held
from model_lineup.catalog.limits_to_groups import groups_of
from model_lineup.catalog.tables import aliases, models
from model_lineup.database.values import in_numbers


def holding(connection: Connection, group_ids: Iterable[int]) -> dict[int, Held]:
    """How many living models and aliases are limited to each of these groups. Rows of the same limits are counted
    together: a hundred thousand models have few different ones."""
    wanted = set(group_ids)
    found = {group_id: Held() for group_id in wanted}
    for table, field in ((models, "models"), (aliases, "aliases")):
        limited = (table.c.group_ids.is_not(None), table.c.deleted_at.is_(None))
        query = select(table.c.group_ids, func.count()).where(*limited).group_by(table.c.group_ids)
        for text, number in connection.execute(query):
            for group_id in wanted.intersection(groups_of(text)):
                held = found[group_id]
                found[group_id] = held._replace(**{field: getattr(held, field) + number})
    return found


def of_models(connection: Connection, ids: Iterable[int]) -> Sequence[tuple[int, str, tuple[int, ...]]]:
    """Row, `model_id` and groups of those of these models that are not deleted; ascending."""
    query = select(models.c.id, models.c.model_id, models.c.group_ids)
    query = query.where(models.c.deleted_at.is_(None), in_numbers(connection, models.c.id, ids)).order_by(models.c.id)
    return [(row.id, row.model_id, tuple(groups_of(row.group_ids))) for row in connection.execute(query)]
