"""What row ids in the ledger are called, also of rows that were deleted since."""

from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from model_lineup.access.tables import groups, keys, people
from model_lineup.catalog.tables import models, providers
from model_lineup.database.values import in_numbers
from model_lineup.ledger.shapes import UsedModel, UsedProvider, UsingGroup, UsingKey, UsingPerson


@dataclass(frozen=True, slots=True)
class Labels:
    """By row id; what no row has any more is not there."""

    models: dict[int, UsedModel] = field(default_factory=dict)
    providers: dict[int, UsedProvider] = field(default_factory=dict)
    keys: dict[int, UsingKey] = field(default_factory=dict)
    people: dict[int, UsingPerson] = field(default_factory=dict)
    groups: dict[int, UsingGroup] = field(default_factory=dict)


def labels(
    connection: Connection,
    *,
    models_of: Collection[int] = (),
    providers_of: Collection[int] = (),
    keys_of: Collection[int] = (),
    people_of: Collection[int] = (),
    groups_of: Collection[int] = (),
) -> Labels:
    found = Labels()
    for into, make, ids, columns in (
        (found.models, UsedModel, models_of, (models.c.id, models.c.model_id)),
        (found.providers, UsedProvider, providers_of, (providers.c.id, providers.c.slug)),
        (found.keys, UsingKey, keys_of, (keys.c.id, keys.c.name, keys.c.kind)),
        (found.people, UsingPerson, people_of, (people.c.id, people.c.email)),
        (found.groups, UsingGroup, groups_of, (groups.c.id, groups.c.name)),
    ):
        if ids:
            rows = connection.execute(select(*columns).where(in_numbers(connection, columns[0], set(ids))))
            into.update({row[0]: make(*row) for row in rows})
    return found
