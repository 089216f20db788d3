"""What a model can do, on its page: verdicts with their evidence, and the button that proves them."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.dependencies import PathId, There
from model_lineup.api.runs import take_turn
from model_lineup.panel import render
from model_lineup.panel.pages import pages
from model_lineup.panel.proving import shown
from model_lineup.panel.visitors import AsAdmin, AsViewer, By, Sent

router = pages("/models")


@router.post("/{row_id:row}/capabilities")
async def prove(request: Request, row_id: PathId, form: Sent, there: There, actor: AsAdmin, by: By) -> Response:
    """Begin, and show what is found as it comes."""
    model = await asyncio.to_thread(there.models.get, row_id)
    await asyncio.to_thread(take_turn, there, actor, row_id, "tests", there.settings.tests_per_minute)
    await asyncio.to_thread(there.capabilities.begin, [model], by)
    return render.go(request, f"/models/{row_id}#capabilities")


@router.get("/{row_id:row}/capabilities")
def look(request: Request, row_id: PathId, there: There, _: AsViewer) -> Response:
    """The verdicts alone, while they come."""
    return render.fragment(request, "models/_capabilities.html", **shown.of_model(there, there.models.get(row_id)))
