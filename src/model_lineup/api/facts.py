"""What is known of a model and who says so: not only the values that count, but every source's."""

from starlette.responses import Response

from model_lineup.api.answers import answer, documented, etag
from model_lineup.api.dependencies import AsViewer, PathId, TheModel, There
from model_lineup.api.strict import noun
from model_lineup.catalog.stating import ModelFacts

router = noun("Models", "/api/admin")


@router.get("/models/by-id/facts", responses=documented(ModelFacts))
def facts_by_model_id(_: AsViewer, model: TheModel, there: There) -> Response:
    """For each field the value that counts and what each source says: pin, probe, provider, catalogue, guess.

    The strongest source stands first. `PUT` of the model with null for a field takes a pin back.
    """
    return _answer(there.facts.of(model.id))


@router.get("/models/{row_id:row}/facts", responses=documented(ModelFacts))
def facts(row_id: PathId, there: There, _: AsViewer) -> Response:
    """For each field the value that counts and what each source says: pin, probe, provider, catalogue, guess.

    The strongest source stands first. `PUT` of the model with null for a field takes a pin back.
    """
    return _answer(there.facts.of(row_id))


def _answer(found: ModelFacts) -> Response:
    return answer(found, headers=etag(found.id, found.version))
