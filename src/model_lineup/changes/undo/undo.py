"""Taking change sets back, in one transaction, as a change set of its own."""

from collections.abc import Callable, Iterable, Sequence

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import Connection

from model_lineup.catalog.moves import NameGuard
from model_lineup.catalog.providers import Providers
from model_lineup.catalog.store import affected
from model_lineup.catalog.store import aliases as alias_store
from model_lineup.catalog.store import models as model_store
from model_lineup.changes.store import pointing, undoing
from model_lineup.changes.undo import aliases, groups, models, net, providers, staged
from model_lineup.changes.undo.later import NAMED, Standing, not_as_left, touched_later
from model_lineup.changes.undo.net import LeftOut, Row
from model_lineup.errors import InvalidInput, NotFound, NotUndoable, UndoConflict
from model_lineup.journal import store as journal_store
from model_lineup.journal import undone
from model_lineup.journal.record import Author, Change, Journal
from model_lineup.journal.shapes import ChangeSet, Entry, Impact

AT_ONCE = 100
"""Change sets in one undoing."""
SHOWN = 100
"""Rows that the answer lists."""
_NEVER = {
    "person": "People, their roles and passwords are changed on their own page.",
    "key": "A key that was revoked stays so, and what a key may is changed on its own page.",
    "webhook": "Its address and secret are not kept in the journal: change the webhook itself.",
    "instance": "It is about the instance itself.",
    "journal": "It is about the journal itself.",
    "catalogue": "Put the earlier catalogue in use again.",
}
_TAKEN_BACK = frozenset({"model", "alias", "provider", "group", "membership", staged.ENTITY})
_STAYS = frozenset({"fetch_plan"})
"""What a change touched beside these: that a plan was applied stays true."""
_NOT_THESE = {"models.retire": "The model's end had come. Say another end for it first."}


class Undone(msgspec.Struct, frozen=True, kw_only=True):
    """What an undoing did, or would do. `entries`: the first hundred of `touched` rows. `left_out`: what could not be
    taken back though the rest was."""

    undone: list[int]
    touched: int
    entries: list[Entry]
    left_out: list[LeftOut]
    revision: int
    change_id: int | None
    dry_run: bool
    impact: Impact | UnsetType = UNSET


class Undo:
    """Change sets that are taken back, newest first, as if they were one."""

    def __init__(self, journal: Journal, providers: Providers) -> None:
        self._journal = journal
        self._providers = providers

    def undo(
        self, change_ids: Sequence[int], author: Author, *, dry_run: bool = False, confirm: bool = False
    ) -> Undone:
        """Raises NotFound, NotUndoable with what cannot be taken back, UndoConflict with what stands against it,
        NameWouldMove."""
        ids = sorted(set(change_ids))
        if len(ids) > AT_ONCE:
            raise InvalidInput.at("/change_ids", f"{AT_ONCE} change sets at most are taken back together")
        with self._journal.change(author, "changes.undo", dry_run=dry_run) as change:
            back = _Back(change, self._providers, _wanted(change.connection, ids))
            back.refuse_conflicts()
            back.write(confirmed=confirm)
            change.undoes = ids
        return Undone(
            undone=ids,
            touched=len(change.entries),
            entries=change.entries[:SHOWN],
            left_out=back.left_out,
            revision=change.receipt.revision,
            change_id=change.receipt.change_id,
            dry_run=dry_run,
            impact=change.receipt.impact,
        )


def _wanted(connection: Connection, ids: Sequence[int]) -> list[ChangeSet]:
    """Raises NotFound, NotUndoable."""
    found = []
    for change_id in ids:
        one = journal_store.one(connection, change_id)
        if one is None:
            raise NotFound(f"There is no change set {change_id}. GET /api/admin/changes lists them.", id=change_id)
        found.append(one)
    reasons = [(one.id, reason) for one in found if (reason := _never(one))]
    if reasons:
        raise NotUndoable(
            f"Change {reasons[0][0]} cannot be taken back: {reasons[0][1]} Nothing was changed.",
            changes=[{"id": change_id, "reason": reason} for change_id, reason in reasons],
        )
    return found


def _never(change: ChangeSet) -> str | None:
    """Why this change set can never be taken back, or not now."""
    if change.undone_by is not None:
        return f"Change {change.undone_by} has taken it back already."
    if change.operation in _NOT_THESE:
        return _NOT_THESE[change.operation]
    if not change.entries:
        return "Its contents are no longer kept."
    others = {entry.entity for entry in change.entries} - _TAKEN_BACK - _STAYS
    return next((_NEVER.get(entity, f"Nobody takes back a change of a {entity}.") for entity in sorted(others)), None)


class _Back:
    """One undoing under way: the rows that it is about, and what they are now."""

    def __init__(self, change: Change, through: Providers, sets: Sequence[ChangeSet]) -> None:
        self._change, self._through = change, through
        self._ids = [one.id for one in sets]
        of = _by_entity(net.of(sets))
        self.models, self.aliases, self.providers = of("model"), of("alias"), of("provider")
        self.groups, self.memberships = of("group"), of("membership")
        self.staged = staged.to_take_back(of(staged.ENTITY))
        self.left_out = providers.without_secrets(self.providers)
        connection = change.connection
        self._models_now = undoing.models_now(connection, [row.id for row in self.models])
        self._aliases_now = undoing.aliases_now(connection, [row.id for row in self.aliases])
        self._providers_now = providers.now(change, self.providers)
        self._groups_now = groups.now(connection, self.groups)
        self._staged_now = staged.now(connection, self.staged)
        self._memberships_now = groups.memberships_now(connection, self.memberships)

    @property
    def _rows(self) -> list[Row]:
        return [*self.providers, *self.models, *self.aliases, *self.groups, *self.memberships, *self.staged]

    def refuse_conflicts(self) -> None:
        """Raises NotUndoable where nothing is left to be done, UndoConflict."""
        if not any(row.back for row in self._rows):
            reason = self.left_out[0].reason if self.left_out else "It touched nothing that can be."
            raise NotUndoable(f"Change {self._ids[0]} cannot be taken back: {reason}", changes=[])
        connection = self._change.connection
        passed_over = undone.since(connection, self._ids[0])
        over = {*self._ids, *passed_over, *passed_over.values()}
        _refuse(touched_later(connection, self._rows, self._ids[0], over))
        coming = [row.id for row in self.groups if row.comes]
        dangling = groups.gone(connection, [*self.models, *self.aliases], coming)
        in_the_way = groups.in_the_way(connection, self.groups)
        in_the_way += staged.in_the_way(self._change, self.staged)
        _refuse([*self._not_as_left(), *self._held(), *self._homeless(), *in_the_way, *dangling])

    def write(self, *, confirmed: bool) -> None:
        """Raises UndoConflict, NameWouldMove."""
        change, named = self._change, [row.label for row in self.aliases]
        guard = NameGuard(change.connection, [*self._names(), *named], confirmed=confirmed)
        going = [row for row in self.aliases if row.goes]
        staying = [row for row in self.aliases if not row.goes]
        gone = {row.id for row in self.models if row.goes}
        providers.write(change, self._through, [row for row in self.providers if not row.goes])
        aliases.write(change, going, self._aliases_now, with_model=gone)
        models.write(change, self.models, self._models_now)
        _refuse(aliases.in_the_way(change.connection, staying, self._aliases_now))
        self.left_out += aliases.asleep(change.connection, staying, self._aliases_now)
        aliases.write(change, staying, self._aliases_now, with_model=gone)
        providers.write(change, self._through, [row for row in self.providers if row.goes])
        groups.write(change, self.groups, self._groups_now)
        staged.write(change, self.staged, self._staged_now)
        groups.write_memberships(change, self.memberships, self._memberships_now)
        _refuse(groups.held(change.connection, self.groups))
        guard.check(but=[row.label for row in staying], freed=[row.label for row in going])

    def _not_as_left(self) -> list[Standing]:
        found = [
            Standing("model", row.id, row.label, names, "The journal did not note yet who said what it was before.")
            for row in self.models
            if (names := models.without_sources(row))
        ]
        if found:
            return found
        now = {
            **{("model", one): row.fields for one, row in self._models_now.items()},
            **{("alias", one): row.fields for one, row in self._aliases_now.items()},
            **{("provider", one): fields for one, fields in self._providers_now.items()},
            **{("group", one): fields for one, fields in self._groups_now.items()},
            **{(staged.ENTITY, one): fields for one, fields in self._staged_now.items()},
            **{("membership", one): fields for one, fields in self._memberships_now.items()},
        }
        return [found for row in self._rows for found in not_as_left(row, now.get((row.entity, row.id), {}))]

    def _held(self) -> list[Standing]:
        """What shall go and is held by something that stays: models by their aliases, providers by their models."""
        connection, found = self._change.connection, []
        going = {row.id: row for row in self.models if row.goes}
        ours = {row.id for row in self.aliases if row.goes or "model" in row.back}
        for alias_id, alias in pointing.at(connection, list(going)):
            if alias_id not in ours:
                reason = f"The model would go, and the alias {alias!r} points at it."
                found.append(Standing("alias", alias_id, alias, ["model"], reason))
        leaving = {row.id: row for row in self.providers if row.goes}
        for model_id, provider_id in undoing.living_models_of(connection, list(leaving)).items():
            if model_id not in going:
                row = leaving[provider_id]
                reason = f"The provider would go, and it has model {model_id}."
                found.append(Standing("provider", row.id, row.label, [net.DELETED], reason))
        return found

    def _homeless(self) -> list[Standing]:
        """Models that shall come back to a provider that is gone, and providers whose slug is taken."""
        connection, found = self._change.connection, []
        returning = {row.id for row in self.providers if row.comes}
        asked = returning | {self._models_now[row.id].provider_id for row in self.models if row.comes}
        known = undoing.provider_slugs(connection, asked)
        for row in self.models:
            home = self._models_now[row.id].provider_id
            if row.comes and known[home][2] and home not in returning:
                reason = f"Its provider {known[home][0]!r} is deleted."
                found.append(Standing("model", row.id, row.label, [net.DELETED], reason))
        for row in self.providers:
            if row.comes and providers.slug_is_taken(self._change, known[row.id][1]):
                reason = f"Another provider has its slug {known[row.id][1]!r}."
                found.append(Standing("provider", row.id, row.label, ["slug"], reason))
        return found

    def _names(self) -> list[str]:
        """Names that may mean something else afterwards."""
        connection = self._change.connection
        whole = [row.id for row in self.models if net.DELETED in row.back]
        switched = [row.id for row in self.models if "visible" in row.back]
        moved = [row.id for row in self.providers if not row.back.keys().isdisjoint({"enabled", "position"})]
        for provider_id in moved:
            switched.extend(model_store.ids_of_provider(connection, provider_id))
        return [
            *affected.by_availability(connection, switched),
            *affected.by_existence(connection, whole),
            *alias_store.names_of(connection, whole),
        ]


def _by_entity(rows: Iterable[Row]) -> Callable[[str], list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.entity, []).append(row)
    return lambda entity: found.get(entity, [])


def _refuse(standing: Sequence[Standing]) -> None:
    """Raises UndoConflict where something stands against it."""
    if standing:
        first = standing[0]
        raise UndoConflict(
            f"{len(standing)} row(s) stand against it, first of them {first.entity} {first.id} ({first.label!r}: "
            f"{', '.join(first.fields)}). {first.reason} Nothing was changed.",
            conflicts=list(standing[:NAMED]),
            conflicts_total=len(standing),
        )
