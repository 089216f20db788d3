"""One run: while it goes on, and its report."""

import asyncio
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import Header
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from model_lineup.api.comparing import file_of
from model_lineup.api.dependencies import PathId, There
from model_lineup.api.runs import SSE_HEADERS, events_of, seq_of
from model_lineup.benchmarks.comparison import METRICS
from model_lineup.benchmarks.plan import Plan
from model_lineup.panel.pages import pages
from model_lineup.panel.render import fragment, go, page
from model_lineup.panel.runs import shown
from model_lineup.panel.visitors import AsAdmin, AsViewer, Sent, still_signed_in

router = pages("/runs")
PLAN_FIELDS = (
    *("requests", "concurrency", "rate", "arrivals", "max_tokens", "prompt_tokens", "warmup", "cold"),
    "time_limit_s",
)


@router.get("/{run_id:row}")
def show_run(request: Request, run_id: PathId, there: There, _: AsViewer) -> Response:
    one = shown.shown(there.runs.get(run_id))
    samples = shown.spots(there, run_id) if one.report else []
    report = one.report
    return page(
        request,
        "runs/run.html",
        baseline=there.comparisons.baseline_of(one.run) if report else None,
        comparison=there.comparisons.against_baseline(one.run) if report else None,
        metrics=METRICS,
        sweep_drawn=shown.sweep(report["sweep"]) if report and report.get("sweep") else None,
        one=one,
        run=one.run,
        report=one.report,
        drawn=shown.drawn(one.report, samples) if one.report and samples else [],
        cut=len(samples) == shown.MOST_SAMPLES,
        figures=shown.FIGURES,
        stopped=shown.STOPPED,
        reasons=shown.REASONS,
        again=_again(one.run.model, one.run.plan),
    )


@router.get("/{run_id:row}/row")
def show_row(request: Request, run_id: PathId, there: There, _: AsViewer) -> Response:
    """The run's row of the list, for when it has ended."""
    return fragment(request, "runs/_row.html", one=shown.shown(there.runs.get(run_id)))


@router.post("/{run_id:row}/baseline")
def pin(request: Request, run_id: PathId, form: Sent, there: There, actor: AsAdmin) -> Response:
    """`pinned`: yes, or no longer."""
    if form.text("pinned") == "no":
        there.comparisons.unpin(run_id)
        return go(request, f"/runs/{run_id}", say="New runs are held against nothing.")
    there.comparisons.pin(run_id, actor.label)
    return go(request, f"/runs/{run_id}", say=f"New runs of this model and plan are held against run {run_id}.")


@router.get("/{run_id:row}/file")
def take_file(run_id: PathId, there: There, _: AsViewer, format: Literal["json", "csv", "html"] = "json") -> Response:
    """What `GET /api/admin/runs/{id}/file` gives."""
    return file_of(there.comparisons.file(run_id, format), run_id, format)


@router.post("/{run_id:row}/cancel")
def cancel_run(request: Request, run_id: PathId, form: Sent, there: There, _: AsAdmin) -> Response:
    run = there.runs.cancel(run_id)
    say = f"Run {run_id} was over already." if run.is_over else f"Run {run_id} ends within seconds."
    return go(request, f"/runs/{run_id}" if form.text("next") != "list" else "/runs", say=say)


@router.get("/{run_id:row}/events")
async def follow_run(
    request: Request,
    run_id: PathId,
    there: There,
    _: AsViewer,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """What `GET /api/admin/runs/{id}/events` streams, for the visitor's browser."""
    await asyncio.to_thread(there.runs.get, run_id)
    events = events_of(there, run_id, seq_of(last_event_id), may_see=still_signed_in(request))
    return StreamingResponse(events, media_type="text/event-stream", headers=SSE_HEADERS)


def _again(model: int, plan: Plan) -> str:
    """The query of a page that has this plan filled in; the seed is drawn anew."""
    said = {name: getattr(plan, name) for name in PLAN_FIELDS if getattr(plan, name) is not None}
    if plan.rate is not None or plan.sweep is not None:
        said.pop("concurrency")
    if plan.slo is not None:
        said |= {f"slo_{name}": value for name in plan.slo.__struct_fields__ if (value := getattr(plan.slo, name))}
    if plan.sweep is not None:
        field = "sweep_concurrency" if plan.sweep.concurrency else "sweep_rate"
        said[field] = ", ".join(f"{load:g}" for load in plan.sweep.loads)
    return urlencode({"model": model, **said})
