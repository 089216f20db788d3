"""The list of runs, and its rows while they go on."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from model_lineup.api.bodies import MOST_INTEGER
from model_lineup.api.dependencies import Offset, There
from model_lineup.api.runs import KEEP_ALIVE_S, SSE_HEADERS
from model_lineup.benchmarks.records import Run
from model_lineup.errors import ModelNotFound
from model_lineup.panel.pages import pages
from model_lineup.panel.render import base, go, page
from model_lineup.panel.runs.shown import shown
from model_lineup.panel.visitors import AsAdmin, AsViewer, Sent, still_signed_in
from model_lineup.rooms import Rooms

router = pages("/runs")
ROWS = 50
LOOKS_EVERY_S = 0.5
State = Literal["", "running", "finished", "failed", "cancelled", "interrupted"]


@router.get("")
def list_runs(
    request: Request,
    there: There,
    _: AsViewer,
    state: State = "",
    model: Annotated[int | None, Query(ge=1, le=MOST_INTEGER)] = None,
    offset: Offset = 0,
) -> Response:
    found = there.runs.page(limit=ROWS, offset=offset, model_row=model, state=state or None)
    kept = {name: value for name, value in (("state", state), ("model", model)) if value}

    def link(to: int) -> str:
        return f"{base(request)}/runs?{urlencode({**kept, 'offset': to})}"

    return page(
        request,
        "runs/page.html",
        rows=[shown(run) for run in found.runs],
        found=found,
        link=link,
        state=state,
        of_model=_name_of(there, model),
        model=model,
        waiting=there.benchmark_turns.waiting(),
        refused=there.benchmark_turns.refused(),
        at_once=there.settings.runs_at_once,
    )


@router.post("/forget")
async def forget_waiting(request: Request, form: Sent, there: There, _: AsAdmin) -> Response:
    """What waits for its turn shall not begin."""
    count = await asyncio.to_thread(there.benchmark_turns.forget)
    return go(request, "/runs", say=f"{count} waiting benchmarks will not begin.")


@router.get("/live")
async def follow_all(request: Request, there: There, _: AsViewer) -> Response:
    """How far each running benchmark is, as it changes; and which has ended."""
    may_see = still_signed_in(request)
    return StreamingResponse(_progress(there, may_see), media_type="text/event-stream", headers=SSE_HEADERS)


async def _progress(there: Rooms, may_see: Callable[[], bool]) -> AsyncIterator[bytes]:
    known: dict[int, int] = {}
    quiet = 0.0
    while not there.runs.closing and await asyncio.to_thread(may_see):
        now = {run.id: run.progress for run in await asyncio.to_thread(_running, there)}
        changed = [{"id": run_id, "progress": done} for run_id, done in now.items() if known.get(run_id) != done]
        ended = [run_id for run_id in known if run_id not in now]
        if changed or ended or not quiet:
            yield b"event: progress\ndata: %s\n\n" % json.dumps({"changed": changed, "ended": ended}).encode()
        elif quiet >= KEEP_ALIVE_S:
            yield b": nothing new\n\n"
            quiet = 0.0
        known, quiet = now, quiet + LOOKS_EVERY_S
        await asyncio.sleep(LOOKS_EVERY_S)
    yield b"event: gone\ndata: {}\n\n"


def _running(there: Rooms) -> list[Run]:
    return there.runs.page(limit=100, offset=0, state="running").runs


def _name_of(there: Rooms, model: int | None) -> str:
    if model is None:
        return ""
    try:
        return there.models.get(model).model_id
    except ModelNotFound:
        return f"model {model}, which is deleted"
