"""The first page: what there is, and what wants attention."""

from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.dependencies import There
from model_lineup.catalog.shapes import ModelFilter
from model_lineup.panel.pages import pages
from model_lineup.panel.render import page
from model_lineup.panel.visitors import AsViewer

router = pages()


@router.get("")
@router.get("/")
def overview(request: Request, there: There, _: AsViewer) -> Response:
    providers, total = there.providers.page(limit=1_000, offset=0)
    models = there.models.page(ModelFilter(), sort="id", limit=1, offset=0).total
    visible = there.models.page(ModelFilter(visible=True), sort="id", limit=1, offset=0).total
    return page(
        request, "overview/page.html", providers=providers, provider_total=total, models=models, visible=visible
    )
