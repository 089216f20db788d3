"""Stored plans of a fetch, as they are shown and asked for."""

from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from model_lineup.catalog.plan_outcomes import Outcome
from model_lineup.catalog.shapes import ProviderRef
from model_lineup.journal.shapes import Impact

PlanStatus = Literal["open", "partly_applied", "applied", "empty", "discarded", "overtaken"]
OPEN: tuple[PlanStatus, ...] = ("open", "partly_applied")


class OutcomeCounts(msgspec.Struct, frozen=True, kw_only=True):
    added: int = 0
    changed: int = 0
    reactivated: int = 0
    vanished: int = 0
    unchanged: int = 0
    protected: int = 0
    ignored: int = 0


class OvertakenItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item that would do something else now. `planned` and `now`: outcome, changes and reason, then and today; of
    `now` the outcome is null where there is nothing to do any more."""

    item: int
    model_id: str
    id: int | None
    planned: dict[str, Any]
    now: dict[str, Any]


class StoredPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a fetch would do, kept to be looked at. `left`: how many items are still to be applied.

    `revision` is that of the configuration which the list was compared with, `list_digest` the SHA-256 of what the
    list said. `newly_read`: how many of the changed say nothing but what the Lineup that fetched before did not read
    of this provider's list. `ended_by` says who applied or discarded it, or what overtook it. `overtaken_items`, in
    the single view of an open plan alone: its items that later changes stand against, at most 100.
    """

    id: int
    provider: ProviderRef
    status: PlanStatus
    made_at: datetime
    made_by: str
    revision: int
    list_digest: str
    pages: int
    listed: int
    counts: OutcomeCounts
    newly_read: int
    left: int
    candidates: list[str]
    ended_at: datetime | None
    ended_by: str | None
    overtaken_items: list[OvertakenItem] | UnsetType = UNSET


class StoredItem(msgspec.Struct, frozen=True, kw_only=True):
    """One model of a stored plan. `item` is its number there, `id` the model's row, null for one that is new.

    `changes`: field → before and after.
    """

    item: int
    outcome: Outcome
    model_id: str
    id: int | None
    reason: str
    changes: dict[str, Any]
    applied: bool
    applied_at_revision: int | None


class PlanPage(msgspec.Struct, frozen=True):
    """Newest first."""

    plans: list[StoredPlan]
    total: int
    limit: int
    offset: int


class ItemPage(msgspec.Struct, frozen=True):
    items: list[StoredItem]
    total: int
    limit: int
    offset: int


class PlanApplied(msgspec.Struct, frozen=True, kw_only=True):
    """`applied`: items that were carried out now; `already_applied`: that had been before; `left`: that still can be.

    `change_id` is the one change set of it all; null when there was nothing to do, or of a dry run.
    """

    plan_id: int
    status: PlanStatus
    applied: int
    already_applied: int
    left: int
    warnings: list[str] = []
    revision: int = 0
    change_id: int | None = None
    dry_run: bool = False
    impact: Impact | UnsetType = UNSET
