"""Lists as bytes, made once for all who may see the same: most of a list is the same for everybody.

What is limited to groups, and what names a successor that is, stands in gaps between the rest; a list for some groups
fills those that they may see. Groups that nothing is limited to make no difference.
"""

import threading
from collections.abc import Callable, Iterator

import msgspec

from model_lineup.access.callers import Audience, CallerKind, GroupSet
from model_lineup.routing.coming import as_told
from model_lineup.routing.listing import Listed, listed
from model_lineup.routing.retirement import successor
from model_lineup.routing.snapshot import Snapshot

Entry = Callable[[Snapshot, Listed, Audience], bytes]
MOST_BYTES = 32 * 2**20
"""Of lists for different groups, beside the newest one. There may be many, and each may be long."""


class Shelf:
    """The lists of one snapshot for users or for agents. Making one is for a thread, `kept` for the loop."""

    def __init__(self, snapshot: Snapshot, kind: CallerKind, entry: Entry) -> None:
        self.snapshot = snapshot
        self._kind, self._entry = kind, entry
        found = listed(snapshot, Audience(kind, None))
        self._names = [one.name for one in found]
        self._gaps = {place: one for place, one in enumerate(found) if _varies(snapshot, one, kind)}
        limits = (group for one in self._gaps.values() for group in _limits(snapshot, one, kind))
        self._matters = GroupSet().union(*limits)
        whole = Audience(kind, None)
        self._pieces = [b"" if place in self._gaps else entry(snapshot, one, whole) for place, one in enumerate(found)]
        self._lists: dict[GroupSet | None, bytes] = {}
        self._making = threading.Lock()

    def kept(self, groups: GroupSet | None) -> bytes | None:
        return self._lists.get(self._that_matter(groups))

    def list_for(self, groups: GroupSet | None) -> bytes:
        groups = self._that_matter(groups)
        with self._making:  # whoever else wants it waits for it, rather than make it again
            found = self._lists.get(groups)
            if found is None:
                found = self._made(Audience(self._kind, groups))
                self._keep(groups, found)
        return found

    def _that_matter(self, groups: GroupSet | None) -> GroupSet | None:
        if not self._matters:
            return None
        return None if groups is None else groups & self._matters

    def _made(self, audience: Audience) -> bytes:
        pieces = self._pieces
        if self._gaps:
            pieces = pieces.copy()
            for place, one in self._gaps.items():
                if one.is_for(audience):
                    pieces[place] = self._entry(self.snapshot, one, audience)
        shown = [place for place, piece in enumerate(pieces) if piece] if self._gaps else range(len(pieces))
        ends = (self._names[shown[0]], self._names[shown[-1]]) if shown else (None, None)
        return encoded([pieces[place] for place in shown], *ends, more=False)

    def _keep(self, groups: GroupSet | None, made: bytes) -> None:
        if not self._gaps:
            self._pieces = []  # there is one list for all, and it is made
        lists = {**self._lists, groups: made}
        while len(lists) > 1 and sum(map(len, lists.values())) - len(made) > MOST_BYTES:
            del lists[next(iter(lists))]
        self._lists = lists


def encoded(entries: list[bytes], first: str | None, last: str | None, *, more: bool) -> bytes:
    """The list of these entries."""
    ends = msgspec.json.encode({"has_more": more, "first_id": first, "last_id": last})
    return b'{"object":"list","data":[%b],%b' % (b",".join(entries), ends[1:])


def _varies(snapshot: Snapshot, one: Listed, kind: CallerKind) -> bool:
    return any(True for _ in _limits(snapshot, one, kind))


def _limits(snapshot: Snapshot, one: Listed, kind: CallerKind) -> Iterator[GroupSet]:
    """Groups that decide whether it is shown, or what it says of who follows it."""
    yield from one.limits()
    model = as_told(snapshot, one.model, kind)
    following = None if model.notice is None else successor(snapshot, model)
    if following is not None and following.groups is not None:
        yield following.groups
