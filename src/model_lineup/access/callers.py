"""Who may call `/v1`: the living keys of users and agents, as the hot path looks them up. Read by revision."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import msgspec
from sqlalchemy import Connection, or_, select

from model_lineup.access.groups import store as group_store
from model_lineup.access.shapes import Limits
from model_lineup.access.tables import keys, people
from model_lineup.limits.payers import Payer, of_group, tightest
from model_lineup.limits.spending import NANO, Allowance

CallerKind = Literal["user", "agent"]
GroupSet = frozenset[int]


class Audience(NamedTuple):
    """All that decides what somebody may see: a user's key or an agent's, and groups; None: whatever the groups."""

    kind: CallerKind
    groups: GroupSet | None = GroupSet()

    def admitted(self, limited: GroupSet | None) -> bool:
        """Whether something that is limited to these groups, None: to none, is for them."""
        return limited is None or self.groups is None or not limited.isdisjoint(self.groups)


class Caller(msgspec.Struct, frozen=True, gc=False):
    """One key. `expires_at`: microseconds since 1970, None for never; `person_id`: whose key it is.

    `allowance`: None where nothing is limited, else the least of all limits that hold for it. `payers`: who they are
    that a request is booked for, where the key is not the only one. `trusted`: a front end that is believed for whom it
    asks. `groups`: those that it or its owner belongs to; None: whatever the groups.
    """

    key_id: int
    kind: CallerKind
    name: str
    token_hash: str
    person_id: int | None
    expires_at: int | None
    allowance: Allowance | None = None
    trusted: bool = False
    groups: GroupSet | None = GroupSet()
    payers: tuple[Payer, ...] = ()

    @property
    def audience(self) -> Audience:
        return Audience(self.kind, self.groups)


@dataclass(frozen=True, slots=True)
class ChangedCallers:
    """Keys that may call, and ids of those that may not any more."""

    living: list[Caller] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)


def changed_since(connection: Connection, since: int) -> ChangedCallers:
    """Keys that changed, or whose owner or groups did, after this revision; all for -1. A disabled key is gone, as is
    one whose owner is disabled or deleted."""
    who = (keys.c.id, keys.c.kind, keys.c.name, keys.c.token_hash, keys.c.owner_id, keys.c.expires_at)
    columns = (*who, keys.c.limits, keys.c.trusted_front_end)
    barred = (keys.c.disabled, keys.c.deleted_at, people.c.disabled, people.c.deleted_at)
    query = select(*columns, *barred).select_from(keys.outerjoin(people)).where(keys.c.kind.in_(("user", "agent")))
    if since >= 0:
        query = query.where(or_(keys.c.changed_at_revision > since, people.c.changed_at_revision > since))
    found, rows = ChangedCallers(), []
    for row in connection.execute(query):
        disabled, deleted_at, owner_disabled, owner_deleted_at = row[8:]
        if disabled or deleted_at is not None or owner_disabled or owner_deleted_at is not None:
            found.gone.append(row[0])
        else:
            rows.append(row[:8])
    belonging = _Belonging(connection, None if since < 0 else [(row[0], row[4]) for row in rows]) if rows else None
    for key_id, kind, name, token_hash, owner_id, expires_at, limits, trusted in rows:
        assert belonging is not None  # nosec B101
        groups = belonging.of(key_id, owner_id)
        own = allowance_of(msgspec.json.decode(limits, type=Limits))
        payers = belonging.payers(key_id, own, groups)
        allowance = tightest([payer.allowed for payer in payers]) if payers else own
        who_calls = (key_id, kind, name, token_hash, owner_id, expires_at)
        found.living.append(Caller(*who_calls, allowance, bool(trusted), groups, payers))
    return found


class _Belonging:
    """Of some keys, each with its owner; None: of all that belong to any group. Equal sets are one set in memory."""

    def __init__(self, connection: Connection, some: Iterable[tuple[int, int | None]] | None) -> None:
        wanted = None if some is None else list(some)
        owners = None if wanted is None else {owner for _, owner in wanted if owner is not None}
        self._keys = group_store.of_keys(connection, None if wanted is None else [key_id for key_id, _ in wanted])
        self._people = group_store.of_people(connection, owners)
        self._shared = _shared(group_store.limited(connection))
        self._sets: dict[GroupSet, GroupSet] = {}

    def of(self, key_id: int, owner_id: int | None) -> GroupSet:
        theirs = self._people.get(owner_id, ()) if owner_id is not None else ()
        groups = GroupSet((*self._keys.get(key_id, ()), *theirs))
        return self._sets.setdefault(groups, groups)

    def payers(self, key_id: int, own: Allowance | None, groups: GroupSet) -> tuple[Payer, ...]:
        """The key itself first; nobody where no group of its has limits."""
        sharing = [self._shared[one] for one in sorted(groups) if one in self._shared]
        return (Payer(key_id, own or Allowance()), *sharing) if sharing else ()


def _shared(limited: Mapping[int, tuple[str, Limits]]) -> dict[int, Payer]:
    found = {}
    for group_id, (name, limits) in limited.items():
        allowed = allowance_of(limits)
        if allowed is not None:
            found[group_id] = Payer(of_group(group_id), allowed, name)
    return found


def allowance_of(limits: Limits) -> Allowance | None:
    """None where there is no limit."""
    if limits == Limits():
        return None
    cost = limits.cost_per_month
    return Allowance(
        requests_per_minute=limits.requests_per_minute,
        tokens_per_minute=limits.tokens_per_minute,
        tokens_per_month=limits.tokens_per_month,
        nanodollars_per_month=None if cost is None else round(cost * NANO),
    )
