"""Connection tests of many models: a bounded number at a time, each kept beside its model as it ends."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import urlencode

import msgspec
from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.access.actor import Actor
from model_lineup.api.bodies import MOST_INTEGER
from model_lineup.api.dependencies import There
from model_lineup.api.runs import take_turn
from model_lineup.catalog.shapes import Model
from model_lineup.database.metadata import micros, moment
from model_lineup.errors import ModelNotFound
from model_lineup.panel.pages import pages
from model_lineup.panel.render import base, by_htmx, fragment, go, page
from model_lineup.panel.visitors import AsAdmin, AsViewer, Sent
from model_lineup.panel.wording import plural
from model_lineup.rooms import Rooms
from model_lineup.turns.shapes import Turn

router = pages("/runs")
MOST = 100
Ids = Annotated[list[Annotated[int, Query(ge=1, le=MOST_INTEGER)]], Query(max_length=MOST)]


class Tested(NamedTuple):
    """`result`: what the test found, None while it has found nothing. `waits`: its turn is still to come, or it is
    under way; `refused`: why it did not begin."""

    model: Model
    result: dict[str, Any] | None
    waits: bool = False
    refused: str = ""

    @property
    def other(self) -> str:
        """The model that says it answered, where that is not the one that was asked."""
        answered = self.result.get("answered_model") if self.result else None
        return answered if answered and answered != self.model.model_id else ""


async def begin(request: Request, there: Rooms, actor: Actor, models: Sequence[Model]) -> Response:
    """Start them, and lead to where their results come in. Raises RateExceeded."""
    since = micros(there.clock.now())
    await asyncio.to_thread(_take_turns, there, actor, models)
    await asyncio.to_thread(there.tests.begin, models, actor.label)
    ids = urlencode([("id", model.id) for model in models])
    return go(request, f"/runs/tests?since={since}&{ids}")


@router.get("/tests")
def show_tests(
    request: Request,
    there: There,
    _: AsViewer,
    since: Annotated[int, Query(ge=0, le=MOST_INTEGER)],
    id: Ids,
    show: Literal["all", "passed", "failed"] = "all",
) -> Response:
    """What the tests that began then have found; `show` narrows it."""
    turns = there.tests.waiting(id)  # before the results: what has ended in between has one
    found = [one for row_id in dict.fromkeys(id) if (one := _tested(there, row_id, moment(since), turns.get(row_id)))]
    counts = {"passed": 0, "failed": 0, "waiting": 0, "without": 0}
    for one in found:
        counts[_stand(one)] += 1
    passed = {"passed": True, "failed": False}.get(show)
    more: dict[str, Any] = {
        "rows": [one for one in found if passed is None or (one.result and one.result["passed"] is passed)],
        "counts": counts,
        "total": len(found),
        "show": show,
        "since": moment(since),
        "address": f"{base(request)}/runs/tests?" + urlencode([("since", since), *(("id", one) for one in id)]),
        "again": urlencode([("model", one.model.id) for one in found]),
    }
    return (fragment if by_htmx(request) else page)(
        request, "runs/_tests.html" if by_htmx(request) else "runs/tests.html", **more
    )


def _take_turns(there: Rooms, actor: Actor, models: Sequence[Model]) -> None:
    for model in models:
        take_turn(there, actor, model.id, "tests", there.settings.tests_per_minute)


def _stand(one: Tested) -> str:
    if one.result is None:
        return "waiting" if one.waits else "without"
    return "passed" if one.result["passed"] else "failed"


@router.post("/tests/forget")
async def forget_tests(request: Request, form: Sent, there: There, _: AsAdmin) -> Response:
    """Tests that wait shall not begin, and those under way shall end, in whatever process."""
    count = await asyncio.to_thread(there.turns.cancel, "connection")
    return go(request, "/runs", say=f"{plural(count, 'test')} will not be carried out.")


def _tested(there: Rooms, row_id: int, since: datetime, turn: Turn | None) -> Tested | None:
    try:
        model = there.models.get(row_id)
    except ModelNotFound:
        return None
    last = msgspec.json.decode(model.last_test)
    is_new = bool(last) and datetime.fromisoformat(last["at"]) >= since
    waits = turn is not None and turn.state != "refused"
    return Tested(model, last if is_new else None, waits, turn.reason if turn is not None else "")
