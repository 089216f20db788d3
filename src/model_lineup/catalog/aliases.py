"""Administrative operations on aliases, each in one transaction. An alias points at one model, never at an alias."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET
from sqlalchemy import Connection

from model_lineup.access.groups import members
from model_lineup.catalog import names
from model_lineup.catalog.limits_to_groups import stored
from model_lineup.catalog.models import living
from model_lineup.catalog.moves import NameGuard
from model_lineup.catalog.rollouts import ended_by, noted
from model_lineup.catalog.rollouts import stored as kept_rollout
from model_lineup.catalog.shapes import Alias, AliasChanges, AliasPage, AliasTarget, NewAlias
from model_lineup.catalog.store import aliases as store
from model_lineup.catalog.store import models as model_store
from model_lineup.catalog.store import shadowing
from model_lineup.database.engines import Database
from model_lineup.database.metadata import dump
from model_lineup.errors import AliasShadowsModel, AliasTaken, InvalidInput, NotFound
from model_lineup.journal import store as journal_store
from model_lineup.journal.record import Author, Change, Journal, differing
from model_lineup.journal.shapes import Receipt

FALLBACKS = 8


class Aliases:
    """What administrators do with aliases one by one; `alias_import` does it with many."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self._database = database
        self._journal = journal

    def page(self, *, limit: int, offset: int) -> AliasPage:
        """All aliases by name, with their targets."""
        with self._database.read() as connection:
            found, total = store.page(connection, limit=limit, offset=offset)
            revision = journal_store.revision(connection)
            return AliasPage(with_warnings(connection, found), total, limit, offset, revision)

    def of_model(self, row_id: int) -> list[Alias]:
        """The aliases that point at this model. Raises ModelNotFound."""
        with self._database.read() as connection:
            living(model_store.one(connection, row_id), row_id)
            return with_warnings(connection, store.of_model(connection, row_id))

    def create(self, row_id: int, new: NewAlias, author: Author, *, confirm: bool = False) -> tuple[Alias, Receipt]:
        """Raises InvalidInput, ModelNotFound, AliasTaken, AliasShadowsModel, NameWouldMove."""
        names.check_alias(new.alias, "/alias")
        with self._journal.change(author, "aliases.create") as change:
            target = living(model_store.one(change.connection, row_id), row_id)
            refuse_taken(change, new.alias)
            if not new.allow_shadow:
                refuse_shadowing(change.connection, new.alias)
            check_fallbacks(change.connection, row_id, new.fallbacks)
            members.known(change, new.groups)
            confirmed = confirm or new.allow_shadow
            guard = NameGuard(change.connection, [new.alias], confirmed=confirmed)
            add(change, [Addition(new, row_id, target.model_id)])
            guard.check()
            alias = the_one(change.connection, new.alias, row_id)
        return alias, change.receipt

    def change(
        self,
        row_id: int,
        alias: str,
        changes: AliasChanges,
        author: Author,
        *,
        confirm: bool = False,
        dry_run: bool = False,
    ) -> tuple[Alias, Receipt]:
        """Point it at another model, describe it, or declare its fallbacks. Raises NotFound, InvalidInput."""
        with self._journal.change(author, "aliases.change", dry_run=dry_run) as change:
            before = the_one(change.connection, alias, row_id)
            target = row_id if changes.target is UNSET else changes.target
            living(model_store.one(change.connection, target), target)
            shown = [one.id for one in before.fallbacks]
            wanted = shown if changes.fallbacks is UNSET else changes.fallbacks
            check_fallbacks(change.connection, target, wanted)
            groups = before.groups if changes.groups is UNSET else sorted(changes.groups)
            if groups != before.groups:
                members.known(change, groups)
            guard = NameGuard(change.connection, [alias], confirmed=confirm)
            description = before.description if changes.description is UNSET else changes.description
            _write(change, before, target, description, None if wanted == shown else wanted, groups)
            guard.check(but=[alias])
            after = the_one(change.connection, alias, target)
        return after, change.receipt

    def delete(
        self, row_id: int, alias: str, author: Author, *, confirm: bool = False, dry_run: bool = False
    ) -> Receipt:
        """Raises NotFound, also when it was deleted already; NameWouldMove where a model bears the same name."""
        with self._journal.change(author, "aliases.delete", dry_run=dry_run) as change:
            found = the_one(change.connection, alias, row_id)
            guard = NameGuard(change.connection, [alias], confirmed=confirm)
            values = {"deleted_at": change.now}
            store.change(change.connection, found.id, values, now=change.now, revision=change.revision)
            change.touched("alias", found.id, alias, before={"deleted": False}, after={"deleted": True})
            guard.check(freed=[alias])
        return change.receipt


def the_one(connection: Connection, alias: str, row_id: int) -> Alias:
    """The alias of exactly this spelling that points at this model. Raises NotFound."""
    found = store.one(connection, alias, row_id) if names.ALIAS.fullmatch(alias) else None
    if found is None:
        raise NotFound(f"Model {row_id} has no alias {alias!r}. GET /api/admin/aliases lists all aliases.", alias=alias)
    return with_warnings(connection, [found])[0]


def with_warnings(connection: Connection, aliases: Sequence[Alias]) -> list[Alias]:
    """What an admin should know of each: which models of the same name it hides."""
    shadowed = shadowing.models_named(connection, [names.fold(alias.alias) for alias in aliases])
    return [_warned(alias, shadowed.get(names.fold(alias.alias), [])) for alias in aliases]


def refuse_taken(change: Change, alias: str) -> None:
    """Raises AliasTaken for a name that is an alias already, in whatever case."""
    holder = store.by_folded(change.connection, [names.fold(alias)]).get(names.fold(alias))
    if holder is not None:
        raise AliasTaken(
            f"{holder.alias!r} is an alias of model {holder.model_row} already (case does not count). "
            "PUT changes where it points, DELETE frees it.",
            alias=holder.alias,
            id=holder.model_row,
        )


def refuse_shadowing(connection: Connection, alias: str) -> None:
    """Raises AliasShadowsModel where a visible model is called like this."""
    rows = shadowing.models_named(connection, [names.fold(alias)]).get(names.fold(alias), [])
    visible = [row.id for row in rows if row.visible]
    if visible:
        raise AliasShadowsModel(
            f"The visible model {visible[0]} is called {alias!r}. Choose another alias, hide that model first, "
            "or send allow_shadow: true if the alias shall win.",
            ids=visible,
        )


def check_fallbacks(connection: Connection, target: int, fallbacks: Sequence[int]) -> None:
    """Raises InvalidInput: too many, twice the same, the target itself, or no such model."""
    if len(fallbacks) > FALLBACKS:
        raise InvalidInput.at("/fallbacks", f"{FALLBACKS} fallbacks at most")
    if len({target, *fallbacks}) != len(fallbacks) + 1:
        raise InvalidInput.at("/fallbacks", "each fallback is named once, and is not the alias's own target")
    known = model_store.living(connection, fallbacks) if fallbacks else {}
    unknown = [row for row in fallbacks if row not in known]
    if unknown:
        raise InvalidInput.at("/fallbacks", f"no models have the ids {unknown}")


class Addition(NamedTuple):
    """A new alias, and the row and `model_id` of its target."""

    new: NewAlias
    row_id: int
    model_id: str


def add(change: Change, additions: Sequence[Addition]) -> None:
    """Store new aliases that were found to be right."""
    rows = [
        {
            "alias": new.alias,
            "folded": names.fold(new.alias),
            "model_row": row_id,
            "description": new.description,
            "fallbacks": dump(new.fallbacks),
            "managed_by": new.managed_by,
            "group_ids": stored(new.groups),
            "rollout": kept_rollout(new.rollout),
        }
        for new, row_id, _ in additions
    ]
    ids = store.add(change.connection, rows, now=change.now, revision=change.revision)
    for alias_id, (new, row_id, model_id) in zip(ids, additions, strict=True):
        after = {"model": row_id, "model_id": model_id, "description": new.description, "fallbacks": new.fallbacks}
        if new.managed_by is not None:
            after["managed_by"] = new.managed_by
        after |= {"groups": sorted(new.groups)} if new.groups else {}
        after |= {} if new.rollout is None else {"rollout": noted(new.rollout)}
        change.touched("alias", alias_id, new.alias, before={}, after=after)


def point(change: Change, before: Alias, target: int, fallbacks: Sequence[int]) -> None:
    """Lead it to this model, as it is otherwise."""
    _write(change, before, target, before.description, fallbacks, before.groups)


def _write(
    change: Change,
    before: Alias,
    target: int,
    description: str | None,
    fallbacks: Sequence[int] | None,
    groups: Sequence[int],
) -> None:
    """Write what differs and note it. `fallbacks`: None leaves them, with those that are deleted and may come back."""
    held = store.fallbacks_of(change.connection, before.id)
    old: dict[str, Any] = {"model": before.model.id, "description": before.description, "fallbacks": held}
    old["groups"] = before.groups
    wanted = held if fallbacks is None else list(fallbacks)
    new: dict[str, Any] = {"model": target, "description": description, "fallbacks": wanted, "groups": list(groups)}
    if old == new:
        return
    rollout = store.rollout(change.connection, before.id)
    left = ended_by(rollout, target)
    old["rollout"], new["rollout"] = noted(rollout), noted(left)
    columns = {"model_row": target, "description": description, "fallbacks": dump(new["fallbacks"])}
    columns["group_ids"] = stored(groups)
    columns["rollout"] = kept_rollout(left)
    store.change(change.connection, before.id, columns, now=change.now, revision=change.revision)
    was, now = differing(old, new)
    change.touched("alias", before.id, before.alias, before=was, after=now)


def _warned(alias: Alias, rows: Sequence[shadowing.Named]) -> Alias:
    said = [warning(alias.alias, rows)] if rows else []
    rollout = alias.rollout
    if rollout is not None and not (rollout.model.available and alias.model.available):
        said.append(nobody_moved(alias.model, rollout.model))
    return msgspec.structs.replace(alias, warnings=said) if said else alias


def nobody_moved(target: AliasTarget, other: AliasTarget) -> str:
    """What to say of a rollout that does nothing."""
    if not target.available:
        return f"{target.model_id!r} is not available, so nobody is answered, also not by the model that is rolled out."
    return f"{other.model_id!r}, which is being rolled out, is not available: everybody stays with the alias's model."


def warning(alias: str, rows: Sequence[shadowing.Named]) -> str:
    """What to say of an alias that bears the name of these models."""
    ids = ", ".join(str(row.id) for row in rows[:5])
    return f"This alias has the name of model {ids}; callers who say {alias!r} get the alias's target."
