"""In whose place a name is looked at: all of a key, or of a person, that decides about what they get."""

from typing import NamedTuple

from model_lineup.access.callers import CallerKind, GroupSet
from model_lineup.access.shapes import Key, Person
from model_lineup.catalog.rollouts import of_caller
from model_lineup.errors import InvalidInput


class Standing(NamedTuple):
    """`groups`: those that they belong to; None: whatever the groups. `who`: which key, as rollouts place it; None:
    none that is known."""

    kind: CallerKind
    groups: GroupSet | None = None
    who: str | None = None


def of_key(key: Key) -> Standing:
    """With the groups of its owner. Whether it is disabled is not asked. Raises InvalidInput for an admin key."""
    if key.kind == "admin":
        raise InvalidInput.at("key_id", "an admin key calls no models")
    groups = GroupSet((*key.groups, *key.owners_groups))
    return Standing("agent" if key.kind == "agent" else "user", groups, of_caller(key.id, key.owner_id))


def of_person(person: Person, kind: CallerKind) -> Standing:
    """As a key of theirs that is in no group by itself. Which keys a rollout moves, only a key says."""
    return Standing(kind, GroupSet(person.groups))
