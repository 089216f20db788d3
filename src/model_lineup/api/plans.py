"""Fetches as stored plans: make one, look at it, apply all or some of it, discard it; and what rules would meet."""

from typing import Annotated

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from model_lineup.api.answers import answer, documented, receipt_headers
from model_lineup.api.bodies import MOST_INTEGER, Body, Line
from model_lineup.api.dependencies import AsAdmin, AsViewer, By, Confirm, DryRun, Limit, Offset, PathId, There
from model_lineup.api.providers import FetchRulesBody
from model_lineup.api.strict import noun
from model_lineup.catalog.fetch_rules import FetchRules, RulesChecked
from model_lineup.catalog.plan_outcomes import DOABLE, Doable, Outcome
from model_lineup.catalog.plan_shapes import ItemPage, PlanApplied, PlanPage, PlanStatus, StoredPlan
from model_lineup.catalog.scheduled import ScheduleState
from model_lineup.journal.shapes import Receipt

router = noun("Plans", "/api/admin", follows_configuration=True)
Numbers = Annotated[list[Annotated[int, Field(ge=1, le=MOST_INTEGER)]], Field(min_length=1, max_length=200_000)]
Part = Annotated[Line, Query(min_length=1, max_length=100, description="A part of the id, without regard to case.")]


class ApplyBody(Body):
    """Either `items`, by their numbers, or `outcomes`; neither: all that is left."""

    items: Numbers | None = None
    outcomes: Annotated[list[Doable], Field(min_length=1, max_length=len(DOABLE))] | None = None


@router.post("/providers/{provider_id:row}/plans", status_code=201, responses=documented(StoredPlan, status=201))
async def make_plan(provider_id: PathId, there: There, _: AsAdmin, by: By) -> Response:
    """Read the provider's list to its last page and keep what it would change; nothing else is changed.

    It overtakes the provider's older plan, if that is still open.
    """
    plan = await there.plans.make(provider_id, by)
    return answer(plan, status=201, headers={"location": f"/api/admin/plans/{plan.id}"})


@router.post("/providers/{provider_id:row}/fetch-rules/check", responses=documented(RulesChecked))
def check_rules(provider_id: PathId, body: FetchRulesBody, there: There, _: AsViewer) -> Response:
    """What these rules would meet, of all ids that are known of the provider; nothing is asked and nothing stored."""
    return answer(there.plans.check_rules(provider_id, FetchRules(tuple(body.include), tuple(body.ignore))))


@router.get("/providers/{provider_id:row}/fetch-schedule", responses=documented(ScheduleState))
def get_schedule(provider_id: PathId, there: There, _: AsViewer) -> Response:
    """When the provider is fetched without being asked, and how that ended the last time."""
    return answer(there.scheduled.state(provider_id))


@router.post("/providers/{provider_id:row}/fetch-schedule/run", responses=documented(ScheduleState))
async def run_schedule(provider_id: PathId, there: There, _: AsAdmin) -> Response:
    """Do now what the schedule does: read the list, apply what it allows, leave the rest in a plan."""
    return answer(await there.scheduled.run_now(provider_id))


@router.get("/plans", responses=documented(PlanPage))
def list_plans(
    there: There,
    _: AsViewer,
    provider_id: Annotated[int | None, Query(ge=1, le=MOST_INTEGER)] = None,
    status: PlanStatus | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Response:
    """Newest first."""
    return answer(there.plans.page(limit=limit, offset=offset, provider_id=provider_id, status=status))


@router.get("/plans/{plan_id:row}", responses=documented(StoredPlan))
def get_plan(plan_id: PathId, there: There, _: AsViewer) -> Response:
    """One plan; while it is open also the items that later changes stand against."""
    return answer(there.plans.get(plan_id))


@router.get("/plans/{plan_id:row}/items", responses=documented(ItemPage))
def list_items(
    plan_id: PathId,
    there: There,
    _: AsViewer,
    outcome: Outcome | None = None,
    applied: Annotated[bool | None, Query(description="false: what is still to be applied.")] = None,
    q: Part | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Response:
    """Its models, each with reason and differences: first what can be applied, then what is left alone."""
    return answer(there.plans.items(plan_id, limit=limit, offset=offset, outcome=outcome, applied=applied, q=q))


@router.post("/plans/{plan_id:row}/apply", responses=documented(PlanApplied))
def apply_plan(
    plan_id: PathId,
    there: There,
    _: AsAdmin,
    by: By,
    body: ApplyBody | None = None,
    confirm: Confirm = False,
    dry_run: DryRun = False,
) -> Response:
    """Apply all that is left, or some of it: all of that or none, in one change set. Again changes nothing.

    409 `plan_overtaken` names the rows that changed since the plan was made.
    """
    chosen = body or ApplyBody()
    applied = there.plans.apply(
        plan_id, by, items=chosen.items, outcomes=chosen.outcomes, confirm=confirm, dry_run=dry_run
    )
    return answer(applied, headers=receipt_headers(Receipt(applied.revision, applied.change_id)))


@router.delete("/plans/{plan_id:row}", responses=documented(StoredPlan))
def discard_plan(plan_id: PathId, there: There, _: AsAdmin, by: By) -> Response:
    """What is not applied will not be. The plan stays to be looked at, until newer ones push it out."""
    return answer(there.plans.discard(plan_id, by))
