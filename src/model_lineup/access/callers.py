"""Who may call `/v1`: the living keys of users and agents, as the hot path looks them up. Read by revision."""

from dataclasses import dataclass, field
from typing import Literal

import msgspec
from sqlalchemy import Connection, or_, select

from model_lineup.access.shapes import Limits
from model_lineup.access.tables import keys, people
from model_lineup.limits.spending import NANO, Allowance

CallerKind = Literal["user", "agent"]


class Caller(msgspec.Struct, frozen=True, gc=False):
    """One key. `expires_at`: microseconds since 1970, None for never; `person_id`: whose key it is.

    `allowance`: None where nothing is limited. `trusted`: a front end that is believed for whom it asks.
    """

    key_id: int
    kind: CallerKind
    name: str
    token_hash: str
    person_id: int | None
    expires_at: int | None
    allowance: Allowance | None = None
    trusted: bool = False


@dataclass(frozen=True, slots=True)
class ChangedCallers:
    """Keys that may call, and ids of those that may not any more."""

    living: list[Caller] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)


def changed_since(connection: Connection, since: int) -> ChangedCallers:
    """Keys that changed, or whose owner did, after this revision; all for -1. A disabled key is gone, as is one whose
    owner is disabled or deleted."""
    who = (keys.c.id, keys.c.kind, keys.c.name, keys.c.token_hash, keys.c.owner_id, keys.c.expires_at)
    columns = (*who, keys.c.limits, keys.c.trusted_front_end)
    barred = (keys.c.disabled, keys.c.deleted_at, people.c.disabled, people.c.deleted_at)
    query = select(*columns, *barred).select_from(keys.outerjoin(people)).where(keys.c.kind.in_(("user", "agent")))
    if since >= 0:
        query = query.where(or_(keys.c.changed_at_revision > since, people.c.changed_at_revision > since))
    found = ChangedCallers()
    for key_id, kind, name, token_hash, owner_id, expires_at, limits, trusted, *bars in connection.execute(query):
        disabled, deleted_at, owner_disabled, owner_deleted_at = bars
        if disabled or deleted_at is not None or owner_disabled or owner_deleted_at is not None:
            found.gone.append(key_id)
        else:
            allowance = _allowance(msgspec.json.decode(limits, type=Limits))
            found.living.append(Caller(key_id, kind, name, token_hash, owner_id, expires_at, allowance, bool(trusted)))
    return found


def _allowance(limits: Limits) -> Allowance | None:
    if limits == Limits():
        return None
    cost = limits.cost_per_month
    return Allowance(
        requests_per_minute=limits.requests_per_minute,
        tokens_per_minute=limits.tokens_per_minute,
        tokens_per_month=limits.tokens_per_month,
        nanodollars_per_month=None if cost is None else round(cost * NANO),
    )
