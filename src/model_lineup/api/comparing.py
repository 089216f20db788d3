"""Benchmarks beside each other: verdicts, baselines, pairs measured in turns; and runs as files to take away."""

import asyncio
from typing import Annotated, Literal

import msgspec
from fastapi import Query
from starlette.responses import Response

from model_lineup.api.answers import answer, documented
from model_lineup.api.benchmark_plan import PlanBody
from model_lineup.api.bodies import MOST_INTEGER, RowId
from model_lineup.api.dependencies import AsAdmin, AsViewer, PathId, There
from model_lineup.api.runs import Foretold, take_turn
from model_lineup.api.strict import noun
from model_lineup.benchmarks.comparison import Comparison
from model_lineup.benchmarks.forecast import Forecast
from model_lineup.benchmarks.records import Run
from model_lineup.errors import InvalidInput, NotFound

router = noun("Runs", "/api/admin")
RunId = Annotated[int, Query(ge=1, le=MOST_INTEGER)]
SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
KINDS = {"json": "application/json", "csv": "text/csv; charset=utf-8", "html": "text/html; charset=utf-8"}
_REPORT = {"schema": {"type": "object"}}
Format = Literal["json", "csv", "html"]


class PairBody(PlanBody):
    """Two models and the plan for both; with a sweep both go up level by level together."""

    base: RowId
    other: RowId


class Pair(msgspec.Struct, frozen=True):
    """Two runs that are measured in turns; `compare` tells them apart when they have ended."""

    base: Run
    other: Run
    compare: str


@router.get("/runs/compare", responses=documented(Comparison))
def compare_runs(there: There, _: AsViewer, other: RunId, base: RunId | None = None) -> Response:
    """Whether the other run is better or worse than the base, or no difference shows at this n; and by how much.

    Without `base`: against the baseline of the other run's model and plan; 404 where none is pinned.
    """
    if base is None:
        base = there.comparisons.baseline_of(there.runs.get(other))
        if base is None:
            raise NotFound(f"No baseline is pinned for the model and plan of run {other}.", id=other)
    return answer(there.comparisons.compare(base, other))


class PairForecast(msgspec.Struct, frozen=True):
    """What each of the two would cost at most."""

    base: Forecast
    other: Forecast


@router.post(
    "/runs/pairs",
    status_code=202,
    responses={**documented(Pair, status=202), **documented(PairForecast, description="A dry run.")},
)
async def start_pair(actor: AsAdmin, body: PairBody, there: There, dry_run: Foretold = False) -> Response:
    """Measure two models in turns, request by request, so that drift hits both alike. Both runs go on by themselves.

    With `?dry_run=true` nothing is asked, and what it would cost at most is told.
    """
    if body.base == body.other:
        raise InvalidInput.at("/other", "is the same model as the base")
    if dry_run:
        told = [await asyncio.to_thread(there.runs.forecast, row, body.plan()) for row in (body.base, body.other)]
        return answer(PairForecast(told[0], told[1]))
    for row in (body.base, body.other):
        await asyncio.to_thread(take_turn, there, actor, row, "benchmarks", there.settings.benchmarks_per_minute)
    base, other = await there.runs.start_pair(body.base, body.other, body.plan(), actor.label)
    return answer(Pair(base, other, f"/api/admin/runs/compare?base={base.id}&other={other.id}"), status=202)


@router.put("/runs/{run_id:row}/baseline", responses=documented(Run))
def pin_baseline(run_id: PathId, there: There, actor: AsAdmin) -> Response:
    """Hold new runs of this model and plan against this run."""
    return answer(there.comparisons.pin(run_id, actor.label))


@router.delete("/runs/{run_id:row}/baseline", responses=documented(Run))
def unpin_baseline(run_id: PathId, there: There, _: AsAdmin) -> Response:
    """No longer. A run that is no baseline stays as it is."""
    return answer(there.comparisons.unpin(run_id))


@router.get(
    "/runs/{run_id:row}/file",
    responses={
        200: {
            "content": {**{kind.partition(";")[0]: {} for kind in KINDS.values()}, "application/json": _REPORT},
            "description": "The file.",
        }
    },
)
def take_file(run_id: PathId, there: There, _: AsViewer, format: Format = "json") -> Response:
    """A run to take away: its report as JSON, its requests as CSV, or all of it as one HTML page with plots."""
    return file_of(there.comparisons.file(run_id, format), run_id, format)


def file_of(content: str, run_id: int, format: Format) -> Response:
    headers = {
        "content-disposition": f'attachment; filename="run-{run_id}.{format}"',
        "content-security-policy": SANDBOX,
    }
    return Response(content, headers=headers, media_type=KINDS[format])
