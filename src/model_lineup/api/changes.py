"""The journal: who changed what, and when."""

from starlette.responses import Response

from model_lineup.api.answers import answer, documented
from model_lineup.api.dependencies import AsViewer, Limit, Offset, PathId, There
from model_lineup.api.strict import noun
from model_lineup.errors import NotFound
from model_lineup.journal import store
from model_lineup.journal.shapes import ChangePage, ChangeSet

router = noun("Changes", "/api/admin/changes")


@router.get("", responses=documented(ChangePage))
def list_changes(there: There, _: AsViewer, limit: Limit = 100, offset: Offset = 0) -> Response:
    """Change sets, newest first, without their entries."""
    with there.database.read() as connection:
        return answer(store.page(connection, limit=limit, offset=offset))


@router.get("/{change_id:row}", responses=documented(ChangeSet))
def get_change(change_id: PathId, there: There, _: AsViewer) -> Response:
    """One change set with every row that it touched, before and after."""
    with there.database.read() as connection:
        found = store.one(connection, change_id)
    if found is None:
        raise NotFound(f"There is no change set {change_id}.", id=change_id)
    return answer(found)
