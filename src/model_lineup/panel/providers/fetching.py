"""What decides about a provider's fetches: the rules of its list, with what they would meet, and its schedule."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.dependencies import PathId, There
from model_lineup.api.providers import FetchRulesBody, ProviderPatch, provider_fields
from model_lineup.catalog.fetch_rules import FetchRules, RulesChecked
from model_lineup.catalog.plan_outcomes import DOABLE
from model_lineup.catalog.shapes import ProviderChanges
from model_lineup.errors import FetchUnderWay, LineupError
from model_lineup.panel.forms import Form, told, validated
from model_lineup.panel.pages import pages
from model_lineup.panel.providers.editing import shown
from model_lineup.panel.render import go, page
from model_lineup.panel.visitors import AsAdmin, By, Sent
from model_lineup.rooms import Rooms

router = pages("/providers")


@router.post("/{provider_id:row}/fetching")
def change(request: Request, provider_id: PathId, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    """Keep them; or, where that was asked, show what the rules would meet."""
    entered = _entered(form)
    try:
        body = validated(ProviderPatch, entered)
        if form.text("do") == "check":
            assert isinstance(body.fetch_rules, FetchRulesBody)  # nosec B101
            rules = FetchRules(tuple(body.fetch_rules.include), tuple(body.fetch_rules.ignore))
            return _again(request, there, provider_id, entered, met=there.plans.check_rules(provider_id, rules))
        version = form.whole("version")
        there.providers.change(provider_id, ProviderChanges(**provider_fields(body)), by, if_match=version)
    except LineupError as error:
        if error.status not in (409, 412, 422):
            raise
        return _again(request, there, provider_id, entered, error=error)
    return go(request, f"/providers/{provider_id}", say="Rules and schedule are saved.")


@router.post("/{provider_id:row}/fetching/run")
async def run(request: Request, provider_id: PathId, form: Sent, there: There, _: AsAdmin) -> Response:
    """What the schedule does, now."""
    try:
        state = await there.scheduled.run_now(provider_id)
    except FetchUnderWay as error:  # the schedule itself came first: nothing went wrong
        return await run_in_threadpool(go, request, f"/providers/{provider_id}", say=error.detail)
    last = state.last or {}
    if last.get("outcome") == "failed":
        said = f"The fetch failed: {last['message']}"
    elif last.get("plan_id"):
        said = f"{last['applied']} applied, {last['left']} left to review."
    else:
        said = "The list says nothing new."
    return await run_in_threadpool(go, request, f"/providers/{provider_id}", say=said)


def _entered(form: Form) -> dict[str, Any]:
    """As the API's body has it."""
    every = form.whole("every_minutes")
    apply = [one for one in form.many("apply") if one in DOABLE]
    rules = {name: _lines(form.text(name)) for name in ("include", "ignore")}
    return {"fetch_rules": rules, "fetch_schedule": None if every is None else {"every_minutes": every, "apply": apply}}


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _again(
    request: Request,
    there: Rooms,
    provider_id: int,
    entered: dict[str, Any],
    *,
    met: RulesChecked | None = None,
    error: LineupError | None = None,
) -> Response:
    context = shown(there, there.providers.get(provider_id))
    context["fetching"] |= {**entered, "met": met, "wrong": told(error) if error else None}
    status = 200 if error is None else error.status
    return page(request, "providers/page.html", status=status, **context, error=None, errors={})
