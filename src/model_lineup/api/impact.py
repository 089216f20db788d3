"""Impact: whom it would meet if a model were hidden, disabled or deleted."""

from starlette.responses import Response

from model_lineup.api.answers import answer, documented
from model_lineup.api.dependencies import AsViewer, From, PathId, TheModel, There
from model_lineup.api.strict import noun
from model_lineup.changes.impact import ModelImpact

router = noun("Models", "/api/admin")


@router.get("/models/by-id/impact", responses=documented(ModelImpact))
def impact_by_model_id(_: AsViewer, model: TheModel, there: There, here: From) -> Response:
    """Aliases that lead to it, keys that used it in the last 30 days, and the exact error that callers will get."""
    return answer(there.impacts.of(model.id, here.request_id or ""))


@router.get("/models/{row_id:row}/impact", responses=documented(ModelImpact))
def impact(row_id: PathId, there: There, _: AsViewer, here: From) -> Response:
    """Aliases that lead to it, keys that used it in the last 30 days, and the exact error that callers will get."""
    return answer(there.impacts.of(row_id, here.request_id or ""))
