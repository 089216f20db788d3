"""The frozen view of the catalog that names are resolved in."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, select

from model_lineup.catalog.tables import aliases, models, providers
from model_lineup.journal import store as journal_store


class RoutedModel(msgspec.Struct, frozen=True, gc=False):
    """What resolution needs to know of a model; `available`: visible, and its provider enabled."""

    id: int
    model_id: str
    provider_id: int
    slug: str
    display_name: str
    available: bool
    listed: bool
    agents_enabled: bool


class RoutedAlias(msgspec.Struct, frozen=True, gc=False):
    alias: str
    row: int
    fallbacks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Implements `catalog.names.NameIndex`, for every name."""

    revision: int
    models: dict[int, RoutedModel]
    aliases: dict[str, RoutedAlias]
    folded: dict[str, RoutedAlias]
    by_provider: dict[tuple[str, str], int]
    by_id: dict[str, list[int]]

    def alias(self, name: str) -> int | None:
        found = self.aliases.get(name)
        return None if found is None else found.row

    def alias_without_case(self, folded: str) -> int | None:
        found = self.folded.get(folded)
        return None if found is None else found.row

    def at_provider(self, slug: str, model_id: str) -> int | None:
        return self.by_provider.get((slug, model_id))

    def with_id(self, model_id: str) -> Sequence[int]:
        return self.by_id.get(model_id, ())

    def available(self, row: int) -> bool:
        model = self.models.get(row)
        return model is not None and model.available


def load(connection: Connection) -> Snapshot:
    """Everything, from one transaction."""
    snapshot = Snapshot(journal_store.revision(connection), {}, {}, {}, {}, {})
    for model in _models(connection):
        snapshot.models[model.id] = model
        snapshot.by_provider[model.slug, model.model_id] = model.id
        snapshot.by_id.setdefault(model.model_id, []).append(model.id)
    for folded, alias in _aliases(connection):
        snapshot.aliases[alias.alias] = snapshot.folded[folded] = alias
    return snapshot


def _models(connection: Connection) -> list[RoutedModel]:
    """In the providers' order, which is the order in which they win an id that several have."""
    columns = (models.c.id, models.c.model_id, models.c.provider_id, providers.c.slug, models.c.display_name)
    flags = (models.c.visible, providers.c.enabled, models.c.listed, models.c.agents_enabled)
    query = select(*columns, *flags).select_from(models.join(providers)).where(models.c.deleted_at.is_(None))
    rows = connection.execute(query.order_by(providers.c.position, models.c.id))
    return [
        RoutedModel(row_id, model_id, provider_id, slug, name, bool(visible and enabled), bool(listed), bool(agents))
        for row_id, model_id, provider_id, slug, name, visible, enabled, listed, agents in rows
    ]


def _aliases(connection: Connection) -> list[tuple[str, RoutedAlias]]:
    query = select(aliases.c.folded, aliases.c.alias, aliases.c.model_row, aliases.c.fallbacks)
    rows = connection.execute(query.where(aliases.c.deleted_at.is_(None)))
    return [
        (folded, RoutedAlias(alias, row, msgspec.json.decode(fallbacks, type=tuple[int, ...])))
        for folded, alias, row, fallbacks in rows
    ]
