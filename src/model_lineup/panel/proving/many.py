"""Capabilities of many models: what testing them would cost, then their verdicts side by side as they come."""

import asyncio
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.bodies import MOST_INTEGER
from model_lineup.api.capabilities import MOST_AT_ONCE
from model_lineup.api.dependencies import There
from model_lineup.api.runs import take_turn
from model_lineup.catalog.shapes import Model
from model_lineup.errors import InvalidInput
from model_lineup.panel import render
from model_lineup.panel.pages import pages
from model_lineup.panel.proving.shown import Shown, of_state, told
from model_lineup.panel.visitors import AsAdmin, AsViewer, By, Sent
from model_lineup.panel.wording import plural
from model_lineup.probes.registry import probes
from model_lineup.rooms import Rooms

router = pages("/runs")
Ids = Annotated[list[Annotated[int, Query(ge=1, le=MOST_INTEGER)]], Query(max_length=MOST_AT_ONCE)]


class Row(NamedTuple):
    model: Model
    shown: list[Shown]
    is_under_way: bool
    refused: str


@router.get("/capabilities")
def look(request: Request, there: There, _: AsViewer, model: Ids) -> Response:
    """What is known of these models, and what proving it anew would cost."""
    models = there.models.these(list(dict.fromkeys(model)))
    busy = there.capabilities.under_way([one.id for one in models])
    refused = there.capabilities.refused([one.id for one in models])
    more: dict[str, Any] = {
        "rows": [_row(there, one, one.id in busy, refused.get(one.id, "")) for one in models],
        "labels": [probe.label for probe in probes().values()],
        "estimate": told(there.capabilities.estimate(models)),
        "busy": len(busy),
        "address": f"{render.base(request)}/runs/capabilities?" + urlencode([("model", one.id) for one in models]),
    }
    if render.by_htmx(request):
        return render.fragment(request, "proving/_many.html", **more)
    return render.page(request, "proving/many.html", **more)


@router.post("/capabilities")
async def prove(request: Request, form: Sent, there: There, actor: AsAdmin, by: By) -> Response:
    """Begin, and show what is found as it comes. Raises RateExceeded."""
    ids = list(dict.fromkeys(form.wholes("model")))
    if not 0 < len(ids) <= MOST_AT_ONCE:
        raise InvalidInput.at("model", f"from 1 to {MOST_AT_ONCE} models at a time")
    models = await asyncio.to_thread(there.models.these, ids)
    for one in models:
        await asyncio.to_thread(take_turn, there, actor, one.id, "tests", there.settings.tests_per_minute)
    await asyncio.to_thread(there.capabilities.begin, models, by)
    return render.go(request, "/runs/capabilities?" + urlencode([("model", one.id) for one in models]))


@router.post("/capabilities/forget")
async def stop(request: Request, form: Sent, there: There, _: AsAdmin) -> Response:
    """End the tests of these models, in whatever process; what was found until then is kept."""
    ids = list(dict.fromkeys(form.wholes("model")))[:MOST_AT_ONCE]
    count = await asyncio.to_thread(there.capabilities.cancel, ids)
    said = f"{plural(count, 'test')} stopped; what was found until then is kept."
    return render.go(request, "/runs/capabilities?" + urlencode([("model", one) for one in ids]), say=said)


def _row(there: Rooms, model: Model, is_under_way: bool, refused: str) -> Row:
    shown = [of_state(state) for state in there.capabilities.known(model.id).capabilities]
    return Row(model, shown, is_under_way, refused)
