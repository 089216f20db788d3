"""Making a plan, applying all or some of it after a look at what that meets, and discarding it."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.dependencies import PathId, There
from model_lineup.api.plans import ApplyBody
from model_lineup.catalog.plan_outcomes import DOABLE
from model_lineup.catalog.plan_shapes import PlanApplied
from model_lineup.errors import KeyUndecryptable, PlanOvertaken, UpstreamFailed
from model_lineup.journal.record import Author
from model_lineup.journal.shapes import Receipt
from model_lineup.panel.forms import Form, validated
from model_lineup.panel.pages import pages
from model_lineup.panel.plans.one import shown
from model_lineup.panel.providers.asking import failed, told
from model_lineup.panel.providers.preview import preview
from model_lineup.panel.render import go, page, take_over
from model_lineup.panel.visitors import AsAdmin, By, Sent
from model_lineup.panel.wording import plural
from model_lineup.rooms import Rooms

router = pages("/providers")


@router.post("/{provider_id:row}/plan")
async def make(request: Request, provider_id: PathId, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    """Read the list and keep what it would change."""
    try:
        plan = await there.plans.make(provider_id, by)
    except (UpstreamFailed, KeyUndecryptable) as error:
        return await told(request, there, provider_id, "_tested", "", tested=failed(error))
    return go(request, f"/providers/plans/{plan.id}")


@router.post("/plans/{plan_id:row}")
async def apply(request: Request, plan_id: PathId, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    """First what it meets; then, when that was looked at, the change."""
    return await run_in_threadpool(_apply, request, plan_id, form, there, by)


def _apply(request: Request, plan_id: int, form: Form, there: Rooms, by: Author) -> Response:
    chosen = _chosen(form)
    if chosen is None:
        there.plans.get(plan_id)  # one that is none is said to be none
        return go(request, f"/providers/plans/{plan_id}", say="Tick the items to apply first.")
    try:
        if not form.flag("apply"):
            return _preview(request, there, plan_id, chosen, by)
        done = there.plans.apply(plan_id, by, **chosen, confirm=form.flag("confirm"))
    except PlanOvertaken as error:
        context = shown(request, there, plan_id, outcome=_outcome(form), error=error)
        return take_over(request, "plans/one.html", "plans/one.html", status=409, **context)
    return go(request, f"/providers/plans/{plan_id}", say=f"{plural(done.applied, 'item')} applied.")


@router.post("/plans/{plan_id:row}/discard")
def discard(request: Request, plan_id: PathId, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    there.plans.discard(plan_id, by)
    return go(request, f"/providers/plans/{plan_id}", say="The plan is discarded; nothing was changed.")


def _chosen(form: Form) -> dict[str, Any] | None:
    """What a button chose: `all`, an outcome, or the ticked items; None for no item."""
    said = form.text("what")
    if said == "all":
        return {}
    if said in DOABLE:
        return {"outcomes": [said]}
    body = validated(ApplyBody, {"items": form.wholes("item")}) if form.many("item") else None
    return None if body is None or not body.items else {"items": body.items}


def _outcome(form: Form) -> str:
    return said if (said := form.text("what")) in DOABLE else ""


def _preview(request: Request, there: Rooms, plan_id: int, chosen: dict[str, Any], by: Author) -> Response:
    applied: list[PlanApplied] = []

    def rehearse(confirm: bool) -> tuple[None, Receipt]:
        applied.append(there.plans.apply(plan_id, by, **chosen, confirm=confirm, dry_run=True))
        return None, Receipt(applied[-1].revision, None, True, applied[-1].impact)

    met = preview(there, rehearse)
    what = "items" if "items" in chosen else (chosen["outcomes"][0] if "outcomes" in chosen else "all")
    return page(
        request,
        "plans/confirm.html",
        plan=there.plans.get(plan_id),
        preview=met,
        applied=applied[-1],
        items=chosen.get("items", ()),
        what=what,
    )
