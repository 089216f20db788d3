"""Proof: connection tests, benchmarks, and the runs and events of benchmarks."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Annotated, Literal

import msgspec
from fastapi import Header, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from model_lineup.access.actor import Actor
from model_lineup.api.answers import answer, documented
from model_lineup.api.benchmark_plan import PlanBody
from model_lineup.api.bodies import MOST_INTEGER, pattern
from model_lineup.api.dependencies import AsAdmin, AsViewer, Limit, Offset, PathId, TheModel, There
from model_lineup.api.strict import noun
from model_lineup.benchmarks.connection import ConnectionResult
from model_lineup.benchmarks.forecast import Forecast
from model_lineup.benchmarks.plan import Plan
from model_lineup.benchmarks.records import Run, RunEvent, RunPage, StoredTest
from model_lineup.benchmarks.report import Report
from model_lineup.errors import InvalidInput, RateExceeded, Unavailable, UpstreamFailed
from model_lineup.rooms import Rooms

router = noun("Tests and benchmarks", "/api/admin")
WAITED_FOR_S = 50
POLL_S = 0.25
KEEP_ALIVE_S = 15.0
ASKED_EVERY = 8
"""Polls: two seconds."""


class Results(msgspec.Struct, frozen=True):
    """`latest`: the newest result of each sort of test; `history`: all, newest first."""

    latest: dict[str, StoredTest]
    history: list[StoredTest]
    total: int
    limit: int
    offset: int


class StoredReport(Report, frozen=True, kw_only=True):
    """A report with the run that it belongs to."""

    run_id: int
    state: str


@router.post("/models/by-id/test/connection", responses=documented(ConnectionResult))
async def check_connection(actor: AsAdmin, model: TheModel, there: There) -> Response:
    """One real request through the path that user traffic takes; 200 whatever came out, with the step that failed.

    One person or key may test a model `LINEUP_TESTS_PER_MINUTE` times a minute; beyond that 429 with `Retry-After`.
    """
    await asyncio.to_thread(take_turn, there, actor, model.id, "tests", there.settings.tests_per_minute)
    return answer(await there.tests.connection(model.id, actor.label))


@router.get("/models/by-id/test-results", responses=documented(Results))
def list_results(_: AsViewer, model: TheModel, there: There, limit: Limit = 100, offset: Offset = 0) -> Response:
    """What tests found of this model: the latest of each sort, and the history."""
    found, total = there.tests.results(model.id, limit=limit, offset=offset)
    latest: dict[str, StoredTest] = {}
    for one in found if offset == 0 else there.tests.results(model.id, limit=100, offset=0)[0]:
        latest.setdefault(one.test, one)
    return answer(Results(latest, found, total, limit, offset))


Foretold = Annotated[bool, Query(description="Ask nothing; tell what it would cost at most.")]


@router.post(
    "/models/by-id/benchmark",
    responses={**documented(StoredReport, or_else=Forecast), **documented(Run, status=202)},
)
async def benchmark(
    actor: AsAdmin,
    model: TheModel,
    there: There,
    body: PlanBody | None = None,
    prefer: Annotated[str | None, Header(description="`respond-async`: answer 202 at once.")] = None,
    dry_run: Foretold = False,
) -> Response:
    """Measure response time and throughput. The run goes on when the caller leaves; it is stored either way.

    With `?dry_run=true` nothing is asked: requests, tokens and cost are told, each at most, with what tests and
    benchmarks of the provider used today, its daily cap if it has one, and whether the run may pass it.

    One person or key may start `LINEUP_BENCHMARKS_PER_MINUTE` of a model a minute; beyond that 429 with `Retry-After`.
    """
    plan = body.plan() if body is not None else Plan()
    if dry_run:
        return answer(await asyncio.to_thread(there.runs.forecast, model.id, plan))
    wants_async = prefer is not None and "respond-async" in prefer.lower()
    if plan.time_limit_s > WAITED_FOR_S and not wants_async:
        raise InvalidInput.at(
            "/time_limit_s", f"more than {WAITED_FOR_S} s needs the header Prefer: respond-async, and answers 202"
        )
    await asyncio.to_thread(take_turn, there, actor, model.id, "benchmarks", there.settings.benchmarks_per_minute)
    run = await there.runs.start(model.id, plan, actor.label)
    location = {"location": f"/api/admin/runs/{run.id}"}
    if wants_async:
        return answer(run, status=202, headers={**location, "preference-applied": "respond-async"})
    return _report(await there.runs.wait(run.id), location)


@router.get("/runs", tags=["Runs"], responses=documented(RunPage))
def list_runs(
    there: There,
    _: AsViewer,
    limit: Limit = 100,
    offset: Offset = 0,
    model: Annotated[int | None, Query(ge=1, le=MOST_INTEGER, description="Row id of a model.")] = None,
    state: Literal["running", "finished", "failed", "cancelled", "interrupted"] | None = None,
) -> Response:
    """Benchmarks, newest first."""
    return answer(there.runs.page(limit=limit, offset=offset, model_row=model, state=state))


@router.get("/runs/{run_id:row}", tags=["Runs"], responses=documented(Run))
def get_run(run_id: PathId, there: There, _: AsViewer) -> Response:
    """One benchmark; its report is there when it has ended."""
    return answer(there.runs.get(run_id))


@router.delete(
    "/runs/{run_id:row}",
    tags=["Runs"],
    status_code=202,
    responses={**documented(Run, status=202), **documented(Run, description="It was over already, and stays so.")},
)
def cancel_run(run_id: PathId, there: There, _: AsAdmin) -> Response:
    """End a run within seconds and keep what was measured (202); one that is over stays as it is, and answers 200."""
    run = there.runs.cancel(run_id)
    return answer(run, status=200 if run.is_over else 202)


@router.get(
    "/runs/{run_id:row}/events",
    tags=["Runs"],
    responses={200: {"content": {"text/event-stream": {}}, "description": "Events until the run has ended."}},
)
async def follow_run(
    run_id: PathId,
    request: Request,
    there: There,
    _: AsViewer,
    last_event_id: Annotated[
        str | None, Header(description="Go on after this event."), pattern("^[0-9]{1,16}$")
    ] = None,
) -> Response:
    """The run's events as they come (SSE), from the beginning or after `Last-Event-ID`, on any worker."""
    await asyncio.to_thread(there.runs.get, run_id)
    after = seq_of(last_event_id)
    return StreamingResponse(events_of(there, run_id, after), media_type="text/event-stream", headers=SSE_HEADERS)


SSE_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


def take_turn(there: Rooms, actor: Actor, model_row: int, what: str, limit: int) -> None:
    """Counted for all workers together; not for the owner of the machine. Raises RateExceeded."""
    who = f"key {actor.key_id}" if actor.key_id is not None else f"person {actor.person_id}"
    if actor.key_id is None and actor.person_id is None:
        return
    wait_s = there.rates.take(what, model_row, who, limit=limit, window=timedelta(minutes=1))
    if wait_s:
        raise RateExceeded(
            f"{limit} {what} of one model in a minute are allowed (LINEUP_{what.upper()}_PER_MINUTE). "
            f"Try again in {wait_s} s.",
            retry_after=wait_s,
        )


def _report(run: Run, headers: dict[str, str]) -> Response:
    """The report of a run that was waited for. Raises UpstreamFailed, Unavailable for one that measured nothing."""
    report = msgspec.json.decode(run.report) or {}
    if run.state == "interrupted" and not report.get("succeeded"):
        raise Unavailable(f"The benchmark was interrupted: {run.message} Start it again.", run_id=run.id, report=report)
    if run.state == "failed" and not report.get("succeeded"):
        raise UpstreamFailed(
            f"The benchmark ended early ({run.error}): {run.message}", run_id=run.id, stage=run.error, report=report
        )
    return answer({**report, "run_id": run.id, "state": run.state}, headers=headers)


def seq_of(last_event_id: str | None) -> int:
    """After which event to go on. Raises InvalidInput."""
    if last_event_id is None:
        return 0
    if not (last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) <= 16):
        raise InvalidInput.at("Last-Event-ID", "is the number of the last event that was received")
    return int(last_event_id)


async def events_of(
    there: Rooms, run_id: int, after: int, *, may_see: Callable[[], bool] = lambda: True
) -> AsyncIterator[bytes]:
    """The events after this one, as SSE, until the run has ended, this server is about to, or `may_see`, which is asked
    every few seconds, in a thread, says no."""
    quiet = 0.0
    for turn in itertools.count():
        run = await asyncio.to_thread(there.runs.get, run_id)
        events = await asyncio.to_thread(there.runs.events, run_id, after=after)
        for event in events:
            after = event.seq
            yield _sse(event)
        if not events and (run.is_over or there.runs.closing):
            return
        if turn % ASKED_EVERY == ASKED_EVERY - 1 and not await asyncio.to_thread(may_see):
            return
        quiet = 0.0 if events else quiet + POLL_S
        if quiet >= KEEP_ALIVE_S:
            quiet = 0.0
            yield b": still running\n\n"
        if not events:
            await asyncio.sleep(POLL_S)


def _sse(event: RunEvent) -> bytes:
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.seq, event.kind.encode(), bytes(event.data))
