"""What a change of a provider would do, asked of the change itself as a dry run."""

from collections.abc import Callable
from typing import Any, NamedTuple

from msgspec import UNSET

from model_lineup.errors import ModelNotFound, NameWouldMove
from model_lineup.journal.shapes import Impact, Receipt
from model_lineup.rooms import Rooms

SHOWN = 20


class Move(NamedTuple):
    """A name in use that would mean another model: each as people read it; `after` None: nothing would answer."""

    name: str
    before: str
    after: str | None


class Preview(NamedTuple):
    impact: Impact
    moves: list[Move]
    moves_total: int

    @property
    def meets_anybody(self) -> bool:
        met = self.impact.aliases + self.impact.keys + self.impact.requests_30d
        return bool(met or self.moves_total)


def preview(there: Rooms, rehearse: Callable[[bool], tuple[Any, Receipt]]) -> Preview:
    """`rehearse(confirm)` carries the change out as a dry run. Raises what the change raises."""
    moved = None
    try:
        _, receipt = rehearse(False)
    except NameWouldMove as error:
        moved = error
        _, receipt = rehearse(True)
    impact = Impact(0, 0, 0, 0) if receipt.impact is UNSET else receipt.impact
    return Preview(impact, *moves_of(there, moved))


def moves_of(there: Rooms, error: NameWouldMove | None) -> tuple[list[Move], int]:
    """The first names of a refusal, and how many there are."""
    if error is None:
        return [], 0
    named = error.facts["names"][:SHOWN]
    moves = [Move(one["name"], _label(there, one["from_id"]) or "?", _label(there, one["to_id"])) for one in named]
    return moves, error.facts["names_total"]


def _label(there: Rooms, row_id: int | None) -> str | None:
    if row_id is None:
        return None
    try:
        model = there.models.get(row_id)
    except ModelNotFound:
        return None
    return f"{model.provider.slug}/{model.model_id}"
