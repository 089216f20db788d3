"""Two runs or more side by side: the same figures in columns, and one chart for each. Two have a verdict."""

from typing import Annotated, Any

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.bodies import MOST_INTEGER
from model_lineup.api.dependencies import There
from model_lineup.benchmarks.comparison import METRICS, Comparison
from model_lineup.panel import charts, wording
from model_lineup.panel.charts import Chart
from model_lineup.panel.pages import pages
from model_lineup.panel.render import go, page
from model_lineup.panel.runs import shown
from model_lineup.panel.runs.shown import Shown
from model_lineup.panel.visitors import AsViewer
from model_lineup.rooms import Rooms

router = pages("/runs")
MOST = 6
Ids = Annotated[list[Annotated[int, Query(ge=1, le=MOST_INTEGER)]], Query(max_length=50)]


@router.get("/compare")
def compare(request: Request, there: There, _: AsViewer, id: Ids = []) -> Response:  # noqa: B006 - never changed
    wanted = list(dict.fromkeys(id))
    if not 2 <= len(wanted) <= MOST:
        return go(request, "/runs", say=f"Tick two to {MOST} runs to compare them.")
    found = [shown.shown(there.runs.get(run_id)) for run_id in wanted]
    measured = [one for one in found if one.report]
    names = [f"Run {one.run.id}" for one in measured]
    samples = [shown.spots(there, one.run.id) for one in measured]
    first = [[spot.ttft_ms for spot in spots if spot.ttft_ms is not None] for spots in samples]
    whole = [[spot.response_time_ms for spot in spots if spot.response_time_ms is not None] for spots in samples]
    return page(
        request,
        "runs/compare.html",
        found=found,
        figures=shown.FIGURES,
        drawn=[
            charts.cdf("Time to first token", list(zip(names, first, strict=True)), value=wording.milliseconds),
            charts.cdf("Response time", list(zip(names, whole, strict=True)), value=wording.milliseconds),
            charts.bars("Output tokens/s of the whole run", names, [("tokens/s", _paces(measured))], x_name="Run"),
            *_errors(names, measured),
        ],
        differing=_differing(found),
        comparison=_judged(there, measured) if len(found) == 2 else None,
        metrics=METRICS,
        pinned=False,
    )


def _judged(there: Rooms, measured: list[Shown]) -> Comparison | None:
    """Of two: the later run, seen from the earlier one."""
    if len(measured) < 2 or not all(one.run.is_over for one in measured):
        return None
    base, other = sorted(one.run.id for one in measured)
    return there.comparisons.compare(base, other)


def _paces(runs: list[Shown]) -> list[float | None]:
    return [one.report["throughput"]["output_tokens_per_s"] for one in runs if one.report]


def _errors(names: list[str], runs: list[Shown]) -> list[Chart]:
    failed = [one.failed for one in runs]
    return [charts.bars("Failed requests", names, [("failed", failed)], x_name="Run")] if any(failed) else []


def _differing(runs: list[Shown]) -> list[str]:
    """What of the plans and the surroundings is not the same, so that figures may not be compared without a thought."""
    plans: list[dict[str, Any]] = [_without_seed(one) for one in runs]
    parts = [name for name in plans[0] if any(plan[name] != plans[0][name] for plan in plans)]
    tokens = {one.report["token_source"] for one in runs if one.report}
    return [*parts, *(["token source"] if len(tokens) > 1 else [])]


def _without_seed(one: Shown) -> dict[str, Any]:
    plan = one.run.plan
    return {name: getattr(plan, name) for name in plan.__struct_fields__ if name != "seed"}
