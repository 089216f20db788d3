"""Which keys a rollout moves, and why the others stay: by the same rules as when they call."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from model_lineup.access.callers import Audience, Caller, GroupSet, changed_since
from model_lineup.catalog.models import living
from model_lineup.catalog.names import fold
from model_lineup.catalog.rollouts import Rollout, of_caller
from model_lineup.catalog.shapes import Alias, Model
from model_lineup.catalog.store import models as model_store
from model_lineup.catalog.succession import notice_in
from model_lineup.changes.rollouts.shapes import Reason, RolloutKey, RolloutState
from model_lineup.changes.store import rollouts as store


class Reach(NamedTuple):
    """Who may use a model, if anybody."""

    serves: bool
    agents_enabled: bool
    groups: GroupSet | None

    def hindrance(self, audience: Audience) -> Reason | None:
        if not self.serves:
            return "not_available"
        if audience.kind == "agent" and not self.agents_enabled:
            return "not_for_agents"
        return None if audience.admitted(self.groups) else "not_member"


class Placed(NamedTuple):
    """A key with what becomes of it: why it stays, or nothing."""

    caller: Caller
    reason: Reason | None


NOWHERE = Reach(serves=False, agents_enabled=False, groups=None)


def reach_of(model: Model, now: int) -> Reach:
    """`now`: microseconds since 1970."""
    notice = notice_in(model)
    ended = notice is not None and (
        notice.retired or (notice.sunset_at is not None and notice.sunset_at * 1_000_000 <= now)
    )
    serves = model.visible and model.provider.enabled and not ended
    return Reach(serves, model.agents_enabled, GroupSet(model.groups) or None)


def active(connection: Connection, alias: Alias, now: int) -> list[Caller]:
    """Keys that can call now and may use the alias, by id."""
    own = reach_of(living(model_store.one(connection, alias.model.id), alias.model.id), now)
    limited = GroupSet(alias.groups) or None
    return [
        caller
        for caller in sorted(changed_since(connection, -1).living, key=lambda one: one.key_id)
        if (caller.expires_at is None or caller.expires_at > now)
        and own.hindrance(caller.audience) is None
        and caller.audience.admitted(limited)
    ]


def placed(
    connection: Connection, alias: Alias, rollout: Rollout | None, callers: Sequence[Caller], now: int
) -> list[Placed]:
    """What becomes of each of these."""
    if rollout is None:
        return [Placed(caller, "share") for caller in callers]
    model = model_store.one(connection, rollout.target)
    reach = NOWHERE if model is None else reach_of(model, now)
    folded = fold(alias.alias)
    return [Placed(caller, reach.hindrance(caller.audience) or _stays(rollout, folded, caller)) for caller in callers]


def _stays(rollout: Rollout, folded: str, caller: Caller) -> Reason | None:
    if rollout.sticky == "request" or rollout.moves(folded, of_caller(caller.key_id, caller.person_id)):
        return None
    return "share"


def told(
    connection: Connection,
    alias: Alias,
    found: Sequence[Placed],
    before: Sequence[Placed],
    *,
    limit: int,
    offset: int,
) -> RolloutState:
    """`before`: the same keys before the change."""
    moved_before = {one.caller.key_id for one in before if one.reason is None}
    moving = [one for one in found if one.reason is None]
    staying = [one for one in found if one.reason is not None]
    page = slice(offset, offset + limit)
    shown = [*moving[page], *staying[page]]
    owners = store.owners(connection, [one.caller.key_id for one in shown])

    def rows(some: Sequence[Placed]) -> list[RolloutKey]:
        return [
            RolloutKey(
                *(one.caller.key_id, one.caller.name, one.caller.kind, *owners[one.caller.key_id]),
                moves=one.reason is None,
                moved_before=one.caller.key_id in moved_before,
                reason=one.reason,
            )
            for one in some
        ]

    return RolloutState(
        alias=alias,
        moving=rows(moving[page]),
        moving_total=len(moving),
        staying=rows(staying[page]),
        staying_total=len(staying),
        limit=limit,
        offset=offset,
    )
