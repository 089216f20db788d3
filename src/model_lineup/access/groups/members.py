"""Who belongs to which groups, written inside somebody's change: a row, and an entry in the journal, for each."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from model_lineup.access.groups import store
from model_lineup.errors import InvalidInput
from model_lineup.journal.record import Change

Side = Literal["person_id", "key_id"]
MOST_GROUPS = 100
"""That one person, key, model or alias names."""


def join(change: Change, group_id: int, name: str, side: Side, labels: Mapping[int, str]) -> int:
    """These people, or keys, by id with what they are called, belong to the group from now on.

    Returns how many did not before.
    """
    there = {row.who: row for row in store.memberships(change.connection, [group_id], side, labels)}
    returning = {row.id: row.who for row in there.values() if not row.member}
    fresh = [who for who in labels if who not in there]
    store.set_memberships(change.connection, returning, member=True)
    rows = {store.add_membership(change.connection, group_id, side, who): who for who in fresh} | returning
    _note(change, name, side, {row: labels[who] for row, who in rows.items()}, rows.values(), member=True)
    return len(rows)


def leave(change: Change, group_id: int, name: str, side: Side, labels: Mapping[int, str]) -> int:
    """They do not belong to it any more. Returns how many did before."""
    there = store.memberships(change.connection, [group_id], side, labels)
    rows = {row.id: row.who for row in there if row.member}
    store.set_memberships(change.connection, rows, member=False)
    _note(change, name, side, {row: labels[who] for row, who in rows.items()}, rows.values(), member=False)
    return len(rows)


def belong(change: Change, side: Side, who: int, label: str, wanted: Sequence[int], pointer: str = "/groups") -> bool:
    """This person, or key, belongs to these groups and no others. Returns whether that is new. Raises InvalidInput."""
    names = known(change, wanted, pointer)
    there = store.memberships_of(change.connection, side, who)
    before = {row.group_id for row in there if row.member}
    for group_id in [one for one in names if one not in before]:
        join(change, group_id, names[group_id], side, {who: label})
    leaving = sorted(before.difference(wanted))
    left = store.names(change.connection, leaving)
    for group_id in leaving:
        leave(change, group_id, left[group_id], side, {who: label})
    return before != set(wanted)


def known(change: Change, wanted: Sequence[int], pointer: str = "/groups") -> dict[int, str]:
    """Names of these groups. Raises InvalidInput for one that there is not, for one twice, for too many."""
    if len(wanted) > MOST_GROUPS:
        raise InvalidInput.at(pointer, f"{MOST_GROUPS} groups at most")
    if len(set(wanted)) != len(wanted):
        raise InvalidInput.at(pointer, "each group is named once")
    names = store.names(change.connection, wanted) if wanted else {}
    unknown = [one for one in wanted if one not in names]
    if unknown:
        raise InvalidInput.at(pointer, f"no groups have the ids {unknown}; GET /api/admin/groups lists them")
    return names


def _note(change: Change, name: str, side: Side, rows: Mapping[int, str], who: Iterable[int], *, member: bool) -> None:
    if not rows:
        return
    store.touch(change.connection, side, who, now=change.now, revision=change.revision)
    labelled = ((row, f"{label} in {name}") for row, label in rows.items())
    change.touched_alike("membership", labelled, before={"member": not member}, after={"member": member})
