"""Who sees what, and why: the names that a person's or a key's groups let them use, and who may use a name."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from model_lineup.access.callers import Audience, CallerKind, GroupSet
from model_lineup.access.groups.groups import Groups
from model_lineup.errors import ModelNotFound
from model_lineup.routing.branching import answering
from model_lineup.routing.follow import Follower
from model_lineup.routing.listing import Listed, Meaning, listed, meaning
from model_lineup.routing.snapshot import Snapshot

Reason = Literal["everyone", "member", "not_member", "not_for_agents"]
NAMED = 100
"""People and keys that are named; all are counted."""


class Sight(msgspec.Struct, frozen=True):
    """A name that lists show, and whether somebody may use it. `groups`: names of those that he must be in one of;
    of an alias and its model both have to let him through."""

    name: str
    display_name: str
    provider: str
    alias_of: str | None
    sees: bool
    reason: Reason
    groups: list[str]


class SightPage(msgspec.Struct, frozen=True):
    """`seen`: how many of all names it may use. `total`: how many were asked for."""

    names: list[Sight]
    groups: list[str]
    seen: int
    total: int
    limit: int
    offset: int
    revision: int


class Viewer(msgspec.Struct, frozen=True):
    id: int
    name: str


class Viewers(msgspec.Struct, frozen=True, kw_only=True):
    """Who may use a name. `everyone`: it is limited to no groups, and `groups` are none. The first hundred people and
    keys are named. People: those who are not disabled; keys: those that may call, by their own or their owner's
    groups."""

    name: str
    model_id: str
    provider: str
    everyone: bool
    groups: list[str]
    people: list[Viewer]
    people_total: int
    keys: list[Viewer]
    keys_total: int
    revision: int


class Sights:
    def __init__(self, follower: Follower, groups: Groups) -> None:
        self._follower = follower
        self._groups = groups

    def of(
        self,
        kind: CallerKind,
        groups: GroupSet,
        *,
        seen: bool | None = None,
        q: str = "",
        who: str | None = None,
        limit: int,
        offset: int,
    ) -> SightPage:
        """What somebody of these groups sees, of all names there are; `q`: part of a name; `who`: which key or person,
        as rollouts place them."""
        snapshot, names = self._follower.current(), self._groups.names()
        audience, wanted = Audience(kind, groups), q.casefold()
        found = [(one, _reason(one, audience)) for one in listed(snapshot, Audience("user", None))]
        seeing = sum(1 for _, reason in found if _sees(reason))
        asked = [
            (one, reason)
            for one, reason in found
            if (seen is None or _sees(reason) is seen) and wanted in one.name.casefold()
        ]
        page = [
            _sight(snapshot, one if who is None else _moved(snapshot, one, audience, who), reason, names)
            for one, reason in asked[offset : offset + limit]
        ]
        belongs = [name for group_id, name in names.items() if group_id in groups]
        return SightPage(page, belongs, seeing, len(asked), limit, offset, snapshot.revision)

    def who(self, name: str) -> Viewers:
        """Raises ModelNotFound for a name that nobody may use."""
        snapshot, names = self._follower.current(), self._groups.names()
        meant = meaning(snapshot, name)
        if meant is None:
            raise ModelNotFound(f"No model answers to {name!r}. GET /api/admin/resolve?name= says why.", name=name)
        one = Listed(name, meant.model, meant.alias)
        people = [(who, label) for who, label, groups in self._groups.people() if one.is_for(Audience("user", groups))]
        callers = sorted(snapshot.callers.values(), key=lambda caller: caller.key_id)
        keys = [caller for caller in callers if _sees(_reason(one, caller.audience))]
        return Viewers(
            name=name,
            model_id=meant.model.model_id,
            provider=snapshot.providers[meant.model.provider_id].slug,
            everyone=not one.is_limited,
            groups=_names(one, names),
            people=[Viewer(who, label) for who, label in people[:NAMED]],
            people_total=len(people),
            keys=[Viewer(caller.key_id, caller.name) for caller in keys[:NAMED]],
            keys_total=len(keys),
            revision=snapshot.revision,
        )


def _moved(snapshot: Snapshot, one: Listed, audience: Audience, who: str) -> Listed:
    """With the model that a rollout gives them, where one does."""
    if one.alias is None or one.alias.rollout is None or not _sees(_reason(one, audience)):
        return one
    return one._replace(model=answering(snapshot, Meaning(one.model, one.alias, "alias"), audience, who))


def _reason(one: Listed, audience: Audience) -> Reason:
    if not one.is_for(audience):
        return "not_member"
    if audience.kind == "agent" and not one.model.agents_enabled:
        return "not_for_agents"
    return "member" if one.is_limited else "everyone"


def _sees(reason: Reason) -> bool:
    return reason in ("everyone", "member")


def _sight(snapshot: Snapshot, one: Listed, reason: Reason, names: Mapping[int, str]) -> Sight:
    model = one.model
    slug = snapshot.providers[model.provider_id].slug
    alias_of = None if one.alias is None else model.model_id
    return Sight(one.name, model.display_name, slug, alias_of, _sees(reason), reason, _names(one, names))


def _names(one: Listed, names: Mapping[int, str]) -> list[str]:
    """In the groups' order; one that was deleted since says so."""
    wanted = {group for limit in one.limits() for group in limit}
    known = [name for group_id, name in names.items() if group_id in wanted]
    return [*known, *(f"deleted group {one}" for one in sorted(wanted - names.keys()))]
