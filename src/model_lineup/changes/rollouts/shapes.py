"""Rollouts of aliases, as they are entered and shown."""

from typing import Literal

import msgspec

from model_lineup.catalog.rollouts import Rollout, Sticky
from model_lineup.catalog.shapes import Alias

Reason = Literal["share", "not_member", "not_for_agents", "not_available"]


class NewRollout(msgspec.Struct, frozen=True, kw_only=True):
    """`target`: a model's row. `share`: percent. `gate`: only if tests have proven what the alias's model declares."""

    target: int
    share: float
    sticky: Sticky = "key"
    gate: bool = False

    @property
    def rollout(self) -> Rollout:
        return Rollout(self.target, float(self.share), self.sticky)


class RolloutKey(msgspec.Struct, frozen=True):
    """A key that can call now and may use the alias. `owner`: whose it is; `last4`: its last four characters. `moves`:
    whether it gets the model that is rolled out; `moved_before`: whether it did before this change. `reason`: why it
    stays, null where it moves: its place lies outside the `share`; it is a `not_member` of the model's groups; the
    model is `not_for_agents`, or `not_available` to anybody."""

    id: int
    name: str
    kind: str
    owner: str | None
    last4: str
    moves: bool
    moved_before: bool
    reason: Reason | None


class RolloutState(msgspec.Struct, frozen=True, kw_only=True):
    """An alias with the keys that its rollout moves, and those that stay; of each a page, and how many there are.
    Where each request is placed by itself, a key that moves gets the model for a share of its requests."""

    alias: Alias
    moving: list[RolloutKey]
    moving_total: int
    staying: list[RolloutKey]
    staying_total: int
    limit: int
    offset: int
