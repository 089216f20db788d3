"""Capabilities: what a model can do, proven by a few requests, and what is known of it."""

import asyncio
from typing import Annotated

from pydantic import Field
from starlette.responses import Response

from model_lineup.api.answers import answer, documented
from model_lineup.api.bodies import Body, Line, said
from model_lineup.api.dependencies import AsAdmin, AsViewer, By, PathId, TheModel, There
from model_lineup.api.runs import take_turn
from model_lineup.api.strict import noun
from model_lineup.probes.records import Capabilities, CapabilityReport

router = noun("Tests and benchmarks", "/api/admin")


class CapabilityBody(Body):
    """`capabilities`: only these; all without it."""

    capabilities: Annotated[list[Annotated[Line, Field(max_length=50)]], Field(max_length=50)] | None = None


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
