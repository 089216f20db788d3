"""A turn, and how work of a kind is done."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

TurnKind = Literal["benchmark", "capabilities", "connection"]
TurnState = Literal["waiting", "under_way", "refused"]


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was asked for. `model`: its row id. `reason`: why it was refused, empty before."""

    id: int
    kind: TurnKind
    model: int
    model_id: str
    asked: msgspec.Raw
    actor: str
    state: TurnState
    reason: str
    asked_at: datetime


class Wanted(NamedTuple):
    """The model that something is to be done with."""

    row: int
    model_id: str


class Work(NamedTuple):
    """How turns of a kind are taken: `at_once` of them over all processes, `most` that wait.

    `do` carries one out; what it raises as a LineupError is why the turn is refused, NotYetError puts it back.
    `has_place`: a quick look at whether the next can begin at all; it may block.
    """

    do: Callable[[Turn], Awaitable[None]]
    at_once: int
    most: int
    has_place: Callable[[], bool] = lambda: True


class NotYetError(Exception):
    """Its turn has not come after all. `again_in_s`: others may go first for so long; None: it stays the next."""

    def __init__(self, again_in_s: float | None = None) -> None:
        super().__init__("not yet")
        self.again_in_s = again_in_s
