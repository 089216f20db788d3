"""The first page: what there is, what wants attention, and until all is set up, what is left to do."""

from datetime import datetime
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from model_lineup.access.actor import Role
from model_lineup.api.dependencies import There
from model_lineup.journal import store as journal_store
from model_lineup.panel.changes import told
from model_lineup.panel.pages import pages
from model_lineup.panel.providers.listing import row_of
from model_lineup.panel.render import go, page
from model_lineup.panel.start.progress import progress
from model_lineup.panel.visitors import AsUser
from model_lineup.rooms import Rooms

router = pages()
SHOWN = 8
STATES = (
    ("failing", "failing", "failing"),
    ("untested", "never tested", "new"),
    ("vanished", "gone from their provider's list", "vanished"),
    ("retired", "retired", "retired"),
)


class Ending(NamedTuple):
    """A model whose end is known and has not come."""

    id: int
    model_id: str
    at: datetime


@router.get("")
@router.get("/")
def overview(request: Request, there: There, actor: AsUser) -> Response:
    """Plain users have their account instead."""
    if not actor.role.reaches(Role.VIEWER):
        return go(request, "/account")
    providers, total = there.providers.page(limit=1_000, offset=0)
    rows = [row_of(there, provider) for provider in providers]
    return page(
        request,
        "overview/page.html",
        providers=total,
        failing=[row for row in rows if row.status[0] == "failing"],
        counts=there.census.total(),
        odd=there.linter.counts(),
        states=_states(there),
        ending=_ending(there),
        coming=there.staging.page(limit=SHOWN, offset=0, state="waiting").staged,
        plans=there.plans.to_review(limit=SHOWN),
        progress=progress(there),
        **_lately(there),
    )


def _states(there: Rooms) -> list[tuple[str, str, str, int]]:
    """Of the visible models, what is the matter with them: the filter, in words, `data-is`, how many."""
    found = there.census.visible_by_status()
    return [(*state, count) for state in STATES if (count := found.get(state[0], 0))]


def _ending(there: Rooms) -> list[Ending]:
    """The next to end, soonest first; from the snapshot, which knows them without asking the database."""
    now = there.clock.now()
    ends = []
    for row, model in there.follower.current().ending.items():
        notice = model.notice
        if notice is not None and not notice.retired and notice.sunset_at is not None:
            ends.append(Ending(row, model.model_id, datetime.fromtimestamp(notice.sunset_at, now.tzinfo)))
    return sorted(ends, key=lambda one: one.at)[:SHOWN]


def _lately(there: Rooms) -> dict[str, Any]:
    with there.database.read() as connection:
        changes = told(connection, journal_store.page(connection, limit=SHOWN, offset=0).changes)
    return {"changes": changes, "runs": there.runs.page(limit=SHOWN, offset=0).runs}
