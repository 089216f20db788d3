"""What waits for its turn: tests and benchmarks of many models, over all workers."""

import asyncio
from typing import Annotated

import msgspec
from fastapi import Query
from starlette.responses import Response

from model_lineup.api.answers import answer, documented
from model_lineup.api.bodies import MOST_INTEGER
from model_lineup.api.dependencies import AsAdmin, AsViewer, There
from model_lineup.api.strict import noun
from model_lineup.turns.shapes import Turn, TurnKind, TurnState

router = noun("Tests and benchmarks", "/api/admin/turns")


class TurnList(msgspec.Struct, frozen=True):
    """`turns`: those that begin next come first; at most 1 000."""

    turns: list[Turn]


class Cancelled(msgspec.Struct, frozen=True):
    """How many waited or were under way."""

    cancelled: int


@router.get("", responses=documented(TurnList))
def list_turns(
    there: There,
    _: AsViewer,
    kind: TurnKind | None = None,
    state: TurnState | None = None,
) -> Response:
    """Tests and benchmarks that were asked for and are not over: those that wait, those under way, and those that were
    refused within the last hour when their turn had come, with the reason.

    They are rows, so that every worker sees them, and a restart goes on with what waits. What was under way in a
    process that died is refused, with that as its reason; so is what has waited for a day.
    """
    return answer(TurnList(there.turns.page(kind, state)))


@router.delete("", responses=documented(Cancelled))
async def cancel_turns(
    there: There,
    _: AsAdmin,
    kind: Annotated[TurnKind | None, Query(description="Only of this kind.")] = None,
    id: Annotated[int | None, Query(ge=1, le=MOST_INTEGER, description="Only this one.")] = None,
) -> Response:
    """What waits does not begin, and tests under way end within a few seconds, in whatever worker.

    What they found until then is kept. Benchmarks that have begun are runs: `DELETE …/runs/{id}` ends one.
    """
    return answer(Cancelled(await asyncio.to_thread(there.turns.cancel, kind, id)))
