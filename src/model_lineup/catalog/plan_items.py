"""A decision about a whole list as the items of a plan, each with its reason. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from model_lineup.catalog.fetch_plan import NEWLY_READ, Arrival, Decision, PlanItem, StoredModel
from model_lineup.database.metadata import dump
from model_lineup.upstream.contract import ListedModel

REASONS = {
    "added": "new in the list; arrives hidden",
    "changed": "the list says something else now",
    "reactivated": "in the list again",
    "vanished": "not in the list any more",
}


def items_of(
    listed: Sequence[ListedModel], stored: Mapping[str, StoredModel], decision: Decision
) -> list[dict[str, Any]]:
    """As they are stored: what can be done first, then what is protected, ignored, unchanged. Of the changed first
    those of which the list says something else."""
    said = {one.model_id: one.facts for one in listed}
    rows = [_written("added", item, said[item.model_id]) for outcome, item in doable(decision) if outcome == "added"]
    for outcome in ("changed", "reactivated", "vanished", "protected", "ignored"):
        these = getattr(decision, outcome)
        these = sorted(these, key=_is_newly_read) if decision.newly_read and outcome == "changed" else these
        rows += [_written(outcome, one, said.get(one.model_id)) for one in these]
    told = {row["model_id"] for row in rows}
    rows += [_written("unchanged", one, None) for one in _rest(said, stored, told)]
    return rows


def new_facts(arrival: Arrival) -> dict[str, Any]:
    """What the list says of a new model, as changes from nothing."""
    return {one.field: {"before": None, "after": one.value} for one in arrival.stated}


def doable(decision: Decision) -> Iterator[tuple[str, PlanItem]]:
    """Outcome and item of all that there is something to do of."""
    for one in decision.arrivals:
        yield "added", PlanItem(one.model_id, None, new_facts(one))
    for outcome in ("changed", "reactivated", "vanished"):
        for item in getattr(decision, outcome):
            yield outcome, item


def _rest(said: Mapping[str, Any], stored: Mapping[str, StoredModel], told: set[str]) -> Iterator[PlanItem]:
    """Rows of the provider that nothing else is said of."""
    for model_id, row in stored.items():
        if model_id not in told and not row.deleted:
            reason = "as it was" if model_id in said else "marked as vanished already"
            yield PlanItem(model_id, row.id, reason=reason)


def _is_newly_read(item: PlanItem) -> bool:
    return item.reason == NEWLY_READ


def _written(outcome: str, item: PlanItem, listed: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        "outcome": outcome,
        "model_id": item.model_id,
        "model_row": item.id,
        "reason": item.reason or REASONS[outcome],
        "changes": dump(item.changes),
        "listed": None if listed is None else dump(listed),
        "applied_at_revision": None,
    }
