"""The catalogue that models inherit facts from: which are there, bringing one as a file, taking an earlier one back."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.answers import answer, documented
from model_lineup.api.bodies import Body, Line, Moment, RowId
from model_lineup.api.dependencies import AsAdmin, AsViewer, By, DryRun, There
from model_lineup.api.strict import noun
from model_lineup.catalog.refreshing import InUse, Refreshed
from model_lineup.catalogues.reading import FORMATS

router = noun("Catalogue", "/api/admin/catalog")
_FILE = {
    "description": f"The file as it is, in the format of {', '.join(one.NAME for one in FORMATS)}; or nothing.",
    "content": {"application/json": {"schema": {"type": "object"}}},
}


def when(dated: datetime | None) -> datetime | None:
    """Without a zone it is UTC's."""
    return dated if dated is None or dated.tzinfo else dated.replace(tzinfo=UTC)


async def _file(request: Request) -> bytes:
    return await request.body()


class InUseBody(Body):
    """`null`: none, only what the packaged data say."""

    id: RowId | None


@router.get("", responses=documented(InUse))
def catalogues(_: AsViewer, there: There) -> Response:
    """The packaged data, and the catalogues that administrators brought; the newest five are kept."""
    return answer(there.catalogues.listed())


@router.post("", responses=documented(Refreshed), openapi_extra={"requestBody": _FILE})
def refresh(
    _: AsAdmin,
    there: There,
    by: By,
    body: Annotated[bytes, Depends(_file)],
    name: Annotated[Line, Field(max_length=200), Query(description="What to call it; else its format.")] = "",
    dated: Annotated[Moment | None, Query(description="Of which day it is, where it does not say so itself.")] = None,
    dry_run: DryRun = False,
) -> Response:
    """Take a catalogue file into use: one change, with every model whose values it changes.

    Without a file the packaged data and the catalogue in use are read once more, which is how the data of a newer
    version of the package reach the models that are there. Nothing is fetched from the network.
    """
    return answer(there.catalogues.refresh(body, by, name=name, dated=when(dated), dry_run=dry_run))


@router.put("", responses=documented(Refreshed))
def use(_: AsAdmin, body: InUseBody, there: There, by: By, dry_run: DryRun = False) -> Response:
    """Take an earlier catalogue into use again, or none."""
    return answer(there.catalogues.use(body.id, by, dry_run=dry_run))
