"""`/admin/aliases`: every alias, where it leads, and how often it was asked for."""

from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.bodies import MOST_INTEGER
from model_lineup.api.dependencies import There
from model_lineup.panel import render
from model_lineup.panel.aliases.used import requests_by_name
from model_lineup.panel.pages import pages
from model_lineup.panel.visitors import AsViewer

router = pages("/aliases")
ROWS = 100


@router.get("")
def aliases(
    request: Request, there: There, _: AsViewer, offset: Annotated[int, Query(ge=0, le=MOST_INTEGER)] = 0
) -> Response:
    page = there.aliases.page(limit=ROWS, offset=offset)
    used = requests_by_name(there) if page.aliases else {}
    return render.page(
        request, "aliases/page.html", rows=page.aliases, used=used, total=page.total, offset=offset, limit=ROWS
    )
