"""Which changes can be staged, and how each is carried out: by the operation that an administrator would use.

What is stored names every row by its id, so that what is carried out is what was looked at, and not whatever a filter
finds by then. Deleting is not among them: what shall end at a moment is retired (`catalog.retirement`), which says who
follows; and rows that are hidden can be deleted any day.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from model_lineup.catalog import names
from model_lineup.catalog.aliases import Aliases
from model_lineup.catalog.bulk import Bulk, chosen_ids
from model_lineup.catalog.models import living as living_model
from model_lineup.catalog.providers import Providers, living
from model_lineup.catalog.shapes import AliasChanges, ProviderChanges, Selection
from model_lineup.catalog.store import aliases as alias_store
from model_lineup.catalog.store import models as model_store
from model_lineup.catalog.store import providers as provider_store
from model_lineup.changes.staged.shapes import FlagWanted, Operation, SwitchWanted, Wanted
from model_lineup.database.engines import Database
from model_lineup.errors import Conflict, NotFound
from model_lineup.journal.record import Author, Change, Joined

Stored = Mapping[str, Any]
"""What an operation needs, as it is kept."""


class Operations:
    """`most`: ids in one change."""

    def __init__(self, database: Database, providers: Providers, *, most: int) -> None:
        self._database = database
        self._providers = providers
        self._most = most

    def settled(self, connection: Connection, wanted: Wanted) -> tuple[Operation, Stored, str]:
        """What is to be done, with every row named; and a line that tells it. Raises NotFound, InvalidInput."""
        if isinstance(wanted, FlagWanted):
            ids = sorted(chosen_ids(connection, wanted.chosen, most=self._most))
            operation: Operation = "models.visibility" if wanted.flag == "visible" else "models.agents_enabled"
            return operation, {"model_ids": ids, wanted.flag: wanted.value}, _title(connection, wanted, ids)
        if isinstance(wanted, SwitchWanted):
            provider = living(provider_store.one(connection, wanted.provider_id), wanted.provider_id)
            title = f"Switch {provider.name} {'on' if wanted.enabled else 'off'}"
            return "providers.enabled", {"provider_id": provider.id, "enabled": wanted.enabled}, title
        alias = _alias(connection, wanted.alias)
        target = living_model(model_store.one(connection, wanted.target), wanted.target)
        before = living_model(model_store.one(connection, alias.model_row), alias.model_row)
        stored = {"alias_id": alias.id, "alias": alias.alias, "from_id": before.id, "target_id": target.id}
        return "aliases.target", stored, f"Point {alias.alias} from {before.model_id} to {target.model_id}"

    def carry_out(self, change: Change, operation: str, stored: Stored, author: Author, *, confirm: bool) -> None:
        """Within this change. Raises whatever the operation raises."""
        journal = Joined(change)
        if operation == "providers.enabled":
            switched = ProviderChanges(enabled=stored["enabled"])
            self._providers.through(journal).change(stored["provider_id"], switched, author, confirm=confirm)
        elif operation == "aliases.target":
            _refuse_moved(change.connection, stored)
            aliases, pointed = Aliases(self._database, journal), AliasChanges(target=stored["target_id"])
            aliases.change(stored["from_id"], stored["alias"], pointed, author, confirm=confirm)
        else:
            flag = "visible" if operation == "models.visibility" else "agents_enabled"
            chosen = Selection(model_ids=stored["model_ids"])
            Bulk(journal, most=self._most).set_flag(chosen, flag, stored[flag], author, confirm=confirm)


def takes_away(stored: Stored) -> bool:
    """Whether there is something to tell those who call: something ends for them, or is answered by another model."""
    return "target_id" in stored or not all(stored.get(flag, True) for flag in ("visible", "agents_enabled", "enabled"))


def rows_of(stored: Stored) -> dict[str, list[int]]:
    """The rows that it is about, by entity."""
    if "provider_id" in stored:
        return {"provider": [stored["provider_id"]]}
    if "alias_id" in stored:
        return {"alias": [stored["alias_id"]], "model": [stored["from_id"], stored["target_id"]]}
    return {"model": list(stored["model_ids"])}


def _title(connection: Connection, wanted: FlagWanted, ids: list[int]) -> str:
    which = f"{len(ids)} models"
    if len(ids) == 1:
        which = living_model(model_store.one(connection, ids[0]), ids[0]).model_id
    if wanted.flag == "visible":
        return f"{'Show' if wanted.value else 'Hide'} {which}"
    return f"{'Allow' if wanted.value else 'Forbid'} agents to use {which}"


def _alias(connection: Connection, alias: str) -> Any:
    """The living alias of exactly this spelling. Raises NotFound."""
    found = alias_store.by_folded(connection, [names.fold(alias)]).get(names.fold(alias))
    if found is None or found.alias != alias:
        raise NotFound(f"There is no alias {alias!r}. GET /api/admin/aliases lists all aliases.", alias=alias)
    return found


def _refuse_moved(connection: Connection, stored: Stored) -> None:
    """Raises NotFound, Conflict for an alias that somebody has pointed elsewhere meanwhile."""
    alias = _alias(connection, stored["alias"])
    if (alias.id, alias.model_row) != (stored["alias_id"], stored["from_id"]):
        raise Conflict(
            f"The alias {alias.alias!r} leads to model {alias.model_row} by now; when this was staged it was model "
            f"{stored['from_id']}.",
            alias=alias.alias,
            id=alias.model_row,
        )
