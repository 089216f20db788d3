"""What changed in the catalog since a revision, read in one transaction."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import ColumnElement, Connection, Table, select

from model_lineup.catalog.tables import aliases, models, providers
from model_lineup.journal import store as journal_store
from model_lineup.journal.tables import change_sets
from model_lineup.routing.snapshot import AliasState, ModelState, ProviderState


@dataclass(frozen=True, slots=True)
class Changed:
    """Rows as they are now, and row ids of those that are gone. `since` -1: all rows, and nothing is gone."""

    since: int
    revision: int
    stamp: int | None
    providers: list[ProviderState] = field(default_factory=list)
    models: list[ModelState] = field(default_factory=list)
    aliases: list[AliasState] = field(default_factory=list)
    providers_gone: list[int] = field(default_factory=list)
    models_gone: list[int] = field(default_factory=list)
    aliases_gone: list[int] = field(default_factory=list)


def revision_and_stamp(connection: Connection) -> tuple[int, int | None]:
    """The newest revision, and when its change set was written."""
    newest = journal_store.revision(connection)
    return newest, stamp(connection, newest)


def stamp(connection: Connection, revision: int) -> int | None:
    """When the change set of this revision was written, in microseconds; None where there is none."""
    return connection.execute(select(change_sets.c.at).where(change_sets.c.revision == revision)).scalar_one_or_none()


def changed_since(connection: Connection, since: int) -> Changed:
    """The rows whose `changed_at_revision` is higher; for -1 all that are not deleted."""
    found = Changed(since, *revision_and_stamp(connection))
    _read_providers(connection, found)
    _read_models(connection, found)
    _read_aliases(connection, found)
    return found


def _read_providers(connection: Connection, found: Changed) -> None:
    columns = (providers.c.id, providers.c.slug, providers.c.enabled, providers.c.position, providers.c.deleted_at)
    for row_id, slug, enabled, position, deleted_at in connection.execute(
        select(*columns).where(*_newer(providers, found.since))
    ):
        if deleted_at is not None:
            found.providers_gone.append(row_id)
        else:
            found.providers.append(ProviderState(row_id, slug, bool(enabled), position))


def _read_models(connection: Connection, found: Changed) -> None:
    columns = (models.c.id, models.c.model_id, models.c.provider_id, models.c.display_name)
    flags = (models.c.visible, models.c.listed, models.c.agents_enabled, models.c.deleted_at)
    query = select(*columns, *flags).where(*_newer(models, found.since))  # ordering by id would scan them all
    for row_id, model_id, provider_id, name, visible, listed, agents, deleted_at in connection.execute(query):
        if deleted_at is not None:
            found.models_gone.append(row_id)
        else:
            state = ModelState(row_id, model_id, provider_id, name, bool(visible), bool(listed), bool(agents))
            found.models.append(state)


def _read_aliases(connection: Connection, found: Changed) -> None:
    columns = (aliases.c.id, aliases.c.alias, aliases.c.folded, aliases.c.model_row, aliases.c.fallbacks)
    query = select(*columns, aliases.c.deleted_at).where(*_newer(aliases, found.since))
    for row_id, alias, folded, row, fallbacks, deleted_at in connection.execute(query):
        if deleted_at is not None:
            found.aliases_gone.append(row_id)
        else:
            ids = msgspec.json.decode(fallbacks, type=tuple[int, ...])
            found.aliases.append(AliasState(row_id, alias, folded, row, ids))


def _newer(table: Table, since: int) -> Iterator[ColumnElement[bool]]:
    if since < 0:
        yield table.c.deleted_at.is_(None)
    else:
        yield table.c.changed_at_revision > since
