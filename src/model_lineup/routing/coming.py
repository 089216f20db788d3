"""Changes that are staged for a moment to come: which are due, and what callers are told of them until then. Pure.

What is told is worked out once for a snapshot, and again when an announcement begins; a request finds it with its
route. That a change has been carried out is said by the database alone: it may be refused.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import msgspec

from model_lineup.access.callers import CallerKind
from model_lineup.catalog.lifecycle import Notice
from model_lineup.routing.snapshot import ModelState, Snapshot, StagedState


def due(snapshot: Snapshot, now_s: float) -> list[int]:
    """Those whose moment has come, in its order."""
    found = [one for one in snapshot.staged.values() if one.due_at <= now_s * 1_000_000]
    return [one.id for one in sorted(found, key=lambda one: (one.due_at, one.id))]


def next_due_s(snapshot: Snapshot, now_s: float) -> float | None:
    """Seconds since 1970 of the next that is still to come."""
    later = (one.due_at / 1_000_000 for one in snapshot.staged.values())
    return min((moment for moment in later if moment > now_s), default=None)


def next_announcement(snapshot: Snapshot, now_s: float) -> int | None:
    """Seconds since 1970 at which callers begin to be told of another one."""
    starts = (one.announced_at for one in snapshot.staged.values())
    return min((start for start in starts if start is not None and start > now_s), default=None)


class Board:
    """What is announced; kept while neither the staged changes nor the clock bring anything new."""

    def __init__(self) -> None:
        self._staged: Mapping[int, StagedState] = {}
        self._until: int | None = None
        self._announced: Mapping[tuple[str, int], StagedState] = {}

    def shown(self, snapshot: Snapshot, now_s: float) -> Snapshot:
        """The very same snapshot where nothing is announced."""
        if snapshot.staged is not self._staged or (self._until is not None and now_s >= self._until):
            begun = [one for one in snapshot.staged.values() if _has_begun(one, now_s)]
            self._announced = _by_row(begun)
            self._staged, self._until = snapshot.staged, next_announcement(snapshot, now_s)
        return replace(snapshot, announced=self._announced) if self._announced else snapshot


def as_told(snapshot: Snapshot, model: ModelState, kind: CallerKind) -> ModelState:
    """The model with the notice that callers of this kind get: of its own end, or of a change that takes it from them
    before that; the very same where nothing is staged."""
    announced = snapshot.announced
    if not announced or (model.notice is not None and model.notice.retired):
        return model
    keys = [("model", model.id), ("provider", model.provider_id)]
    if kind == "agent":
        keys.append(("agents", model.id))
    found = [one for key in keys if (one := announced.get(key)) is not None]
    if not found:
        return model
    first = min(found, key=lambda one: one.due_at)
    return msgspec.structs.replace(model, notice=_both(model.notice, first))


def about(snapshot: Snapshot, model: ModelState) -> list[int]:
    """Staged changes that will take this model from somebody, announced or not; soonest first."""
    keys = {"model": model.id, "agents": model.id, "provider": model.provider_id}
    found = [one for one in snapshot.staged.values() if keys.get(one.takes) in one.rows]
    return [one.id for one in sorted(found, key=lambda one: (one.due_at, one.id))]


def retargeting(snapshot: Snapshot, alias_id: int) -> StagedState | None:
    """The announced change of where this alias leads."""
    return snapshot.announced.get(("alias", alias_id))


def due_s(staged: StagedState) -> int:
    """Its moment in whole seconds, none too early."""
    return -(-staged.due_at // 1_000_000)


def _has_begun(one: StagedState, now_s: float) -> bool:
    return one.announced_at is not None and one.announced_at <= now_s


def _by_row(announced: Iterable[StagedState]) -> dict[tuple[str, int], StagedState]:
    """By what it takes away and from which row; of several the first."""
    found: dict[tuple[str, int], StagedState] = {}
    for one in sorted(announced, key=lambda one: one.due_at, reverse=True):
        found.update(dict.fromkeys([(one.takes, row) for row in one.rows], one))
    return found


def _both(own: Notice | None, coming: StagedState) -> Notice:
    ends = due_s(coming)
    told = Notice(coming.announced_at, ends, coming.message, coming.successor)
    if own is None:
        return told
    starts = [moment for moment in (own.deprecated_at, told.deprecated_at) if moment is not None]
    if own.sunset_at is not None and own.sunset_at <= ends:
        return msgspec.structs.replace(own, deprecated_at=min(starts))
    return Notice(
        deprecated_at=min(starts),
        sunset_at=ends,
        message=told.message or own.message,
        successor=told.successor or own.successor,
        replacement=own.replacement,
    )
