"""The list of plans, and one plan: its counts, its items by outcome, and what has changed since it was made."""

from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import urlencode

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.bodies import Line
from model_lineup.api.dependencies import Offset, PathId, There
from model_lineup.catalog.plan_outcomes import DOABLE, Outcome
from model_lineup.catalog.plan_shapes import OPEN, PlanStatus, StoredPlan
from model_lineup.errors import LineupError
from model_lineup.panel.pages import pages
from model_lineup.panel.render import base, page
from model_lineup.panel.visitors import AsViewer
from model_lineup.rooms import Rooms

router = pages("/providers/plans")
PLANS, ITEMS = 50, 100
Part = Annotated[Line, Query(max_length=100)]
TITLES: dict[str, str] = {
    "added": "New",
    "changed": "Changed",
    "reactivated": "Back",
    "vanished": "Gone",
    "protected": "Protected",
    "ignored": "Ignored",
    "unchanged": "Unchanged",
}
STATES: dict[PlanStatus, tuple[str, str]] = {
    "open": ("new", "to review"),
    "partly_applied": ("new", "partly applied"),
    "applied": ("ok", "applied"),
    "empty": ("ok", "nothing to do"),
    "discarded": ("off", "discarded"),
    "overtaken": ("warn", "overtaken"),
}


class Tab(NamedTuple):
    """A part of a plan; `name` empty: all of it."""

    name: str
    title: str
    total: int


@router.get("")
def list_plans(
    request: Request, there: There, _: AsViewer, status: PlanStatus | Literal[""] = "", offset: Offset = 0
) -> Response:
    found = there.plans.page(limit=PLANS, offset=offset, status=status or None)
    link = _link(request, "", **({"status": status} if status else {}))
    return page(request, "plans/page.html", found=found, states=STATES, wanted=status, link=link)


@router.get("/{plan_id:row}")
def show(
    request: Request,
    plan_id: PathId,
    there: There,
    _: AsViewer,
    outcome: Outcome | Literal[""] = "",
    q: Part = "",
    offset: Offset = 0,
) -> Response:
    return page(request, "plans/one.html", **shown(request, there, plan_id, outcome=outcome, q=q, offset=offset))


def shown(
    request: Request,
    there: Rooms,
    plan_id: int,
    *,
    outcome: str = "",
    q: str = "",
    offset: int = 0,
    error: LineupError | None = None,
) -> dict[str, Any]:
    """What the page of a plan needs. Raises NotFound."""
    plan = there.plans.get(plan_id)
    found = there.plans.items(plan_id, limit=ITEMS, offset=offset, outcome=outcome or None, q=q.strip() or None)
    said = {name: value for name, value in (("outcome", outcome), ("q", q.strip())) if value}
    return {
        "plan": plan,
        "state": STATES[plan.status],
        "is_open": plan.status in OPEN,
        "tabs": _tabs(plan),
        "found": found,
        "outcome": outcome,
        "q": q.strip(),
        "doable": DOABLE,
        "titles": TITLES,
        "error": error,
        "link": _link(request, f"/{plan_id}", **said),
    }


def _tabs(plan: StoredPlan) -> list[Tab]:
    counts = {name: getattr(plan.counts, name) for name in TITLES}
    named = [Tab(name, TITLES[name], count) for name, count in counts.items() if count]
    return [Tab("", "All", sum(counts.values())), *named]


def _link(request: Request, path: str, **more: str) -> Any:
    return lambda to: f"{base(request)}/providers/plans{path}?{urlencode({**more, 'offset': to})}"
