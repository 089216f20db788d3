"""Groups in a file: what is stored as entries, and made so.

A file says that a group is there, with its description and limits; who belongs to it is said elsewhere. So several
files may name the same group, none of them owns it, and none removes one.
"""

import msgspec

from model_lineup.access.groups import groups
from model_lineup.access.groups.shapes import Group, NewGroup
from model_lineup.access.shapes import Limits
from model_lineup.changes.as_code.reading import pointed
from model_lineup.changes.as_code.shapes import GroupEntry, LimitsEntry
from model_lineup.changes.as_code.work import Work


def entry_of(group: Group) -> GroupEntry:
    limits = msgspec.convert(group.limits, LimitsEntry, from_attributes=True)
    return GroupEntry(description=group.description, limits=limits)


def write(work: Work) -> None:
    """Before what is limited to them. Raises InvalidInput where there are as many as there can be."""
    for name, entry in work.wanted.groups.items():
        limits = msgspec.convert(entry.limits, Limits, from_attributes=True)
        held = work.standing.groups.get(groups.folded(name))
        if held is None:
            with work.at(f"/groups/{pointed(name)}"):
                made = groups.make(work.change, NewGroup(name=name, description=entry.description, limits=limits))
            work.groups[name] = made.id
            continue
        said = {"name": name, "description": entry.description or None, "limits": limits}
        groups.revise(work.change, held, said)
        work.groups[name] = held.id
