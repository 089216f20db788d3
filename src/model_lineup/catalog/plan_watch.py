"""Whether items of a plan would still do what they did when it was made. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from model_lineup.catalog.facts import StatedFact
from model_lineup.catalog.fetch_plan import Decision, PlanItem, StoredModel, decide
from model_lineup.catalog.plan_items import doable
from model_lineup.catalog.plan_shapes import OvertakenItem
from model_lineup.catalog.store.plans import ItemRow
from model_lineup.database.metadata import dump
from model_lineup.upstream.contract import ListedModel


def redecided(
    items: Sequence[ItemRow],
    stored: Mapping[str, StoredModel],
    stated: Mapping[int, list[StatedFact]],
    at: datetime,
) -> Decision:
    """The decision about these items alone, with what the list said then. `stored`: their rows of today."""
    listed = [ListedModel(one.model_id, one.listed) for one in items if one.listed is not None]
    return decide(listed, stored, stated, at)


def overtaken(items: Sequence[ItemRow], decision: Decision) -> list[OvertakenItem]:
    """Those of which today's decision is another one."""
    today = {item.model_id: (outcome, item) for outcome, item in doable(decision)}
    protected = {item.model_id: item.reason for item in decision.protected}
    found = []
    for one in items:
        outcome, item = today.get(one.model_id, (None, None))
        if _same(one, outcome, item):
            continue
        planned = {"outcome": one.outcome, "changes": one.changes, "reason": one.reason}
        reason = protected.get(one.model_id) or ("the row is as planned already" if item is None else None)
        now = {"outcome": outcome, "changes": item.changes if item else {}, "reason": reason}
        row = item.id if item and item.id is not None else one.model_row
        found.append(OvertakenItem(item=one.number, model_id=one.model_id, id=row, planned=planned, now=now))
    return found


def _same(planned: ItemRow, outcome: str | None, item: PlanItem | None) -> bool:
    """As text, in which 1 and 1.0 and true are three things."""
    if item is None or outcome != planned.outcome or item.id != planned.model_row:
        return False
    return dump(item.changes) == dump(planned.changes)
