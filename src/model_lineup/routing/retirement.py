"""The snapshot as it is by the clock: what has come to its end is retired, and its aliases mean who follows.

The change in the database follows a moment later, once for all (`catalog.retirement`); nobody is answered by a model in
between. Pure.
"""

from collections.abc import Mapping
from dataclasses import replace

import msgspec

from model_lineup.catalog.rollouts import ended_by
from model_lineup.routing.snapshot import AliasState, ModelState, Snapshot

_LONGEST_CHAIN = 100


def due(snapshot: Snapshot, now_s: float) -> list[int]:
    """The models whose end has come, and which are not known as retired yet."""
    return [row for row, model in snapshot.ending.items() if (end := _end(model)) is not None and end <= now_s]


def next_end(snapshot: Snapshot, now_s: float) -> int | None:
    """Seconds since 1970 of the first end that is still to come."""
    ends = (_end(model) for model in snapshot.ending.values())
    return min((end for end in ends if end is not None and end > now_s), default=None)


def by_the_clock(snapshot: Snapshot, now_s: float) -> Snapshot:
    """The very same snapshot where no end has come."""
    rows = due(snapshot, now_s)
    if not rows:
        return snapshot
    models = dict(snapshot.models)
    for row in rows:
        models[row] = _retired(models[row])
    seen = replace(snapshot, models=models)
    moved = _moved(seen, {row: following.id for row in rows if (following := successor(seen, models[row])) is not None})
    if not moved:
        return seen
    aliases = {**snapshot.aliases, **{alias.alias: alias for alias in moved}}
    folded = {**snapshot.folded, **{alias.folded: alias for alias in moved}}
    return replace(seen, aliases=aliases, folded=folded)


def successor(snapshot: Snapshot, model: ModelState) -> ModelState | None:
    """The first that follows this model and is not retired itself; whether callers may see it is not asked."""
    following = _next(snapshot, model)
    for _ in range(_LONGEST_CHAIN):
        if following is None or following.notice is None or not following.notice.retired:
            return following
        following = _next(snapshot, following)
    return None


def _next(snapshot: Snapshot, model: ModelState) -> ModelState | None:
    notice = model.notice
    if notice is None:
        return None
    if notice.successor is not None:
        return snapshot.models.get(notice.successor)
    if notice.replacement is None:
        return None
    rows = (snapshot.models[row] for row in snapshot.by_id.get(notice.replacement, ()))
    return next((one for one in rows if one.provider_id == model.provider_id), None)


def _end(model: ModelState) -> int | None:
    """Of a model that is not retired yet."""
    return None if model.notice is None or model.notice.retired else model.notice.sunset_at


def _retired(model: ModelState) -> ModelState:
    assert model.notice is not None
    return msgspec.structs.replace(model, notice=msgspec.structs.replace(model.notice, retired=True))


def _moved(snapshot: Snapshot, successors: Mapping[int, int]) -> list[AliasState]:
    """Aliases of these models, pointed at who follows. They are found by name, so this looks at all of them, once."""
    return [
        msgspec.structs.replace(
            alias,
            row=successors[alias.row],
            fallbacks=tuple(row for row in alias.fallbacks if row != successors[alias.row]),
            rollout=ended_by(alias.rollout, successors[alias.row]),
        )
        for alias in snapshot.aliases.values()
        if alias.row in successors
    ]
