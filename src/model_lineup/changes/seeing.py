"""Who loses sight of something by a change: people and keys that may use a name before it, and may not after it.

Names are limited to groups, and people and keys belong to groups; a change of either side takes some away.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from model_lineup.changes.store import seeing as store
from model_lineup.journal.shapes import Entry, Losing

NAMED = 10
"""People and keys that are named; all are counted."""
Limit = tuple[frozenset[int], ...]
"""Groups of an alias and of its model: somebody has to be in one of each; an empty one is everybody's."""


class Moved(NamedTuple):
    """One limit, as it was and as it is."""

    before: Limit
    after: Limit


def losing(connection: Connection, entries: Sequence[Entry]) -> Losing | None:
    """Asked within the change; None where it changes neither limits nor members."""
    limited = [one for one in entries if "groups" in one.before and "groups" in one.after]
    members = [one for one in entries if one.entity == "membership"]
    if not limited and not members:
        return None
    moved = {*_moved_models(connection, limited), *_moved_aliases(connection, limited)}
    if members:
        moved |= {Moved(limit, limit) for limit in store.limits(connection)}
    joined, left = _membership_changes(connection, members)
    people = store.people_now(connection)
    owners = store.owners_groups(connection)
    persons = [
        email for row, (email, now) in people.items() if _loses(moved, _before(now, "person", row, joined, left), now)
    ]
    nobody: frozenset[int] = frozenset()
    keys = []
    for row, name, owner, own in store.keys_now(connection):
        theirs = owners.get(owner, nobody) if owner is not None else nobody
        before = _before(own, "key", row, joined, left)
        if owner is not None:
            before |= _before(theirs, "person", owner, joined, left)
        if _loses(moved, before, own | theirs):
            keys.append(name)
    return Losing(len(persons), persons[:NAMED], len(keys), keys[:NAMED])


def _moved_models(connection: Connection, entries: Sequence[Entry]) -> Iterable[Moved]:
    mine = {one.entity_id: one for one in entries if one.entity == "model"}
    for row in store.callable_models(connection, mine.keys()) if mine else ():
        yield Moved((frozenset(mine[row].before["groups"]),), (frozenset(mine[row].after["groups"]),))


def _moved_aliases(connection: Connection, entries: Sequence[Entry]) -> Iterable[Moved]:
    mine = {one.entity_id: one for one in entries if one.entity == "alias"}
    for row, target in (store.targets(connection, mine.keys()) if mine else {}).items():
        yield Moved((frozenset(mine[row].before["groups"]), target), (frozenset(mine[row].after["groups"]), target))


def _membership_changes(
    connection: Connection, entries: Sequence[Entry]
) -> tuple[Mapping[tuple[str, int], set[int]], Mapping[tuple[str, int], set[int]]]:
    """Which groups each person or key has joined, and which it has left."""
    joined: defaultdict[tuple[str, int], set[int]] = defaultdict(set)
    left: defaultdict[tuple[str, int], set[int]] = defaultdict(set)
    rows = store.memberships(connection, [one.entity_id for one in entries]) if entries else {}
    for one in entries:
        row = rows[one.entity_id]
        who = ("key", row.key_id) if row.person_id is None else ("person", row.person_id)
        (joined if one.after.get("member") else left)[who].add(row.group_id)
    return joined, left


def _before(
    now: frozenset[int],
    kind: str,
    row: int,
    joined: Mapping[tuple[str, int], set[int]],
    left: Mapping[tuple[str, int], set[int]],
) -> frozenset[int]:
    who = (kind, row)
    return (now - joined.get(who, set())) | left.get(who, set())


def _loses(moved: Iterable[Moved], before: frozenset[int], after: frozenset[int]) -> bool:
    return any(_admitted(one.before, before) and not _admitted(one.after, after) for one in moved)


def _admitted(limit: Limit, groups: frozenset[int]) -> bool:
    return all(not each or not each.isdisjoint(groups) for each in limit)
