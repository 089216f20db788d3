"""Of an alias that is being rolled out, the model that somebody gets. Pure.

A rollout opens nothing: who may not use the alias's own target does not reach the other model by it either, and who may
not use the other model stays where he is.
"""

from collections.abc import Iterator
from typing import Literal

import msgspec

from model_lineup.access.callers import Audience
from model_lineup.catalog.rollouts import Rollout
from model_lineup.routing.listing import Meaning, fallbacks, may_use
from model_lineup.routing.snapshot import ModelState, RoutedModel, Snapshot


class RolloutSeen(msgspec.Struct, frozen=True):
    """The model that an alias is being rolled out to, for a share of keys or of requests in percent. `moved`: whether
    it is what the caller gets; null where that depends on which key asks, or on each request."""

    model: RoutedModel
    share: float
    sticky: Literal["key", "request"]
    moved: bool | None


def seen(snapshot: Snapshot, meant: Meaning, audience: Audience, who: str | None) -> RolloutSeen | None:
    """`who`: of which key, where it is asked for one. Also where the model is of no use to this audience."""
    rollout = None if meant.alias is None else meant.alias.rollout
    model = None if rollout is None else snapshot.routed(rollout.target)
    if rollout is None or model is None:
        return None
    moved: bool | None = None
    if rolled_out(snapshot, meant, audience) is None:
        moved = False
    elif rollout.share >= 100:
        moved = True
    elif who is not None and rollout.sticky == "key":
        moved = answering(snapshot, meant, audience, who).id == model.id
    return RolloutSeen(model, rollout.share, rollout.sticky, moved)


def rolled_out(snapshot: Snapshot, meant: Meaning, audience: Audience) -> tuple[Rollout, ModelState] | None:
    """The rollout of the alias that a name means, with the model that those get whom it moves; None where there is
    none, or where this audience stays with the alias's own target anyway."""
    rollout = None if meant.alias is None else meant.alias.rollout
    if rollout is None:
        return None
    model = snapshot.models.get(rollout.target)
    if model is None or not may_use(snapshot, model, audience):
        return None
    return rollout, model


def answering(snapshot: Snapshot, meant: Meaning, audience: Audience, who: str) -> ModelState:
    """The model that one key gets; of a rollout by requests the alias's own target."""
    found = rolled_out(snapshot, meant, audience)
    if found is None or meant.alias is None:
        return meant.model
    rollout, model = found
    moves = rollout.moves(meant.alias.folded, who) if rollout.sticky == "key" else rollout.share >= 100
    return model if moves else meant.model


def fallbacks_behind(snapshot: Snapshot, meant: Meaning, model: ModelState, audience: Audience) -> Iterator[ModelState]:
    """Those that the alias declares, where `model` answers first."""
    return (one for one in fallbacks(snapshot, meant, audience) if one.id != model.id)
