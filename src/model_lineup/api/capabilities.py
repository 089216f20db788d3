"""Capabilities: what a model can do, proven by a few requests, and what is known of it."""

import asyncio
from typing import Annotated

import msgspec
from pydantic import Field
from starlette.responses import Response

from model_lineup.api.answers import answer, documented
from model_lineup.api.bodies import Body, Line, said
from model_lineup.api.bulk import ChosenBody, selection_of
from model_lineup.api.dependencies import AsAdmin, AsViewer, By, DryRun, PathId, TheModel, There
from model_lineup.api.runs import take_turn
from model_lineup.api.strict import noun
from model_lineup.catalog.shapes import Model, ModelFilter
from model_lineup.errors import InvalidInput, NotFound
from model_lineup.probes.checks import ChecksState
from model_lineup.probes.estimate import Estimate
from model_lineup.probes.records import Capabilities, CapabilityReport
from model_lineup.rooms import Rooms

router = noun("Tests and benchmarks", "/api/admin")


MOST_AT_ONCE = 200
Wanted = Annotated[list[Annotated[Line, Field(max_length=50)]], Field(max_length=50)] | None


class CapabilityBody(Body):
    """`capabilities`: only these; all without it."""

    capabilities: Wanted = None


@router.post("/models/by-id/test/capability", responses=documented(CapabilityReport))
async def prove_capabilities(
    actor: AsAdmin, by: By, model: TheModel, there: There, body: CapabilityBody | None = None
) -> Response:
    """Prove what the model can do: a few small requests through the path that user traffic takes, each judged.

    `yes` only for positive proof, `no` only where the provider names the feature or the answer shows it, else
    `undecided`, which leaves an older verdict as it is; each with its evidence, and with what it cost. Verdicts become
    facts of the source `probe`; a pin stays above them. The test goes on if the caller leaves. One test of a model is
    under way at a time (409 `test_in_progress`); `LINEUP_TESTS_PER_MINUTE` bounds them.
    """
    await asyncio.to_thread(take_turn, there, actor, model.id, "tests", there.settings.tests_per_minute)
    wanted = said(body).get("capabilities") if body is not None else None
    return answer(await there.capabilities.test(model.id, by, wanted))


class ManyBody(ChosenBody):
    """`capabilities`: only these; all without it."""

    capabilities: Wanted = None


class ManyBegun(msgspec.Struct, frozen=True):
    """`estimate`: at most. `begun`: row ids of the models that are tested, or wait for it; none in a dry run."""

    matched: int
    estimate: Estimate
    begun: list[int]
    dry_run: bool


@router.post(
    "/models/bulk/test-capabilities",
    status_code=202,
    responses={**documented(ManyBegun, status=202), **documented(ManyBegun, description="A dry run.")},
)
async def prove_capabilities_of_many(
    actor: AsAdmin, by: By, body: ManyBody, there: There, dry_run: DryRun = False
) -> Response:
    """Prove what many models can do, a few at a time over all workers, whether or not anybody waits; at most 200.

    With `?dry_run=true` nothing is asked, and what it would cost at most is told. Results come in as
    `GET …/capabilities` and `GET …/test-results` of each model.
    """
    wanted = said(body).get("capabilities")
    models = await asyncio.to_thread(_chosen, there, body)
    estimate = there.capabilities.estimate(models, wanted)
    if dry_run:
        return answer(ManyBegun(len(models), estimate, [], True))
    for model in models:
        await asyncio.to_thread(take_turn, there, actor, model.id, "tests", there.settings.tests_per_minute)
    begun = await asyncio.to_thread(there.capabilities.begin, models, by, wanted)
    return answer(ManyBegun(len(models), estimate, begun, False), status=202)


def _chosen(there: Rooms, body: ChosenBody) -> list[Model]:
    """Raises InvalidInput, NotFound naming ids that no model has."""
    selection = selection_of(body)
    if selection.model_ids is not None:
        ids = list(dict.fromkeys(selection.model_ids))
        models = [] if len(ids) > MOST_AT_ONCE else there.models.these(ids)
        missing = sorted({*ids} - {model.id for model in models})
        if missing and len(ids) <= MOST_AT_ONCE:
            raise NotFound(f"No models have these ids: {missing[:20]}.", ids=missing)
        total = len(ids)
    else:
        page = there.models.page(selection.filter or ModelFilter(), sort="id", limit=MOST_AT_ONCE + 1, offset=0)
        models = [model for model in page.models if model.id not in selection.exclude]
        total = len(models)
    if total > MOST_AT_ONCE:
        raise InvalidInput.at("/model_ids", f"at most {MOST_AT_ONCE} models at a time, because each costs requests")
    return models


@router.get("/providers/{provider_id:row}/checks", tags=["Providers"], responses=documented(ChecksState))
def scheduled_checks(provider_id: PathId, there: There, _: AsViewer) -> Response:
    """When this provider's models are tested by the clock, how the last round went, and what tests used today.

    `PUT …/providers/{id}` sets `check_schedule`; without one nothing is generated in the background.
    """
    return answer(there.checks.state(provider_id))


@router.get("/models/by-id/capabilities", responses=documented(Capabilities))
def capabilities_by_model_id(_: AsViewer, model: TheModel, there: There) -> Response:
    """What is known of each capability: the verdict that stands, its evidence, whether it is stale, and who says
    otherwise."""
    return answer(there.capabilities.known(model.id))


@router.get("/models/{row_id:row}/capabilities", responses=documented(Capabilities))
def capabilities(row_id: PathId, there: There, _: AsViewer) -> Response:
    """What is known of each capability: the verdict that stands, its evidence, whether it is stale, and who says
    otherwise."""
    return answer(there.capabilities.known(row_id))
