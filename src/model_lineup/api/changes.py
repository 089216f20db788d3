"""The journal: who changed what, and when."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from model_lineup.api.answers import answer, documented
from model_lineup.api.dependencies import AsViewer, Limit, Offset, PathId, There
from model_lineup.api.strict import noun
from model_lineup.errors import NotFound
from model_lineup.journal import store
from model_lineup.journal.shapes import ChangePage, ChangeSet, Verification
from model_lineup.journal.verify import verify

router = noun("Changes", "/api/admin/changes", follows_configuration=True)


@router.get("", responses=documented(ChangePage))
def list_changes(there: There, _: AsViewer, limit: Limit = 100, offset: Offset = 0) -> Response:
    """Change sets, newest first, without their entries."""
    with there.database.read() as connection:
        return answer(store.page(connection, limit=limit, offset=offset))


@router.get("/verify", responses=documented(Verification))
def verify_changes(
    there: There,
    _: AsViewer,
    digest: Annotated[
        str | None,
        Query(pattern="^[0-9a-f]{64}$", description="A digest that you kept, of a head or from the logs."),
    ] = None,
) -> Response:
    """Whether the journal is as it was written: every digest done again, and where the chain breaks.

    It reads the whole journal. With `digest`, that digest must be in the chain too: this is how a journal that somebody
    wrote anew from the start shows.
    """
    return answer(verify(there.database, kept=digest))


@router.get("/{change_id:row}", responses=documented(ChangeSet))
def get_change(change_id: PathId, there: There, _: AsViewer) -> Response:
    """One change set with every row that it touched, before and after."""
    with there.database.read() as connection:
        found = store.one(connection, change_id)
    if found is None:
        raise NotFound(f"There is no change set {change_id}.", id=change_id)
    return answer(found)
