"""Administrative operations on groups, each in one transaction."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET
from sqlalchemy import Connection

from model_lineup.access import emails
from model_lineup.access.groups import members, store
from model_lineup.access.groups.shapes import (
    Group,
    GroupChanges,
    GroupPage,
    MemberPage,
    MembersChanged,
    NewGroup,
    Who,
)
from model_lineup.access.shapes import Limits
from model_lineup.database.engines import Database
from model_lineup.database.metadata import dump
from model_lineup.errors import DuplicateGroup, GroupInUse, InvalidInput, NotFound, PreconditionFailed
from model_lineup.journal.record import Author, Change, Journal, differing
from model_lineup.journal.shapes import Receipt

MOST = 1_000
"""Groups that there can be: lists show them all, and a caller carries the ids of his own."""
MEMBERS_AT_ONCE = 10_000


class Held(NamedTuple):
    """How many models and aliases are limited to a group."""

    models: int = 0
    aliases: int = 0


Holding = Callable[[Connection, Iterable[int]], Mapping[int, Held]]
"""What is limited to these groups, by group; whoever knows models says it."""


class Groups:
    def __init__(self, database: Database, journal: Journal, holding: Holding) -> None:
        self._database = database
        self._journal = journal
        self._holding = holding

    def page(self, *, limit: int, offset: int) -> GroupPage:
        """All groups, by name."""
        with self._database.read() as connection:
            found, total = store.page(connection, limit=limit, offset=offset)
            held = self._holding(connection, [group.id for group in found])
        return GroupPage([_with(group, held) for group in found], total, limit, offset)

    def names(self) -> dict[int, str]:
        """Of all groups, by id, in their order."""
        with self._database.read() as connection:
            return store.names(connection)

    def get(self, group_id: int) -> Group:
        """Raises NotFound."""
        with self._database.read() as connection:
            return self._one(connection, group_id)

    def find(self, name: str) -> Group:
        """By its name, case does not count. Raises NotFound."""
        with self._database.read() as connection:
            group_id = store.by_folded(connection, folded(name))
            if group_id is None:
                raise NotFound(f"No group is called {name!r}. GET /api/admin/groups lists them.", name=name)
            return self._one(connection, group_id)

    def of_person(self, person_id: int) -> frozenset[int]:
        """Ids of those that this person belongs to."""
        with self._database.read() as connection:
            return frozenset(store.of_people(connection, [person_id]).get(person_id, ()))

    def people(self) -> list[tuple[int, str, frozenset[int]]]:
        """Everybody who is not disabled: id, address, and the groups that each belongs to."""
        with self._database.read() as connection:
            belonging = store.of_people(connection)
            return [
                (person_id, email, frozenset(belonging.get(person_id, ())))
                for person_id, email in store.active_people(connection).items()
            ]

    def whom(self, said: str) -> Who:
        """A person by address, or a key by name or id, as somebody has typed it. Raises InvalidInput."""
        with self._database.read() as connection:
            people, keys = store.called(connection, emails.folded(said), said)
        if not people and len(keys) > 1:
            raise InvalidInput.at("/whom", f"{len(keys)} keys are called {said!r}; say the id of one: {keys[:5]}")
        if not (people or keys):
            raise InvalidInput.at("/whom", f"nobody has the address {said!r}, and no key is called so")
        return Who(people=people) if people else Who(keys=keys)

    def members(self, group_id: int, *, limit: int, offset: int) -> MemberPage:
        """People first. Raises NotFound."""
        with self._database.read() as connection:
            living(store.one(connection, group_id), group_id)
            found, total = store.members(connection, group_id, limit=limit, offset=offset)
        return MemberPage(found, total, limit, offset)

    def create(self, new: NewGroup, author: Author) -> tuple[Group, Receipt]:
        """Raises InvalidInput, DuplicateGroup."""
        with self._journal.change(author, "groups.create") as change:
            group = make(change, new)
        return group, change.receipt

    def change(
        self,
        group_id: int,
        changes: GroupChanges,
        author: Author,
        *,
        if_match: int | None = None,
        dry_run: bool = False,
    ) -> tuple[Group, Receipt]:
        """Its name, description and limits. Raises NotFound, InvalidInput, DuplicateGroup, PreconditionFailed."""
        with self._journal.change(author, "groups.change", dry_run=dry_run) as change:
            before = self._one(change.connection, group_id)
            _check_version(before, if_match)
            said = {name: getattr(changes, name) for name in changes.__struct_fields__}
            said = {name: value for name, value in said.items() if value is not UNSET}
            if "limits" in said and said["limits"] is None:
                said["limits"] = Limits()
            revise(change, before, said)
            after = self._one(change.connection, group_id)
        return after, change.receipt

    def delete(self, group_id: int, author: Author, *, if_match: int | None = None, dry_run: bool = False) -> Receipt:
        """Nobody belongs to it any more, until that is undone. Raises NotFound, PreconditionFailed, and GroupInUse
        while models or aliases are limited to it: without it they would be open to everybody, or to nobody."""
        with self._journal.change(author, "groups.delete", dry_run=dry_run) as change:
            group = self._one(change.connection, group_id)
            _check_version(group, if_match)
            refuse_held(group.name, group_id, Held(group.models, group.aliases))
            when = {"now": change.now, "revision": change.revision}
            store.change(change.connection, group_id, {"deleted_at": change.now}, **when)
            change.touched("group", group_id, group.name, before=_journaled(group), after={})
        return change.receipt

    def add_members(self, group_id: int, who: Who, author: Author, *, dry_run: bool = False) -> MembersChanged:
        """All of them or none. Raises NotFound, InvalidInput for somebody who is not there, or a key of an admin."""
        with self._journal.change(author, "groups.members.add", dry_run=dry_run) as change:
            group, people, keys = _all_known(change, group_id, who)
            changed = members.join(change, group.id, group.name, "person_id", people)
            changed += members.join(change, group.id, group.name, "key_id", keys)
        return _result(change, matched=len(people) + len(keys), changed=changed)

    def remove_members(self, group_id: int, who: Who, author: Author, *, dry_run: bool = False) -> MembersChanged:
        """All of them or none. Raises NotFound, InvalidInput for somebody who is not there."""
        with self._journal.change(author, "groups.members.remove", dry_run=dry_run) as change:
            group, people, keys = _all_known(change, group_id, who)
            changed = members.leave(change, group.id, group.name, "person_id", people)
            changed += members.leave(change, group.id, group.name, "key_id", keys)
        return _result(change, matched=len(people) + len(keys), changed=changed)

    def _one(self, connection: Connection, group_id: int) -> Group:
        """Raises NotFound."""
        group = living(store.one(connection, group_id), group_id)
        return _with(group, self._holding(connection, [group_id]))


def make(change: Change, new: NewGroup) -> Group:
    """A new, empty group, within a change. Raises InvalidInput, DuplicateGroup."""
    if len(store.names(change.connection)) >= MOST:
        raise InvalidInput.at("/name", f"there are {MOST} groups already; delete one first")
    _refuse_taken(change, new.name, None)
    columns = {"name": new.name, "folded": folded(new.name), "description": new.description or None}
    group_id = store.add(change.connection, {**columns, "limits": dump(new.limits)}, now=change.now)
    group = living(store.one(change.connection, group_id), group_id)
    change.touched("group", group_id, group.name, before={}, after=_journaled(group))
    return group


def revise(change: Change, before: Group, said: Mapping[str, Any]) -> None:
    """Another name, description or other limits, within a change. Raises DuplicateGroup."""
    old, new = differing(_journaled(before), said)
    if "name" in new:
        _refuse_taken(change, new["name"], before.id)
    if new:
        when = {"now": change.now, "revision": change.revision}
        store.change(change.connection, before.id, columns_of(new), **when)
        change.touched("group", before.id, new.get("name", before.name), before=old, after=new)


def folded(name: str) -> str:
    """By which a group is found: case does not count."""
    return name.casefold()


def living(group: Group | None, group_id: int) -> Group:
    """Raises NotFound for None."""
    if group is None:
        raise NotFound(f"There is no group {group_id}. GET /api/admin/groups lists them.", id=group_id)
    return group


def columns_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """From what the journal says of a group to its row."""
    columns = dict(fields)
    if "name" in columns:
        columns["folded"] = folded(columns["name"])
    if "limits" in columns:
        columns["limits"] = dump(columns["limits"])
    return columns


def refuse_held(name: str, group_id: int, held: Held) -> None:
    """Raises GroupInUse."""
    if held.models or held.aliases:
        raise GroupInUse(
            f"{held.models} model(s) and {held.aliases} alias(es) are limited to the group {name!r}. Take it off them "
            f"first: PUT /api/admin/models/bulk/groups with the filter group_id {group_id}.",
            models=held.models,
            aliases=held.aliases,
        )


def _refuse_taken(change: Change, name: str, but: int | None) -> None:
    holder = store.by_folded(change.connection, folded(name))
    if holder is not None and holder != but:
        raise DuplicateGroup(f"Group {holder} is called {name!r} already (case does not count).", id=holder)


def _all_known(change: Change, group_id: int, who: Who) -> tuple[Group, dict[int, str], dict[int, str]]:
    """The group, addresses of the people, names of the keys. Raises NotFound, InvalidInput."""
    connection = change.connection
    group = living(store.one(connection, group_id), group_id)
    if len(who.people) + len(who.keys) > MEMBERS_AT_ONCE:
        raise InvalidInput.at("/people", f"{MEMBERS_AT_ONCE} members at most in one change")
    people, keys = store.known_people(connection, who.people), store.known_keys(connection, who.keys)
    if unknown := [one for one in who.people if one not in people]:
        raise InvalidInput.at("/people", f"no people have the ids {unknown[:10]}")
    if unknown := [one for one in who.keys if one not in keys]:
        raise InvalidInput.at("/keys", f"no keys have the ids {unknown[:10]}")
    if admins := [one for one, (_, kind) in keys.items() if kind == "admin"]:
        raise InvalidInput.at("/keys", f"keys {admins[:10]} are admin keys, which call no models")
    return group, people, {one: name for one, (name, _) in keys.items()}


def _with(group: Group, held: Mapping[int, Held]) -> Group:
    found = held.get(group.id, Held())
    return msgspec.structs.replace(group, models=found.models, aliases=found.aliases)


def _journaled(group: Group) -> dict[str, Any]:
    return {name: getattr(group, name) for name in ("name", "description", "limits")}


def _check_version(group: Group, if_match: int | None) -> None:
    if if_match is not None and if_match != group.version:
        raise PreconditionFailed(
            f"Group {group.id} is at version {group.version}, which If-Match does not name. "
            "Read it again, then repeat your change.",
            current=group,
        )


def _result(change: Change, *, matched: int, changed: int) -> MembersChanged:
    return MembersChanged(
        matched=matched,
        changed=changed,
        unchanged=matched - changed,
        revision=change.receipt.revision,
        change_id=change.receipt.change_id,
        dry_run=change.dry_run,
        impact=change.receipt.impact,
    )
